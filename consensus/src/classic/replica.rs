//! The parts of a replica, how they are put together, and how they are restored after a crash.
//!
//! In: configuration and records. Out: a replica ready to step. Refuses to know: what happens to it.

use crate::action::Action;
use crate::certificate::CheckpointCertificate;
use crate::client_table::Clients;
use crate::committee::Committee;
use crate::ids::{ClientId, Digest, ReplicaId, SeqNum, Timestamp, View};
use crate::keys::Signer;
use crate::limits::Limits;
use crate::protocol::Standing;

use super::catch_up::CatchUp;
use super::checkpoint::Checkpoints;
use super::early::Early;
use super::evidence::{Dossier, Evidence};
use super::execution::Execution;
use super::message::Message;
use super::ordering::Ordering;
use super::pool::Pool;
use super::reads::Reads;
use super::record::Record;
use super::seat::Seat;
use super::transfer::Transfer;
use super::view_change::ViewChanges;

/// What a replica emits.
pub(super) type Actions = Vec<Action<Message, Record, Evidence>>;

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
    pub(super) seat: Seat,
    pub(super) stage: Stage,
    pub(super) pool: Pool,
    pub(super) reads: Reads,
    pub(super) ordering: Ordering,
    pub(super) execution: Execution,
    pub(super) checkpoints: Checkpoints,
    pub(super) changes: ViewChanges,
    pub(super) catch_up: CatchUp,
    pub(super) early: Early,
    pub(super) transfer: Transfer,
    pub(super) dossier: Dossier,
    /// What the application is putting together, if it is.
    pub(super) building: Option<Building>,
    /// What the view timer waits for, if it is armed.
    pub(super) watch: Option<Watch>,
    /// View changes in a row without an execution; time-outs double with each.
    pub(super) attempts: u32,
}

/// Which part a replica takes in its view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// It votes.
    Active(View),
    /// It left all earlier views and waits for this one to begin.
    Changing(View),
}

/// Requests in the application's hands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Building {
    pub(super) view: View,
    pub(super) requests: Vec<(ClientId, Timestamp)>,
}

/// What the view timer waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Watch {
    /// The request at this place of the pool, to be ordered in this view.
    Request(View, u64),
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
    pub(super) fn view(&self) -> View {
        match self.stage {
            Stage::Active(view) | Stage::Changing(view) => view,
        }
    }

    /// A replica that remembers `records`.
    pub(super) fn build(config: Config, records: Vec<Record>) -> Self {
        let Config { id, committee, limits, signer, genesis } = config;
        let span = limits.spec().window;
        let mut replica = Self {
            seat: Seat { id, committee, limits, signer },
            stage: Stage::Active(View::ZERO),
            pool: Pool::default(),
            reads: Reads::default(),
            ordering: Ordering::new(span),
            execution: Execution::new(genesis, span),
            checkpoints: Checkpoints::default(),
            changes: ViewChanges::default(),
            catch_up: CatchUp::default(),
            early: Early::default(),
            transfer: Transfer::default(),
            dossier: Dossier::default(),
            building: None,
            watch: None,
            attempts: 0,
        };
        replica.restore(records);
        replica
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
                Record::Voted { .. }
                | Record::Prepared(_)
                | Record::Manifest(_)
                | Record::Chunk(_) => {}
            }
        }
        if let Stage::Active(_) = self.stage
            && let Some(new_view) = self.changes.current().cloned()
        {
            self.ordering.begin_view(&new_view.pre_prepares);
        }
        let (mut manifests, mut chunks) = (Vec::new(), Vec::new());
        for record in records {
            match record {
                Record::Manifest(manifest) => manifests.push(manifest),
                Record::Chunk(bytes) => chunks.push(bytes),
                Record::Left(vote) if self.stage == Stage::Changing(vote.view) => {
                    self.changes.record(vote);
                }
                Record::Voted { pre_prepare, proposal } => {
                    self.ordering.restore_vote(&self.seat, self.view(), pre_prepare, proposal);
                }
                Record::Prepared(certificate) => {
                    self.ordering.restore_prepared(&self.seat, self.view(), certificate);
                }
                Record::Left(_) | Record::Entered(_) | Record::Stable(_) => {}
            }
        }
        let me = self.seat.id;
        let others: Vec<_> = self.seat.committee.replicas().filter(|id| *id != me).collect();
        self.transfer.restore(manifests, chunks, &others);
    }

    /// The records that a restart needs and no more.
    pub(super) fn essence(&self) -> Vec<Record> {
        let mut records = Vec::new();
        records.extend(self.checkpoints.stable().cloned().map(Record::Stable));
        records.extend(self.changes.current().cloned().map(Record::Entered));
        if let Stage::Changing(_) = self.stage {
            records.extend(self.changes.of(self.seat.id).cloned().map(Record::Left));
        }
        records.extend(self.ordering.records());
        let (manifests, chunks) = self.transfer.kept();
        records.extend(manifests.into_iter().map(Record::Manifest));
        records.extend(chunks.into_iter().map(Record::Chunk));
        records
    }

    /// Where it stands.
    pub(super) fn stands(&self) -> Standing {
        Standing {
            view: self.view(),
            active: matches!(self.stage, Stage::Active(_)),
            executed: self.execution.executed(),
            stable: self.ordering.window().low(),
            primary: self.seat.committee.primary(self.view()),
            waiting: self.pool.len(),
        }
    }

    /// Does what the votes at `seq` allow.
    pub(super) fn advance(&mut self, seq: SeqNum, out: &mut Actions) {
        if let Stage::Active(view) = self.stage
            && let Some(decision) = self.ordering.advance(&self.seat, view, seq, out)
        {
            self.execution.decided(decision);
        }
    }

    /// Hands over what is new of the evidence.
    pub(super) fn accuse_all(
        &mut self,
        found: impl IntoIterator<Item = Evidence>,
        out: &mut Actions,
    ) {
        for evidence in found {
            if self.dossier.note(&evidence) {
                out.push(Action::Accuse { accused: evidence.accused(), evidence });
            }
        }
    }

    /// A checkpoint is certified: keeps it if it is the latest, and forgets what lies below.
    pub(super) fn stabilise(&mut self, certificate: CheckpointCertificate, out: &mut Actions) {
        if let Some(own) = self.checkpoints.own(certificate.seq, self.seat.id) {
            self.confirm(&certificate, own.state, own.clients);
        }
        if self.checkpoints.adopt(certificate.clone()) {
            self.ordering.forget(certificate.seq);
            self.transfer.forget(certificate.seq);
            out.push(Action::Persist { record: Record::Stable(certificate.clone()) });
            out.push(Action::Stable { certificate });
        }
    }

    /// A replica whose own state a quorum contradicts must not serve it: it stops.
    pub(super) fn confirm(
        &self,
        certified: &CheckpointCertificate,
        state: Digest,
        clients: Digest,
    ) {
        assert_eq!(
            (state, clients),
            (certified.state, certified.clients),
            "a quorum certified another state at position {}: the state of replica {} is wrong",
            certified.seq,
            self.seat.id
        );
    }
}
