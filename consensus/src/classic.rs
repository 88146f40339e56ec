//! PBFT with signatures, for any committee of n >= 4 (Castro and Liskov, OSDI '99).
//!
//! In: events. Out: actions. Refuses to know: clocks, sockets, disks, what an operation means.
//!
//! # The rules, in the paper's order
//!
//! 1. A client's REQUEST goes to the primary, `view mod n`; a backup that gets one passes it on and starts a
//!    timer. A request runs at most once per client and timestamp; a repeated one gets the cached reply.
//! 2. The primary puts waiting requests into a batch at the next position n, h < n <= H, and multicasts
//!    PRE-PREPARE. A backup accepts it in its view, within the watermarks, if it accepted no other there.
//! 3. A backup multicasts PREPARE. Pre-prepare and quorum - 1 PREPAREs of different backups: prepared.
//! 4. A prepared replica multicasts COMMIT. A quorum of COMMITs: committed. Execution follows the order.
//! 5. A quorum of equal CHECKPOINTs makes a checkpoint stable; what lies at or below it is forgotten.
//! 6. A backup whose timer runs out multicasts VIEW-CHANGE with its stable checkpoint and what prepared above
//!    it, and takes no part in its old view any more. f+1 view changes for later views make a replica join the
//!    smallest of them. The next primary shows a quorum of them in NEW-VIEW with the proposals that follow.
//! 7. The timer for a new view starts when a quorum asks for it; time-outs double until something executes.
//!
//! # Departures from the paper
//!
//! - Quorums are ceil((n+f+1)/2) for any n, not 2f+1: see [`Committee`].
//! - What is agreed on is a batch with its proposer and the application's context, proposed again unchanged.
//! - An application looks at a batch before this replica's PREPARE leaves. Private parts travel beside the
//!   batch; they are checked before a vote and before an execution, so q - f honest replicas hold the right
//!   ones for whatever commits.
//! - A replica that holds a quorum of COMMITs executes even if it did not prepare itself: the certificate
//!   proves the decision to anybody.
//! - Votes are repeated on request (`Status`), decisions are fetched with their certificates; see `catch_up`.
//! - Messages of a later view are kept, a few per author, until that view begins here; see `early`.
//! - Checkpoints count batches and may also be asked for by the application.
//!
//! # Guarantees, with at most f Byzantine replicas
//!
//! - *Agreement*: two honest replicas execute the same batch at each position. In one view, two prepared
//!   certificates for a position share an honest replica, which votes once; across views see `new_view`.
//!   A crash changes nothing: every promise is durable before it leaves, and what was durable is promised again.
//! - *At most once*: see `execution`.
//! - *Liveness* once messages arrive in time: a waiting request makes every honest replica ask for the next
//!   view until an honest primary orders it; time-outs double, so one of them is long enough; f replicas alone
//!   force nobody to leave a view, because joining takes f+1.
//!
//! # Diagram
//!
//! ```text
//! client     primary      backup       backup       backup
//!    | request  |            |            |            |
//!    |--------->| pre-prepare, persisted  |            |
//!    |          |----------->|----------->|----------->|  validate
//!    |          |            | prepare, persisted      |
//!    |          |<---------->|<---------->|<---------->|  quorum - 1 of backups
//!    |          | commit, persisted       |            |
//!    |          |<---------->|<---------->|<---------->|  quorum
//!    |  reply   |  execute   |  execute   |  execute   |
//!    |<---------|------------|------------|------------|  f+1 equal
//! ```

pub mod prepared;
pub mod message;
pub mod record;
mod seat;
mod window;
mod pool;
mod slot;
mod ordering;
mod execution;
mod checkpoint;
mod new_view;
mod view_change;
mod catch_up;
mod early;

use std::sync::Arc;

use crate::action::Action;
use crate::certificate::{Checkpoint, CheckpointCertificate, Decision};
use crate::committee::Committee;
use crate::event::{Event, Timer, Verdict};
use crate::ids::{ClientId, Digest, ReplicaId, SeqNum, Timestamp, View};
use crate::keys::{Signed, Signer, Verified};
use crate::limits::Limits;
use crate::protocol::{Protocol, Standing};
use crate::reject::{Reject, Unasked};
use crate::request::clients::Clients;
use crate::request::{Outcome, Proposal, Submission};

