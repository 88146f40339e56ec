//! Transfers: money from one member to another.
//!
//! In: transfers by members. Out: facts, executed or bounced, when the slot closes. Refuses to
//! know: energy, prices, why somebody pays.
//!
//! A transfer is admitted at once and executed at the slot's close, after the bills, in the order
//! (participant, counter). Executing it on arrival would make the balances depend on the order in
//! which different members' commands came. For the same reason the receiver is looked up at the
//! close.

use market::{Money, ParticipantId, Slot};
use serde::{Deserialize, Serialize};

use crate::account::{Account, Book};
use crate::actor::Actor;
use crate::fact::{Bounce, Fact};
use crate::hash::Hash;
use crate::phase::Phase;
use crate::posting::posting;
use crate::receipt::Receipt;
use crate::records::{Leaf, Records};
use crate::refusal::Refusal;
use crate::violation::Violation;

/// The most transfers of one member in one slot: bounds what the close has to do.
pub const MAX_TRANSFERS: u32 = 16;

/// What a member may ask of this contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Moves money to another member when `slot` closes. Members only, while that slot is open. It
    /// names its slot because arrival must not choose one: a transfer that comes after the close it
    /// was meant for is refused, not executed at the next.
    Transfer {
        /// The slot at whose close it is executed.
        slot: Slot,
        /// The receiver; it must be a member when the slot closes.
        to: ParticipantId,
        /// How much, above 0.
        amount: Money,
    },
}

/// A transfer that waits for the slot's close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Pending {
    to: ParticipantId,
    amount: Money,
}

impl Leaf for Vec<Pending> {
    fn write_leaf(&self, out: &mut Vec<u8>) {
        bcs::serialize_into(out, self).expect("pairs of integers encode");
    }
}

/// The transfers of the open slot; a member's stand in the order in which it gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Transfers {
    pending: Records<Vec<Pending>>,
}

/// How many transfers a close executed and bounced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) executed: u32,
    pub(crate) bounced: u32,
}

impl Transfers {
    /// How many transfers of `participant` wait for the slot's close.
    pub fn pending(&self, participant: ParticipantId) -> usize {
        self.pending.get(participant).map_or(0, Vec::len)
    }

    /// Performs a command of this contract.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; nothing has changed.
    pub(crate) fn execute(
        &mut self,
        actor: Actor,
        now: Phase,
        command: Command,
    ) -> Result<Receipt, Refusal> {
        let Command::Transfer { slot, to, amount } = command;
        let from = actor.member()?;
        if now.slot() != Some(slot) {
            return Err(Refusal::Phase { needs: Phase::Orders(slot), now });
        }
        if to == from {
            return Err(Refusal::ToSelf);
        }
        if amount <= Money::ZERO {
            return Err(Refusal::Amount { got: amount });
        }
        let counter = self.pending(from) as u32;
        if counter >= MAX_TRANSFERS {
            return Err(Refusal::TooManyTransfers { max: MAX_TRANSFERS });
        }

        self.pending.change(from, |pending| pending.push(Pending { to, amount }));
        Ok(Receipt::TransferAdmitted { slot, counter })
    }

    /// Executes what waits, in the order (participant, counter); one that the balance does not
    /// cover at that moment bounces as a whole.
    pub(crate) fn close(&mut self, slot: Slot, book: &mut Book, facts: &mut Vec<Fact>) -> Tally {
        let mut tally = Tally::default();
        for (from, pending) in self.pending.take() {
            for Pending { to, amount } in pending {
                match settle(slot, from, to, amount, book) {
                    Ok(fact) => {
                        tally.executed += 1;
                        facts.push(fact);
                    }
                    Err(reason) => {
                        tally.bounced += 1;
                        facts.push(Fact::Bounced { slot, from, to, amount, reason });
                    }
                }
            }
        }
        tally
    }

    /// The sub-root of this contract.
    pub(crate) fn sub_root(&mut self) -> Hash {
        self.pending.root()
    }

    /// Invariant: what waits was admissible, and nothing waits before the market opens.
    pub(crate) fn are_admissible(&self, now: Phase) -> Result<(), Violation> {
        let wrong = self.pending.iter().find(|(from, pending)| {
            now == Phase::Enrolment
                || pending.is_empty()
                || pending.len() > MAX_TRANSFERS as usize
                || pending.iter().any(|one| one.to == *from || one.amount <= Money::ZERO)
        });
        wrong.map_or(Ok(()), |(participant, _)| Err(Violation::Pending(participant)))
    }
}

/// Moves the money of one transfer.
fn settle(
    slot: Slot,
    from: ParticipantId,
    to: ParticipantId,
    amount: Money,
    book: &mut Book,
) -> Result<Fact, Bounce> {
    if book.balance(Account::Member(to)).is_none() {
        return Err(Bounce::NoSuchMember);
    }
    let balance = book.balance(Account::Member(from)).expect("members have accounts");
    if balance < amount {
        return Err(Bounce::NotCovered { balance });
    }
    let fact = Fact::Transferred { slot, from, to, amount };
    let posting = posting(&fact).expect("a transfer posts its amount");
    book.post(&posting).map_err(|_| Bounce::ReceiverFull)?;
    Ok(fact)
}
