//! The face that drivers, simulators, adversaries and models speak to.
//!
//! In: events. Out: actions. Refuses to know: which protocol is behind it.

use std::fmt::Debug;
use std::hash::Hash;

use serde::{Serialize, de::DeserializeOwned};

use crate::action::Action;
use crate::event::Event;
use crate::ids::{ReplicaId, SeqNum, View};
use crate::keys::Signatures;
use crate::reject::Reject;
use crate::request::Submission;

/// The actions of protocol `P`.
pub type Actions<P> =
    Vec<Action<<P as Protocol>::Message, <P as Protocol>::Record, <P as Protocol>::Evidence>>;

/// Where a replica stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Standing {
    /// The view it is in, or changing to.
    pub view: View,
    /// Whether it takes part in `view`; false while it waits for that view to begin.
    pub active: bool,
    /// The last position executed.
    pub executed: SeqNum,
    /// The last stable checkpoint.
    pub stable: SeqNum,
    /// The primary of `view`.
    pub primary: ReplicaId,
    /// Requests known and not executed.
    pub waiting: usize,
}

/// A replica as plain data: one door in, one door out.
///
/// `Err` means: nothing changed and nothing was emitted.
pub trait Protocol: Clone + Eq + Hash + Debug {
    /// What replicas send each other.
    type Message: Clone + Eq + Hash + Debug + Serialize + DeserializeOwned + Signatures;
    /// What must survive a crash.
    type Record: Clone + Eq + Hash + Debug + Serialize + DeserializeOwned;
    /// What proves that a replica lied.
    type Evidence: Clone + Eq + Hash + Debug + Serialize + DeserializeOwned + Signatures;
    /// What a replica is made from.
    type Config: Clone + Debug;

    /// A replica that remembers `records`: none for a fresh one, all that it persisted for one that restarts.
    ///
    /// Its first event is `Started`. After a restart the driver then hands back, as `Recalled` to the replica
    /// itself, the decisions it kept; they are executed again from the first.
    fn new(config: Self::Config, records: Vec<Self::Record>) -> Self;

    /// The records that a restart needs and no more: a driver may replace all earlier ones by these.
    fn records(&self) -> Vec<Self::Record>;

    /// Lets `event` happen and appends what is to be done to `actions`.
    ///
    /// # Errors
    ///
    /// [`Reject`]; then nothing changed and `actions` is as it was.
    fn step(
        &mut self,
        event: Event<Self::Message>,
        actions: &mut Actions<Self>,
    ) -> Result<(), Reject>;

    /// This replica.
    fn id(&self) -> ReplicaId;

    /// Where it stands.
    fn standing(&self) -> Standing;

    /// Wraps a client's submission as a message.
    fn submit(submission: Submission) -> Self::Message;
}