use catch_up::CatchUp;
use checkpoint::Checkpoints;
use early::Early;
use execution::{Executed, Execution, answer};
use message::{Fetch, Message, Missing, NewView, Propose, Status, ViewChange};
use ordering::Ordering;
use pool::{Offer, Pool};
use record::Record;
use seat::Seat;
use view_change::ViewChanges;

/// What a replica emits.
type Actions = Vec<Action<Message, Record>>;

/// What a replica is made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Config {
    /// Its place.
    pub id: ReplicaId,
    /// Who votes.
    pub committee: Committee,
    /// Bounds and time-outs.
    pub limits: Limits,
    /// Its key.
    pub signer: Signer,
    /// The application's digest before anything was executed.
    pub genesis: Digest,
}

/// One replica.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Replica {
    seat: Seat,
    stage: Stage,
    pool: Pool,
    ordering: Ordering,
    execution: Execution,
    checkpoints: Checkpoints,
    changes: ViewChanges,
    catch_up: CatchUp,
    early: Early,
    /// What the application is putting together, if it is.
    building: Option<Building>,
    /// What the view timer waits for, if it is armed.
    watch: Option<Watch>,
    /// View changes in a row without an execution; time-outs double with each.
    attempts: u32,
}

/// Which part a replica takes in its view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    /// It votes.
    Active(View),
    /// It left all earlier views and waits for this one to begin.
    Changing(View),
}

/// Requests in the application's hands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Building {
    view: View,
    requests: Vec<(ClientId, Timestamp)>,
}

/// What the view timer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Watch {
    /// The request at this place of the pool.
    Request(u64),
    /// This view to begin.
    NewView(View),
}

impl Replica {
    /// The last request each client was served.
    pub fn clients(&self) -> &Clients {
        self.execution.clients()
    }

    /// The certificate of the stable checkpoint; none for the initial state.
    pub fn stable(&self) -> Option<&CheckpointCertificate> {
        self.checkpoints.stable()
    }

    /// The view it is in, or changing to.
    fn view(&self) -> View {
        match self.stage {
            Stage::Active(view) | Stage::Changing(view) => view,
        }
    }

    fn restore(&mut self, records: Vec<Record>) {
        // Where it stood comes first: votes mean something else in another view or below the checkpoint.
        for record in &records {
            match record {
                Record::Stable(certificate) => {
                    if self.checkpoints.adopt(certificate.clone()) {
                        self.ordering.forget(certificate.seq);
                    }
                }
                Record::Left(vote) => self.stage = Stage::Changing(vote.view),
                Record::Entered(new_view) => {
                    self.stage = Stage::Active(new_view.view);
                    self.changes.begin(new_view.clone());
                }
                Record::Voted { .. } | Record::Prepared(_) => {}
            }
        }
        if let Stage::Active(_) = self.stage
            && let Some(new_view) = self.changes.current().cloned()
        {
            self.ordering.begin_view(&new_view.pre_prepares);
        }
        for record in records {
            match record {
                Record::Left(vote) if vote.view == self.view() => self.changes.record(vote),
                Record::Voted { pre_prepare, proposal } => {
                    self.ordering.restore_vote(&self.seat, self.view(), pre_prepare, proposal);
                }
                Record::Prepared(certificate) => {
                    self.ordering.restore_prepared(&self.seat, self.view(), certificate);
                }
                Record::Left(_) | Record::Entered(_) | Record::Stable(_) => {}
            }
        }
    }

