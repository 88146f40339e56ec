//! Attacks that succeeded against other implementations of the protocol, played against this one.
//!
//! In: a type of replica. Out: for each attack, whether its claim held. Refuses to know: how the replica defends
//! itself. Source of all of them: papers.md 2.7, which tells which implementation had the mistake.
//!
//! Each attack is a short scenario with one claim. `tests/it/attacks.rs` plays them against the shipped replica, where
//! all claims hold, and against replicas that have the mistake, where the claim of the attack fails.

pub mod attack;
pub mod forge;
pub mod victim;
mod checkpoints;
mod numbers;
mod timers;
mod votes;
mod requests;

use crate::replica::Subject;

use attack::Attack;

/// All attacks, against replicas `P`.
pub fn all<P: Subject>() -> Vec<Attack> {
    let mut all = checkpoints::all::<P>();
    all.extend(numbers::all::<P>());
    all.extend(timers::all::<P>());
    all.extend(votes::all::<P>());
    all.extend(requests::all::<P>());
    all
}
