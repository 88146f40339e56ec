//! The contracts: units of rules, each with its own commands, state, facts and invariants.
//!
//! In: a decoded command and who gave it. Out: a receipt and facts. Refuses to know: bytes, blocks,
//! order of arrival. Facts flow down the list only.
//!
//! # What adding a contract takes
//!
//! Its own file below `contract/`, and here, from top to bottom: its `mod` line, a variant of
//! [`Command`] if it takes commands (at the end: the order is the tag on the wire), a field of
//! [`State`] with its reader, its claims in [`INVARIANTS`], its place among the sub-roots
//! ([`CONTRACTS`], `State::roots`), its arm in `State::dispatch`, and its turn in `State::close` if
//! it acts when a slot closes. Missing the arm, the number of claims or the length of the sub-roots
//! does not compile; missing the field's place in the root or a claim does, and is for review.
//! Beyond this file: a [`Fact`] per thing that happens, with its arm in `posting.rs`; its own kinds
//! of [`Receipt`], [`Refusal`] and [`Violation`]; a broken state per violation in
//! `contract/staged.rs`; the bytes of its commands in `command/tests.rs`.

pub mod members;
pub mod transfer;
pub mod slot_market;
pub mod score;

use market::Slot;
use serde::{Deserialize, Serialize};

use self::members::Members;
use self::score::Scores;
use self::slot_market::{Delivery, Placed, SlotMarket};
use self::transfer::Transfers;
use crate::account::{Book, Overflow, Posting};
use crate::actor::Actor;
use crate::commitment::{Invalid, Reading};
use crate::fact::Fact;
use crate::genesis::Charter;
use crate::hash::Hash;
use crate::identity::Author;
use crate::phase::Phase;
use crate::posting::posting;
use crate::receipt::Receipt;
use crate::refusal::Refusal;
use crate::violation::Violation;

/// A command of one of the contracts. The order of the variants is their tag on the wire: append
/// only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Who takes part.
    Members(members::Command),
    /// Money between members.
    Transfer(transfer::Command),
    /// The market of the open slot.
    SlotMarket(slot_market::Command),
}

/// The whole state: the book of accounts, then one field per contract.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct State {
    book: Book,
    members: Members,
    transfers: Transfers,
    market: SlotMarket,
    scores: Scores,
}

/// How many contracts there are.
pub(crate) const CONTRACTS: usize = 4;
/// Where the scores stand among their sub-roots.
pub(crate) const SCORES: usize = 3;

/// The sub-roots of one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Roots {
    /// Of the book of accounts.
    pub(crate) book: Hash,
    /// Of the contracts, in the order in which they are listed.
    pub(crate) contracts: [Hash; CONTRACTS],
}

impl Roots {
    /// The root that headers carry: one hash over all of them.
    pub(crate) fn root(&self) -> Hash {
        Hash::of("gridquorum ledger state root v1", self)
    }
}

/// An invariant: its claim, and the check that looks at a whole state.
pub struct Invariant {
    /// The claim in words.
    pub claim: &'static str,
    /// Looks whether it holds.
    pub check: fn(&State) -> Result<(), Violation>,
}

/// Everything that holds after every command. A running ledger checks all of it three times per
/// slot: before the gate closes, over the orders; before the slot closes, over contracts, readings
/// and pending transfers; and after that, over what the settlement did to accounts and scores. In
/// between it trusts its own code, which tests check after every single command.
pub const INVARIANTS: [Invariant; 10] = [
    Invariant { claim: "all balances sum to zero", check: |state| sums_to_zero(&state.book) },
    Invariant {
        claim: "members and accounts match",
        check: |state| state.members.have_accounts(&state.book),
    },
    Invariant {
        claim: "keys and meters lead to one member",
        check: |state| state.members.are_indexed(),
    },
    Invariant {
        claim: "pending transfers were admissible",
        check: |state| state.transfers.are_admissible(state.market.phase()),
    },
    Invariant {
        claim: "seats hold what their phase allows",
        check: |state| state.market.seats_fit_the_phase(&state.members),
    },
    Invariant {
        claim: "contracts cancel out (I1)",
        check: |state| state.market.contracts_balance(),
    },
    Invariant {
        claim: "readings match their commitments",
        check: |state| state.market.readings_match(&state.members),
    },
    Invariant {
        claim: "largest imports are possible ones of members",
        check: |state| state.market.largest_imports_are_possible(&state.members),
    },
    Invariant {
        claim: "members and scores match",
        check: |state| state.scores.cover_all_members(&state.members),
    },
    Invariant {
        claim: "members are overdue while in debt",
        check: |state| state.scores.are_overdue_while_in_debt(&state.book),
    },
];

/// How a command reaches its contract: who gave it, the region's terms, and where facts go.
pub(crate) struct Call<'a> {
    pub(crate) author: Author,
    pub(crate) charter: &'a Charter,
    pub(crate) facts: &'a mut Vec<Fact>,
}

impl State {
    /// All balances.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Who takes part.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// Transfers that wait for the slot's close.
    pub fn transfers(&self) -> &Transfers {
        &self.transfers
    }

    /// The market of the open slot.
    pub fn market(&self) -> &SlotMarket {
        &self.market
    }

    /// How members stand.
    pub fn scores(&self) -> &Scores {
        &self.scores
    }