    fn dispatch(&mut self, message: Verified<Message>, out: &mut Actions) -> Result<(), Reject> {
        if let Some((from, view)) = voter(&message)
            && self.is_early(view)?
        {
            let room = self.early.hold(from, view, message);
            let current = self.view();
            return if room { Ok(()) } else { Err(Reject::WrongView { got: view, current }) };
        }
        match message.into_inner() {
            Message::Request(submission) => self.on_request(submission, out),
            Message::Propose(propose) => self.on_propose(propose, out),
            Message::Prepare(vote) => {
                let seq = vote.seq;
                self.ordering.prepare(&self.seat, self.view(), vote)?;
                self.advance(seq, out);
                Ok(())
            }
            Message::Commit(vote) => {
                let seq = vote.seq;
                self.ordering.commit(vote)?;
                self.advance(seq, out);
                Ok(())
            }
            Message::Checkpoint(vote) => self.on_checkpoint(vote, out),
            Message::ViewChange(vote) => self.on_view_change(vote),
            Message::NewView(new_view) => self.on_new_view(new_view, out),
            Message::Status(status) => {
                self.on_status(&status, out);
                Ok(())
            }
            Message::Fetch(fetch) => {
                self.on_fetch(&fetch, out);
                Ok(())
            }
            Message::Proposal(proposal) => {
                self.ordering.supply(&self.seat, proposal, out).map(|_| ())
            }
            Message::Decisions(decisions) => self.on_decisions(decisions),
            Message::Stable(certificate) => {
                certificate.check(self.seat.committee)?;
                self.stabilise(certificate, out);
                Ok(())
            }
        }
    }

    /// Whether a vote is for a view that has not begun here. Votes of earlier views are refused.
    fn is_early(&self, got: View) -> Result<bool, Reject> {
        match self.stage {
            Stage::Active(current) if got == current => Ok(false),
            Stage::Changing(target) if got < target => Err(Reject::ChangingView { target }),
            Stage::Active(current) if got < current => Err(Reject::WrongView { got, current }),
            Stage::Active(_) | Stage::Changing(_) => Ok(true),
        }
    }

    fn on_request(&mut self, submission: Submission, out: &mut Actions) -> Result<(), Reject> {
        let request = &submission.request;
        let client = request.client();
        if let Some(served) = self.execution.clients().last(&client) {
            let (got, last) = (request.timestamp, served.timestamp);
            if got == last {
                out.push(answer(&self.seat, self.view(), request, &served.result));
                return Ok(());
            }
            if got < last {
                return Err(Reject::StaleRequest { client, got, last });
            }
        }
        let offer = self.pool.offer(submission.clone(), self.seat.limits.spec())?;
        if let Stage::Active(view) = self.stage
            && offer == Offer::New
            && !self.seat.leads(view)
        {
            let to = self.seat.committee.primary(view);
            out.push(Action::Send { to, message: Message::Request(submission) });
        }
        Ok(())
    }

    fn on_propose(&mut self, propose: Propose, out: &mut Actions) -> Result<(), Reject> {
        let (seq, proposal) = (propose.pre_prepare.seq, propose.proposal.clone());
        if !self.ordering.accept(&self.seat, self.view(), propose, out)? {
            return Ok(());
        }
        // Whoever waits here waits at every backup, so that the next primary knows what it has to order.
        for submission in proposal.submissions() {
            let (client, timestamp) = (submission.request.client(), submission.request.timestamp);
            if self.execution.clients().is_fresh(&client, timestamp) {
                let offered = self.pool.offer(submission, self.seat.limits.spec());
                if offered.is_ok() {
                    self.pool.assign(&client, timestamp);
                }
            }
        }
        self.advance(seq, out);
        Ok(())
    }

    /// Does what the votes at `seq` allow.
    fn advance(&mut self, seq: SeqNum, out: &mut Actions) {
        if let Stage::Active(view) = self.stage
            && let Some(decision) = self.ordering.advance(&self.seat, view, seq, out)
        {
            self.execution.decided(decision);
        }
    }

    fn on_built(&mut self, proposal: Option<Proposal>, out: &mut Actions) -> Result<(), Reject> {
        let building = self.building.take().ok_or(Reject::Unasked(Unasked::Built))?;
        let kept: Vec<ClientId> =
            proposal.iter().flat_map(|p| &p.batch.requests).map(|r| r.client()).collect();
        for (client, timestamp) in building.requests.iter().filter(|(c, _)| !kept.contains(c)) {
            self.pool.done(client, *timestamp); // the application will never admit it
        }
        if let Some(proposal) = proposal
            && self.stage == Stage::Active(building.view)
        {
            proposal
                .check(self.seat.limits.spec())
                .expect("an application stays within the limits");
            let seq = self.ordering.propose(&self.seat, building.view, proposal, out);
            self.advance(seq, out);
        }
        Ok(())
    }

