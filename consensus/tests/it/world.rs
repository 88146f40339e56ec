//! Clusters of classic replicas that keep a journal.

use std::time::Duration;

use consensus::classic::message::Message;
use consensus::classic::{Config, Replica};
use consensus::ids::{Digest, ReplicaId};
use consensus::keys::Signer;
use consensus::sim::Cluster;
use consensus::sim::journal::Journal;
use consensus::sim::setup::Setup;

/// A cluster under test.
pub(crate) type World = Cluster<Replica, Journal>;

/// A cluster in the world of `setup`.
pub(crate) fn world(setup: Setup, seed: u64) -> World {
    Cluster::new(setup, seed, Journal::default(), config, Message::name)
}

fn config(setup: &Setup, id: ReplicaId, signer: Signer, genesis: Digest) -> Config {
    Config { id, committee: setup.committee, limits: setup.limits.clone(), signer, genesis }
}

/// Replica number `id`.
pub(crate) fn replica(id: u16) -> ReplicaId {
    ReplicaId::new(id)
}

/// More simulated time than any of these runs needs.
pub(crate) const LONG: Duration = Duration::from_secs(600);
