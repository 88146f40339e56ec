//! What must be true in every run, restated without the protocol's own arithmetic.
//!
//! In: what honest replicas executed, certified and said; what clients asked and believed. Out: a panic that says
//! which rule broke. Refuses to know: how a replica came to do it. An oracle that asked the code under test for its
//! quorum or its digests would inherit its mistakes.

pub mod arithmetic;
pub mod memory;
pub mod wire;

use std::collections::{BTreeMap, BTreeSet};

use crate::certificate::{CheckpointCertificate, Decision};
use crate::ids::{ClientId, Digest, ReplicaId, SeqNum, Timestamp};
use crate::keys::PublicKey;
use crate::request::{Batch, Reply, Request};
use crate::sim::trace::Fold;
use crate::sim::watch::{Readable, Shown};
use crate::wire::encode;

use arithmetic::{is_committed, is_sound, is_stable, name};
use wire::Said;

/// What was seen so far.
#[derive(Clone, Debug)]
pub struct Oracle {
    n: usize,
    /// Keys of liars: they may ask for what they like.
    strangers: BTreeSet<PublicKey>,
    /// What clients signed.
    asked: BTreeSet<u64>,
    /// The batch bytes at each position, by whoever executed it first; empty for the null request.
    order: BTreeMap<u64, Vec<u8>>,
    /// The state after each position.
    states: BTreeMap<u64, Digest>,
    /// The last position each replica executed in its current life.
    positions: BTreeMap<ReplicaId, u64>,
    /// The requests each replica executed in its current life.
    ran: BTreeMap<ReplicaId, BTreeSet<(ClientId, Timestamp)>>,
    said: Said,
    /// Null requests passed over.
    pub nulls: u64,
    /// Requests that were in a batch and were passed over because they had run before.
    pub repeats: u64,
    /// Checkpoints that became stable somewhere.
    pub checkpoints: u64,
    /// The highest view in which anything was decided.
    pub view: u64,
}

impl Oracle {
    /// Nothing happened yet among `n` replicas in the state `genesis`, of whom those with the keys `strangers` lie.
    pub fn new(n: usize, genesis: Digest, strangers: BTreeSet<PublicKey>) -> Self {
        Self {
            n,
            strangers,
            asked: BTreeSet::new(),
            order: BTreeMap::new(),
            // Null requests change nothing, and checkpoints may come before the first batch.
            states: BTreeMap::from([(0, genesis)]),
            positions: BTreeMap::new(),
            ran: BTreeMap::new(),
            said: Said::default(),
            nulls: 0,
            repeats: 0,
            checkpoints: 0,
            view: 0,
        }
    }

    /// Positions that some honest replica executed or passed over.
    pub fn decided(&self) -> u64 {
        self.order.len() as u64
    }

    /// A replica starts over: it executes everything again.
    pub fn forget(&mut self, at: ReplicaId) {
        self.positions.remove(&at);
        self.ran.remove(&at);
    }

    /// A replica may lie or have forgotten from now on.
    pub fn disown(&mut self, at: ReplicaId) {
        self.forget(at);
        self.said.forget(at);
    }

    /// A client signs a request.
    pub fn asks(&mut self, request: &Request) {
        self.asked.insert(Fold::of(request));
    }

    /// A client takes a result for true.
    ///
    /// # Panics
    ///
    /// If no honest replica returned it.
    pub fn believes(&mut self, client: ClientId, timestamp: Timestamp, result: &Vec<u8>) {
        self.said.believe(client, timestamp, Fold::of(result));
    }

    /// An honest replica answers a client.
    ///
    /// # Panics
    ///
    /// If another result left an honest replica for the same request.
    pub fn answers(&mut self, reply: &Reply) {
        self.said.answer(reply.client, reply.timestamp, Fold::of(&reply.result));
    }