    fn on_validated(
        &mut self,
        digest: Digest,
        verdict: Verdict,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        let next = self.execution.judged(digest, verdict);
        let positions = self.ordering.judged(digest, verdict);
        if !next && positions.is_empty() {
            return Err(Reject::Unasked(Unasked::Verdict(digest)));
        }
        positions.into_iter().for_each(|seq| self.advance(seq, out));
        Ok(())
    }

    fn on_executed(
        &mut self,
        (seq, state, checkpoint): (SeqNum, Digest, bool),
        outcomes: Vec<Outcome>,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        self.execution.admit(seq)?;
        let done = self.execution.executed_as(&self.seat, self.view(), state, outcomes, out);
        self.after_execution(&done, checkpoint, out);
        Ok(())
    }

    /// What every executed position entails, null requests included.
    fn after_execution(&mut self, done: &Executed, checkpoint: bool, out: &mut Actions) {
        if let Some(proposal) = &done.decision.proposal {
            for request in &proposal.batch.requests {
                self.pool.done(&request.client(), request.timestamp);
            }
        }
        if done.progress && matches!(self.stage, Stage::Active(_)) {
            self.attempts = 0;
        }
        let periodic = done.seq.get().is_multiple_of(self.seat.limits.spec().checkpoint_interval);
        if (checkpoint || periodic) && self.ordering.window().admit(done.seq).is_ok() {
            let vote = self.seat.sign(Checkpoint {
                seq: done.seq,
                state: self.execution.state(),
                clients: self.execution.clients().digest(),
                from: self.seat.id,
            });
            out.push(Action::Broadcast { message: Message::Checkpoint(vote.clone()) });
            self.on_checkpoint(vote, out).expect("a replica reports each position once");
        }
    }

    fn on_checkpoint(&mut self, vote: Signed<Checkpoint>, out: &mut Actions) -> Result<(), Reject> {
        let window = self.ordering.window();
        if let Some(certificate) = self.checkpoints.count(vote, window, self.seat.committee)? {
            self.stabilise(certificate, out);
        }
        Ok(())
    }

    /// A checkpoint is certified: keeps it if it is the latest, and forgets what lies below.
    fn stabilise(&mut self, certificate: CheckpointCertificate, out: &mut Actions) {
        if let Some(own) = self.checkpoints.own(certificate.seq, self.seat.id) {
            assert_eq!(
                (own.state, own.clients),
                (certificate.state, certificate.clients),
                "a quorum certified another state at position {}: this replica's state is wrong",
                certificate.seq
            );
        }
        if self.checkpoints.adopt(certificate.clone()) {
            self.ordering.forget(certificate.seq);
            out.push(Action::Persist { record: Record::Stable(certificate.clone()) });
            out.push(Action::Stable { certificate });
        }
    }

    fn on_expired(&mut self, timer: Timer, out: &mut Actions) {
        match timer {
            Timer::Status => self.on_tick(out),
            // An expiry that was on its way when the timer was disarmed means nothing.
            Timer::View if self.watch.is_none() => {}
            Timer::View => {
                self.watch = None;
                self.leave_for(self.view().next(), out);
            }
        }
    }

    /// OSDI '99, 4.4: stops taking part in its view and asks for `target`.
    fn leave_for(&mut self, target: View, out: &mut Actions) {
        self.stage = Stage::Changing(target);
        self.attempts = self.attempts.saturating_add(1);
        let checkpoint = self.checkpoints.stable().cloned();
        let vote = Arc::new(self.seat.sign(ViewChange {
            view: target,
            stable: self.ordering.window().low(),
            checkpoint,
            prepared: self.ordering.prepared(),
            from: self.seat.id,
        }));
        out.push(Action::Persist { record: Record::Left(vote.clone()) });
        out.push(Action::Broadcast { message: Message::ViewChange(vote.clone()) });
        self.changes.record(vote);
    }

