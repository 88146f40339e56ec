//! Accounts and the book that holds their balances.
//!
//! In: postings, each of which takes from one account what it gives to another. Out: balances whose
//! sum is zero at every moment. Refuses to know: why money moves.
//!
//! # How long 64 bits last
//!
//! A balance ends at 2^63 nano, 9.22 x 10^9 of the currency. Members can empty and fill their
//! accounts by transfers; grid, operator and external have no command back, so they only drift, and
//! once one of them would leave its range every close is refused with `BalanceOverflow`. How far
//! away that is:
//!
//! - External holds the deposits, at most 100,000 members x 50,000: 5 x 10^9, always in range.
//! - The grid's balance grows with what the region buys. 100,000 homes that draw 10 kWh a day at
//!   0.30 pay it 300,000 a day: 84 years. The operator keeps a part of that.
//! - At worst every connection is used in full in every slot, or billed so because its meter never
//!   reported. With the highest connection limit that a genesis admits, the range lasts 8 slots;
//!   with a limit of 1 MWh at 0.30, 307 slots for 100,000 members and 17 years for 50.
//!
//! A region that comes near starts again from a new genesis, with its members' balances as
//! deposits; debts are settled outside before, since a deposit is not negative.

use market::{Money, ParticipantId};
use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::merkle::Path;
use crate::records::{Leaf, Records};

/// One account. Balances are in nano-currency; a member's is what the region owes the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Account {
    /// A member's account. Settlement may push it below zero (the energy is used already),
    /// transfers may not.
    Member(ParticipantId),
    /// The distribution system operator's own account: the other side of every bill, and the named
    /// receiver of every remainder.
    Operator,
    /// The grid beyond the region: counter-account of energy bought and sold there.
    Grid,
    /// The world outside: counter-account of deposits.
    External,
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Member(participant) => write!(f, "member {participant}"),
            Self::Operator => f.write_str("operator"),
            Self::Grid => f.write_str("grid"),
            Self::External => f.write_str("external"),
        }
    }
}

/// A double entry: `amount` leaves `from` and arrives at `to`. A negative amount moves the other
/// way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Posting {
    /// The account that is debited.
    pub from: Account,
    /// The account that is credited.
    pub to: Account,
    /// How much, in nano-currency.
    pub amount: Money,
}

/// A posting that does not fit: the balance of this account would leave the range of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overflow(pub(crate) Account);

/// All balances. Arithmetic policy: a posting that does not fit changes nothing and is an
/// [`Overflow`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Book {
    members: Records<Money>,
    operator: Money,
    grid: Money,
    external: Money,
}

impl Leaf for Money {
    fn write_leaf(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.nano().to_le_bytes());
    }
}

impl Book {
    /// The balance of `account`, `None` for a member that has none.
    pub fn balance(&self, account: Account) -> Option<Money> {
        match account {
            Account::Member(participant) => self.members.get(participant).copied(),
            Account::Operator => Some(self.operator),
            Account::Grid => Some(self.grid),
            Account::External => Some(self.external),
        }
    }

    /// The balance of the operator's own account.
    pub fn operator(&self) -> Money {
        self.operator
    }

    /// Every member's balance in order of members.
    pub fn members(&self) -> impl Iterator<Item = (ParticipantId, Money)> {
        self.members.iter().map(|(participant, balance)| (participant, *balance))
    }

    /// The sum of all balances in nano-currency, exactly. It is zero, or the book is wrong.
    pub fn sum(&self) -> i128 {
        let members = self.members.iter().map(|(_, balance)| *balance);
        members.chain(self.others()).map(|balance| i128::from(balance.nano())).sum()
    }

    /// Opens an account with nothing in it.
    pub(crate) fn open(&mut self, participant: ParticipantId) {
        assert!(self.members.get(participant).is_none(), "a member has one account");
        self.members.set(participant, Money::ZERO);
    }

    /// Performs one posting. Members in it must have an account: contracts check that beforehand.
    ///
    /// # Errors
    ///
    /// [`Overflow`]; nothing has changed.
    pub(crate) fn post(&mut self, posting: &Posting) -> Result<(), Overflow> {
        let Posting { from, to, amount } = *posting;
        if from == to {
            return Ok(());
        }
        let (debit, credit) = (self.held(from), self.held(to));
        let debit = debit.checked_sub(amount).ok_or(Overflow(from))?;
        let credit = credit.checked_add(amount).ok_or(Overflow(to))?;
        self.write(from, debit);
        self.write(to, credit);
        Ok(())
    }

    /// Performs all postings or none, in order.
    ///
    /// # Errors
    ///
    /// [`Overflow`] of the first that does not fit; nothing has changed.
    pub(crate) fn post_all(&mut self, postings: &[Posting]) -> Result<(), Overflow> {
        for (done, posting) in postings.iter().enumerate() {
            if let Err(overflow) = self.post(posting) {
                for Posting { from, to, amount } in postings[..done].iter().rev() {
                    let back = Posting { from: *to, to: *from, amount: *amount };
                    self.post(&back).expect("the balances before this posting fitted");
                }
                return Err(overflow);
            }
        }
        Ok(())
    }

    /// The sub-root of the book: the members' tree beside the three other balances.
    pub(crate) fn sub_root(&mut self) -> Hash {
        Self::sub_root_of(self.members.root(), self.others())
    }

    /// The sub-root of a book with this tree and these other balances.
    pub(crate) fn sub_root_of(tree: Hash, others: [Money; 3]) -> Hash {
        Hash::of("gridquorum ledger book v1", &(tree, others))
    }

    /// The balances beside the members': operator, grid, external.
    pub(crate) fn others(&self) -> [Money; 3] {
        [self.operator, self.grid, self.external]
    }

    /// A member's balance and the path to it, once the sub-root is up to date.
    pub(crate) fn prove(&self, participant: ParticipantId) -> Option<(Money, Path)> {
        let (balance, path) = self.members.prove(participant)?;
        Some((*balance, path))
    }

    fn held(&self, account: Account) -> Money {
        self.balance(account).expect("a contract posts to open accounts only")
    }

    fn write(&mut self, account: Account, balance: Money) {
        match account {
            Account::Member(participant) => self.members.set(participant, balance),
            Account::Operator => self.operator = balance,
            Account::Grid => self.grid = balance,
            Account::External => self.external = balance,
        }
    }
}

#[cfg(test)]
mod tests;
