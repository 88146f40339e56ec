//! Members: who takes part, under which key, with which meter.
//!
//! In: registrations by the operator. Out: facts about new members; the answer to "who is this author?".
//! Refuses to know: slots, orders, money beyond the first deposit.

use market::{Money, ParticipantId};
use serde::{Deserialize, Serialize};

use crate::identity::{Author, MeterId};

/// What the operator may ask of this contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Registers a member. Operator only, in any phase; participant, author and meter must all be new.
    Register {
        /// The member's number.
        participant: ParticipantId,
        /// The key under which it will act.
        author: Author,
        /// The meter that speaks for it.
        meter: MeterId,
        /// What it paid in beforehand, 0 or more; posted from [`Account::External`](crate::Account).
        deposit: Money,
    },
}