    fn on_view_change(&mut self, vote: Arc<Signed<ViewChange>>) -> Result<(), Reject> {
        let current = self.view();
        let useful = match self.stage {
            Stage::Active(_) => vote.view > current,
            Stage::Changing(_) => vote.view >= current,
        };
        if !useful {
            return Err(Reject::WrongView { got: vote.view, current });
        }
        self.changes.admit(&vote, &self.seat)?;
        self.changes.record(vote);
        Ok(())
    }

    fn on_new_view(
        &mut self,
        new_view: Arc<Signed<NewView>>,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        let (got, current) = (new_view.view, self.view());
        let useful = match self.stage {
            Stage::Active(_) => got > current,
            Stage::Changing(_) => got >= current,
        };
        if !useful {
            return Err(Reject::WrongView { got, current });
        }
        ViewChanges::check(&new_view, &self.seat)?;
        self.enter(new_view, out);
        Ok(())
    }

    /// A view begins, at its primary and at every backup alike.
    fn enter(&mut self, new_view: Arc<Signed<NewView>>, out: &mut Actions) {
        let view = new_view.view;
        let start = new_view::decide(&new_view.view_changes);
        if let Some(certificate) = start.checkpoint.cloned() {
            self.stabilise(certificate, out);
        }
        out.push(Action::Persist { record: Record::Entered(new_view.clone()) });
        if self.seat.leads(view) {
            out.push(Action::Broadcast { message: Message::NewView(new_view.clone()) });
        }
        self.stage = Stage::Active(view);
        self.ordering.begin_view(&new_view.pre_prepares);
        self.changes.begin(new_view);
        self.pool.unassign_all();
        self.assign_proposed();
        self.ordering.validate_open(&self.seat, out);
        self.ordering.ask(&self.seat, self.catch_up.peer(&self.seat), out);
        for seq in self.ordering.positions() {
            self.advance(seq, out);
        }
        for message in self.early.take(view) {
            // A refused early message is as good as lost; its author repeats what matters.
            let _ = self.dispatch(message, out);
        }
    }

    /// Requests that the new view proposes again are not to be proposed a second time.
    fn assign_proposed(&mut self) {
        for proposal in self.ordering.proposed() {
            for request in &proposal.batch.requests {
                self.pool.assign(&request.client(), request.timestamp);
            }
        }
    }

    fn on_tick(&mut self, out: &mut Actions) {
        let executed = self.execution.executed();
        let stalled = self.catch_up.tick(executed);
        out.push(Action::Arm { timer: Timer::Status, after: self.seat.limits.status_interval() });
        let waits = matches!(self.stage, Stage::Changing(_))
            || self.pool.len() > 0
            || self.ordering.is_open(executed)
            || self.is_behind();
        if (stalled && waits) || self.catch_up.is_idle_turn() {
            self.tell(stalled && waits, out);
        }
        if stalled {
            if self.is_behind() {
                let to = self.catch_up.ask(&self.seat, executed);
                self.ask_decisions(to, out);
            }
            self.ordering.ask(&self.seat, self.catch_up.peer(&self.seat), out);
            self.pass_on(out);
        }
    }

    /// Whether others have executed, or certified, what this replica has not and cannot yet.
    fn is_behind(&self) -> bool {
        let reach = self.execution.reach();
        self.ordering.window().low() > reach || self.catch_up.highest_claim() > reach
    }

    fn ask_decisions(&self, to: ReplicaId, out: &mut Actions) {
        let what = Missing::Decisions(self.execution.executed().next());
        let fetch = self.seat.sign(Fetch { what, from: self.seat.id });
        out.push(Action::Send { to, message: Message::Fetch(fetch) });
    }

    /// Reminds the primary of the requests that wait longest and stand in no proposal.
    fn pass_on(&self, out: &mut Actions) {
        const REMINDERS_MAX: usize = 8;
        if let Stage::Active(view) = self.stage
            && !self.seat.leads(view)
        {
            let to = self.seat.committee.primary(view);
            let waiting = self.pool.unassigned().take(REMINDERS_MAX).cloned();
            out.extend(waiting.map(|s| Action::Send { to, message: Message::Request(s) }));
        }
    }