    /// A message leaves the honest replica `at`, which accepts positions up to `high`.
    ///
    /// # Panics
    ///
    /// If it contradicts an earlier one, exceeds the window, shows a certificate that is none, or claims less than it
    /// committed to.
    pub fn sends(&mut self, at: ReplicaId, message: &impl Readable, high: u64) {
        if let Some(said) = message.statement().filter(|said| said.author == at) {
            self.said.say(said, high);
        }
        for shown in message.shown() {
            assert!(is_sound(self.n, &shown), "certificate: replica {at} shows {shown:?}");
            if let Shown::ViewChange(vote) = shown
                && vote.from == at
            {
                self.said.remembers(vote);
            }
        }
    }

    /// An honest replica executes a batch.
    ///
    /// # Panics
    ///
    /// If it disagrees with another replica, leaves a gap, runs a request twice or runs one that nobody signed.
    pub fn executed(&mut self, at: ReplicaId, decision: &Decision, fresh: &[bool], state: Digest) {
        let proposal = decision.proposal.as_ref().expect("a batch is executed");
        let batch: &Batch = &proposal.batch;
        self.agree(at, decision, encode(batch));
        let seq = decision.seq().get();
        let known = *self.states.entry(seq).or_insert(state);
        assert_eq!(known, state, "agreement: replica {at} reached another state at position {seq}");
        for (request, fresh) in proposal.batch.requests.iter().zip(fresh) {
            if *fresh {
                let key = (request.client(), request.timestamp);
                let new = self.ran.entry(at).or_default().insert(key);
                assert!(new, "once: replica {at} ran a request twice at position {seq}");
                let signed = self.asked.contains(&Fold::of(&request.message))
                    || self.strangers.contains(request.key());
                assert!(signed, "validity: replica {at} ran what nobody signed at position {seq}");
            } else {
                self.repeats += 1;
            }
        }
    }

    /// An honest replica takes the state at `seq` from others.
    ///
    /// # Panics
    ///
    /// If nobody executed anything there, or it led to another state.
    pub fn installed(&mut self, at: ReplicaId, seq: SeqNum, state: Digest) {
        let is_known = self.order.contains_key(&seq.get());
        assert!(
            is_known,
            "agreement: replica {at} installs a state at {seq}, which nobody executed"
        );
        let last = self.states.range(..=seq.get()).next_back();
        let (_, known) = last.expect("there is a state at genesis");
        assert_eq!(*known, state, "agreement: replica {at} installs another state at {seq}");
        self.positions.insert(at, seq.get());
    }

    /// An honest replica passes over a null request.
    ///
    /// # Panics
    ///
    /// As [`Oracle::executed`].
    pub fn skipped(&mut self, at: ReplicaId, decision: &Decision) {
        self.agree(at, decision, Vec::new());
        self.nulls += 1;
    }

    /// An honest replica holds a stable checkpoint.
    ///
    /// # Panics
    ///
    /// If the certificate is none, or the certified state is not the one that was executed.
    pub fn stable(&mut self, at: ReplicaId, certificate: &CheckpointCertificate) {
        assert!(is_stable(self.n, certificate), "certificate: replica {at} holds {certificate:?}");
        let last = self.states.range(..=certificate.seq.get()).next_back();
        let (_, state) = last.expect("agreement: nobody certifies what nobody executed");
        assert_eq!(
            *state, certificate.state,
            "agreement: replica {at} holds a certificate for another state"
        );
        self.checkpoints += 1;
    }

    fn agree(&mut self, at: ReplicaId, decision: &Decision, bytes: Vec<u8>) {
        let seq = decision.seq().get();
        let sound = is_committed(self.n, &decision.certificate);
        assert!(sound, "certificate: replica {at} executes {seq} on {:?}", decision.certificate);
        decision.certificate.commits.iter().filter(|vote| vote.from == at).for_each(|vote| {
            self.said.holds(vote);
        });
        let before = self.positions.insert(at, seq).unwrap_or(0);
        assert_eq!(seq, before + 1, "order: replica {at} went from position {before} to {seq}");
        assert_eq!(
            *decision.certificate.digest.bytes(),
            name(&bytes),
            "certificate: replica {at} executes at {seq} what the certificate does not name"
        );
        let known = self.order.entry(seq).or_insert_with(|| bytes.clone());
        assert_eq!(*known, bytes, "agreement: replica {at} disagrees about position {seq}");
        self.view = self.view.max(decision.certificate.view.get());
    }
}