    /// Checks every invariant.
    ///
    /// # Errors
    ///
    /// The first [`Violation`], in the order of [`INVARIANTS`].
    pub fn check(&self) -> Result<(), Violation> {
        INVARIANTS.iter().try_for_each(|invariant| (invariant.check)(self))
    }

    /// Whether this command, given by `author`, is about to run an auction or a settlement. A
    /// broken state would then become contracts and money, and what was wrong with it would be gone
    /// with the orders and seats, so that is when to look. Only the operator can bring it about,
    /// once per phase: nobody else can make a ledger check itself.
    pub(crate) fn is_turned_by(&self, author: Author, dso: Author, command: Command) -> bool {
        use slot_market::Command as Market;
        let needs = match command {
            Command::SlotMarket(Market::CloseGate { slot }) => Phase::Orders(slot),
            Command::SlotMarket(Market::CloseSlot { slot }) => Phase::Delivered(slot),
            _ => return false,
        };
        author == dso && self.market.phase() == needs
    }

    /// Performs one command; `reading` is its opened private part.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; nothing has changed, no fact was added.
    pub(crate) fn execute(
        &mut self,
        call: Call<'_>,
        command: Command,
        reading: Option<Reading>,
    ) -> Result<Receipt, Refusal> {
        let seed = self.market.lacks_seed().then(|| self.roots().root());
        let receipt = self.dispatch(call, command, reading, seed)?;
        // A close has just left the market without seed; that one is written down by the next
        // command.
        if let (Some(root), false) = (seed, matches!(receipt, Receipt::SlotClosed(_))) {
            self.market.keep_seed(root);
        }
        Ok(receipt)
    }

    /// The sub-roots that the state root covers. Hashes only what has changed since the last call.
    pub(crate) fn roots(&mut self) -> Roots {
        let contracts = [
            self.members.sub_root(),
            self.transfers.sub_root(),
            self.market.sub_root(),
            self.scores.sub_root(),
        ];
        Roots { book: self.book.sub_root(), contracts }
    }

    fn dispatch(
        &mut self,
        call: Call<'_>,
        command: Command,
        reading: Option<Reading>,
        seed: Option<Hash>,
    ) -> Result<Receipt, Refusal> {
        use slot_market::Command as Market;
        let Call { author, charter, facts } = call;
        let actor = self.members.actor(author, charter.dso);
        match command {
            Command::Members(command) => {
                let from = facts.len();
                let receipt =
                    self.members.execute(actor, charter.dso, command, &mut self.book, facts)?;
                facts[from..].iter().for_each(|fact| self.scores.learn(fact));
                Ok(receipt)
            }
            Command::Transfer(command) => {
                self.transfers.execute(actor, self.market.phase(), command)
            }
            Command::SlotMarket(Market::Open) => self.market.open(actor, facts),
            Command::SlotMarket(Market::PlaceOrder { slot, side, price, quantity }) => {
                self.market.place(actor, charter, slot, Placed { side, price, quantity })
            }
            Command::SlotMarket(Market::CloseGate { slot }) => {
                self.market.close_gate(actor, charter, slot, seed, facts)
            }
            Command::SlotMarket(Market::SubmitReading { slot, meter, commitment }) => {
                let missing = Refusal::Private(Invalid::PrivatePartMissing { meter, slot });
                let reading = reading.ok_or(missing)?;
                let delivery = Delivery::try_new(commitment, &reading, meter, slot);
                let delivery = delivery.map_err(Refusal::Private)?;
                self.market.read(actor, charter, &self.members, (slot, meter), delivery)
            }
            Command::SlotMarket(Market::CloseSlot { slot }) => {
                self.close(actor, charter, slot, facts)
            }
        }
    }

    /// Closes a slot: bills are posted, then transfers executed, then members scored, and the next
    /// slot takes orders.
    fn close(
        &mut self,
        actor: Actor,
        charter: &Charter,
        slot: Slot,
        facts: &mut Vec<Fact>,
    ) -> Result<Receipt, Refusal> {
        let settled = self.market.settle(actor, charter, &self.members, slot)?;
        let bills: Vec<Fact> = settled.facts().collect();
        let postings: Vec<Posting> = bills.iter().filter_map(posting).collect();
        let operator_before = self.book.operator();
        let full = |Overflow(account)| Refusal::BalanceOverflow { account };
        self.book.post_all(&postings).map_err(full)?;

        assert_eq!(
            self.book.operator().checked_sub(operator_before),
            Some(settled.settlement.operator),
            "the operator gains what bills and grid leave over"
        );
        facts.extend(bills);
        let tally = self.transfers.close(slot, &mut self.book, facts);
        let lines = &settled.settlement.lines;
        self.scores.close(slot, lines, &self.book, charter.scoring, facts);
        self.market.advance(slot);
        let mut summary = settled.summary();
        (summary.transfers, summary.bounced) = (tally.executed, tally.bounced);
        summary.root = self.roots().root();
        facts.push(Fact::SlotClosed(summary));
        Ok(Receipt::SlotClosed(summary))
    }
}

/// Invariant I2: money is moved, never made.
fn sums_to_zero(book: &Book) -> Result<(), Violation> {
    match book.sum() {
        0 => Ok(()),
        sum => Err(Violation::BalancesSum { sum }),
    }
}

#[cfg(test)]
pub(crate) mod staged;
#[cfg(test)]
mod tests;