    fn tell(&self, waits: bool, out: &mut Actions) {
        let status = self.seat.sign(Status {
            view: self.view(),
            active: matches!(self.stage, Stage::Active(_)),
            executed: self.execution.executed(),
            stable: self.ordering.window().low(),
            waits,
            from: self.seat.id,
        });
        out.push(Action::Broadcast { message: Message::Status(status) });
    }

    fn on_status(&mut self, status: &Status, out: &mut Actions) {
        if !self.catch_up.hears(status) {
            return;
        }
        let to = status.from;
        self.checkpoints.resend(self.seat.id, to, status.stable, out);
        match self.stage {
            Stage::Changing(_) => self.changes.resend_own(self.seat.id, to, out),
            Stage::Active(view) if status.misses(view) => self.changes.resend_current(to, out),
            Stage::Active(view) if view == status.view && status.waits => {
                self.ordering.resend(&self.seat, to, status.executed, out);
            }
            Stage::Active(_) => {}
        }
    }

    fn on_fetch(&mut self, fetch: &Fetch, out: &mut Actions) {
        let to = fetch.from;
        if !self.catch_up.may_recall(to) {
            return;
        }
        match fetch.what {
            Missing::Decisions(first) if first <= self.execution.executed() => {
                let most = self.seat.limits.spec().fetch_decisions;
                out.push(Action::Recall { to, first, most });
            }
            Missing::Decisions(_) => {}
            Missing::Proposal(seq, digest) => {
                let found = self.ordering.proposal(seq, &digest).cloned();
                let message = found.map(Message::Proposal);
                out.extend(message.map(|message| Action::Send { to, message }));
            }
        }
    }

    fn on_decisions(&mut self, decisions: Vec<Decision>) -> Result<(), Reject> {
        let first = decisions.first().map_or(SeqNum::ZERO, Decision::seq);
        let last = decisions.last().map_or(SeqNum::ZERO, Decision::seq);
        decisions
            .iter()
            .try_for_each(|decision| decision.certificate.check(self.seat.committee))?;
        let mut wanted = false;
        for decision in decisions {
            wanted |= self.execution.caught_up(decision);
        }
        if !wanted {
            return Err(Reject::Unasked(Unasked::Decisions(first)));
        }
        self.catch_up.answered_up_to(last);
        Ok(())
    }

    fn on_recalled(&mut self, to: ReplicaId, decisions: Vec<Decision>, out: &mut Actions) {
        if to == self.seat.id {
            for decision in decisions {
                self.execution.caught_up(decision);
            }
        } else if !decisions.is_empty() {
            out.push(Action::Send { to, message: Message::Decisions(decisions) });
        }
    }

    fn on_started(&mut self, out: &mut Actions) {
        out.push(Action::Arm { timer: Timer::Status, after: self.seat.limits.status_interval() });
        if let Stage::Active(_) = self.stage {
            self.ordering.validate_open(&self.seat, out);
            for seq in self.ordering.positions() {
                self.advance(seq, out);
            }
        }
        self.tell(false, out);
    }

    /// Whatever happened: does what has become possible.
    fn settle(&mut self, out: &mut Actions) {
        let weak = self.seat.committee.weak();
        while let Some(view) = self.changes.joinable(self.view(), weak) {
            self.leave_for(view, out);
        }
        if let Stage::Changing(view) = self.stage
            && self.seat.leads(view)
            && let Some(new_view) = self.changes.try_new_view(&self.seat, view)
        {
            self.enter(Arc::new(self.seat.sign(new_view)), out);
        }
        while let Some(skipped) = self.execution.next(out) {
            self.after_execution(&skipped, false, out);
        }
        if let Some(peer) = self.catch_up.follow_up(self.execution.executed()) {
            self.ask_decisions(peer, out);
        }
        self.try_build(out);
        self.set_timer(out);
    }

