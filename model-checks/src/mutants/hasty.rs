//! The quorum rule broken by one: prepared and committed with one vote fewer.
//!
//! In: what a replica gets. Out: the same, and a forged vote as soon as only one is missing. Refuses to
//! know: view changes, whose quorum it leaves alone.

use std::collections::{BTreeMap, BTreeSet};

use consensus::action::Action;
use consensus::classic::message::Message;
use consensus::classic::record::Record;
use consensus::classic::{Config, Replica};
use consensus::event::Event;
use consensus::ids::{Digest, ReplicaId, View};
use consensus::protocol::{Actions, Protocol};
use consensus::reject::Reject;

use super::wrap::wrap;
use crate::evidence::{Evidence, POSITION};
use crate::network::Group;
use crate::properties::{REPLICAS, primary};

/// Votes in a quorum of four; the proposal counts as the primary's PREPARE.
const VOTES: usize = 3;

/// A replica that acts on one vote fewer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hasty {
    inner: Replica,
    /// Who voted for what, the primary's proposal included.
    prepares: BTreeMap<(View, Digest), BTreeSet<ReplicaId>>,
    commits: BTreeMap<(View, Digest), BTreeSet<ReplicaId>>,
}

impl Hasty {
    fn note(&mut self, message: &Message) {
        let (votes, view, digest, from) = match message {
            Message::Propose(propose) => {
                let vote = &propose.pre_prepare;
                (&mut self.prepares, vote.view, vote.digest, vote.from)
            }
            Message::Prepare(vote) => (&mut self.prepares, vote.view, vote.digest, vote.from),
            Message::Commit(vote) => (&mut self.commits, vote.view, vote.digest, vote.from),
            Message::NewView(new_view) => {
                for vote in &new_view.pre_prepares {
                    self.prepares.entry((vote.view, vote.digest)).or_default().insert(vote.from);
                }
                return;
            }
            _ => return,
        };
        votes.entry((view, digest)).or_default().insert(from);
    }

    fn note_own(&mut self, actions: &[Action<Message, Record, <Replica as Protocol>::Evidence>]) {
        for action in actions {
            if let Action::Broadcast { message } = action {
                self.note(message);
            }
        }
    }

    /// The votes that are one short of a quorum, completed. A primary's own PREPARE does not exist.
    fn missing(&self) -> Vec<Message> {
        let short = |votes: &BTreeMap<(View, Digest), BTreeSet<ReplicaId>>| {
            let one_less = |voters: &BTreeSet<_>| voters.len() == VOTES - 1;
            let keys = votes.iter().filter(|(_, voters)| one_less(voters));
            keys.map(|((view, digest), voters)| (*view, *digest, voters.clone()))
                .collect::<Vec<_>>()
        };
        let evidence = Evidence::default();
        let mut forged = Vec::new();
        // Its own it casts itself, and takes from nobody.
        let own = self.inner.id();
        let replicas = || (0..REPLICAS).map(ReplicaId::new).filter(move |id| *id != own);
        for (view, digest, voters) in short(&self.prepares) {
            let group = Group::Prepares(view, POSITION, digest);
            let from = replicas().find(|id| !voters.contains(id) && *id != primary(view.get()));
            forged.extend(from.map(|from| evidence.vote(group, from)));
        }
        for (view, digest, voters) in short(&self.commits) {
            let group = Group::Commits(view, POSITION, digest);
            let from = replicas().find(|id| !voters.contains(id));
            forged.extend(from.map(|from| evidence.vote(group, from)));
        }
        forged
    }
}

impl Protocol for Hasty {
    type Message = Message;
    type Record = Record;
    type Evidence = <Replica as Protocol>::Evidence;
    type Config = Config;

    fn new(config: Config, records: Vec<Record>) -> Self {
        let inner = Replica::new(config, records);
        Self { inner, prepares: BTreeMap::new(), commits: BTreeMap::new() }
    }

    fn step(&mut self, event: Event<Message>, out: &mut Actions<Self>) -> Result<(), Reject> {
        let received = match &event {
            Event::Received(message) => Some(message.clone()),
            _ => None,
        };
        let mut wanted = Vec::new();
        let before = self.inner.clone();
        self.inner.step(event, &mut wanted)?;
        if !wanted.is_empty() && self.inner == before {
            out.append(&mut wanted); // a vote that convicts its author does not count
            return Ok(());
        }
        received.iter().for_each(|message| self.note(message));
        self.note_own(&wanted);
        let keyring = Evidence::default().keyring();
        for forged in self.missing() {
            let forged = keyring.verify(forged).expect("symbolic keys belong to everybody");
            let mut more = Vec::new();
            let before = self.inner.clone();
            let taken = self.inner.step(Event::Received(forged.clone()), &mut more);
            if taken.is_ok() && self.inner != before {
                self.note(&forged);
                self.note_own(&more);
                wanted.append(&mut more);
            }
        }
        out.append(&mut wanted);
        Ok(())
    }

    wrap!();
}