    /// Primary: has the next batch built while fewer than a pipeline of positions are in flight.
    fn try_build(&mut self, out: &mut Actions) {
        let Stage::Active(view) = self.stage else { return };
        let in_flight = self.ordering.last().above(self.execution.executed());
        let room = in_flight < self.seat.limits.spec().pipeline
            && self.ordering.window().admit(self.ordering.last().next()).is_ok();
        let idle = self.building.is_none() && self.pool.has_unassigned();
        if !(self.seat.leads(view) && room && idle) {
            return;
        }
        let taken = self.pool.take(self.seat.limits.spec());
        let requests = taken.iter().map(|s| (s.request.client(), s.request.timestamp)).collect();
        self.building = Some(Building { view, requests });
        out.push(Action::Build { requests: taken });
    }

    /// OSDI '99, 4.5.2: a backup times the request that has waited longest, or the new view once a quorum asks
    /// for it. A primary does not suspect itself.
    fn set_timer(&mut self, out: &mut Actions) {
        let wanted = match self.stage {
            Stage::Active(view) if self.seat.leads(view) => None,
            Stage::Active(_) => self.pool.first().map(Watch::Request),
            Stage::Changing(view) => {
                let quorum = self.changes.support(view) >= self.seat.committee.quorum();
                quorum.then_some(Watch::NewView(view))
            }
        };
        if wanted == self.watch {
            return;
        }
        self.watch = wanted;
        let timer = Timer::View;
        out.push(match wanted {
            Some(_) => Action::Arm { timer, after: self.seat.limits.view_timeout(self.attempts) },
            None => Action::Disarm { timer },
        });
    }
}

/// Author and view of a vote that counts in one view only.
fn voter(message: &Message) -> Option<(ReplicaId, View)> {
    match message {
        Message::Propose(propose) => Some((propose.pre_prepare.from, propose.pre_prepare.view)),
        Message::Prepare(vote) => Some((vote.from, vote.view)),
        Message::Commit(vote) => Some((vote.from, vote.view)),
        _ => None,
    }
}

impl Protocol for Replica {
    type Message = Message;
    type Record = Record;
    type Config = Config;

    fn new(config: Config, records: Vec<Record>) -> Self {
        let Config { id, committee, limits, signer, genesis } = config;
        let span = limits.spec().window;
        let mut replica = Self {
            seat: Seat { id, committee, limits, signer },
            stage: Stage::Active(View::ZERO),
            pool: Pool::default(),
            ordering: Ordering::new(span),
            execution: Execution::new(genesis, span),
            checkpoints: Checkpoints::default(),
            changes: ViewChanges::default(),
            catch_up: CatchUp::default(),
            early: Early::default(),
            building: None,
            watch: None,
            attempts: 0,
        };
        replica.restore(records);
        replica
    }

    fn records(&self) -> Vec<Record> {
        let mut records = Vec::new();
        records.extend(self.checkpoints.stable().cloned().map(Record::Stable));
        records.extend(self.changes.current().cloned().map(Record::Entered));
        if let Stage::Changing(_) = self.stage {
            records.extend(self.changes.own(self.seat.id).cloned().map(Record::Left));
        }
        records.extend(self.ordering.records(self.view()));
        records
    }

    fn step(&mut self, event: Event<Message>, out: &mut Actions) -> Result<(), Reject> {
        match event {
            Event::Started => self.on_started(out),
            Event::Received(message) => self.dispatch(message, out)?,
            Event::Expired(timer) => self.on_expired(timer, out),
            Event::Built { proposal } => self.on_built(proposal, out)?,
            Event::Validated { digest, verdict } => self.on_validated(digest, verdict, out)?,
            Event::Executed { seq, state, outcomes, checkpoint } => {
                self.on_executed((seq, state, checkpoint), outcomes, out)?;
            }
            Event::Recalled { to, decisions } => self.on_recalled(to, decisions, out),
        }
        self.settle(out);
        Ok(())
    }

    fn id(&self) -> ReplicaId {
        self.seat.id
    }

    fn standing(&self) -> Standing {
        Standing {
            view: self.view(),
            active: matches!(self.stage, Stage::Active(_)),
            executed: self.execution.executed(),
            stable: self.ordering.window().low(),
            primary: self.seat.committee.primary(self.view()),
            waiting: self.pool.len(),
        }
    }

    fn submit(submission: Submission) -> Message {
        Message::Request(submission)
    }
}
