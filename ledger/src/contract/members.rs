//! Members: who takes part, under which key, with which meter.
//!
//! In: registrations by the operator. Out: facts about new members; the answer to "who is this
//! author?". Refuses to know: slots, orders, money beyond the first deposit.

use std::collections::BTreeMap;

use market::{Money, ParticipantId};
use serde::{Deserialize, Serialize};

use crate::account::Book;
use crate::actor::Actor;
use crate::fact::Fact;
use crate::genesis::MAX_MEMBERS;
use crate::hash::Hash;
use crate::identity::{Author, MeterId};
use crate::posting::posting;
use crate::receipt::Receipt;
use crate::records::{Leaf, Records};
use crate::refusal::Refusal;
use crate::violation::Violation;

/// The largest first deposit, 50,000 of the currency: with it the deposits of all members together
/// fit 64 bits.
pub const MAX_DEPOSIT: Money = Money::from_nano(50_000_000_000_000);

const _: () = assert!(MAX_MEMBERS as i64 <= i64::MAX / MAX_DEPOSIT.nano());

/// What the operator may ask of this contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Registers a member. Operator only, in any phase; participant, author and meter must all be
    /// new.
    Register {
        /// The member's number.
        participant: ParticipantId,
        /// The key under which it will act.
        author: Author,
        /// The meter that speaks for it.
        meter: MeterId,
        /// What it paid in beforehand, 0 to [`MAX_DEPOSIT`]; posted from
        /// [`Account::External`](crate::Account).
        deposit: Money,
    },
}

/// A registered member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Member {
    /// The key under which it acts.
    pub author: Author,
    /// The meter that speaks for it.
    pub meter: MeterId,
}

impl Leaf for Member {
    fn write_leaf(&self, out: &mut Vec<u8>) {
        bcs::serialize_into(out, self).expect("a digest and an integer encode");
    }
}

/// All members, found by number, key or meter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Records<Member>", into = "Records<Member>")]
pub struct Members {
    records: Records<Member>,
    by_author: BTreeMap<Author, ParticipantId>,
    by_meter: BTreeMap<MeterId, ParticipantId>,
}

impl Members {
    /// The member with this number.
    pub fn get(&self, participant: ParticipantId) -> Option<&Member> {
        self.records.get(participant)
    }

    /// The member that acts under this key.
    pub fn of(&self, author: Author) -> Option<ParticipantId> {
        self.by_author.get(&author).copied()
    }

    /// All members in order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (ParticipantId, &Member)> {
        self.records.iter()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.records.len()
    }

    /// What `author` is to this ledger.
    pub(crate) fn actor(&self, author: Author, dso: Author) -> Actor {
        if author == dso {
            return Actor::Dso;
        }
        self.of(author).map_or(Actor::Stranger, Actor::Member)
    }

    /// Performs a command of this contract.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; nothing has changed.
    pub(crate) fn execute(
        &mut self,
        actor: Actor,
        dso: Author,
        command: Command,
        book: &mut Book,
        facts: &mut Vec<Fact>,
    ) -> Result<Receipt, Refusal> {
        let Command::Register { participant, author, meter, deposit } = command;
        actor.dso()?;
        self.check(participant, author, meter, dso)?;
        if deposit < Money::ZERO || deposit > MAX_DEPOSIT {
            return Err(Refusal::Deposit { got: deposit, max: MAX_DEPOSIT });
        }

        self.add(participant, Member { author, meter });
        book.open(participant);
        let fact = Fact::Registered { participant, meter, deposit };
        let posting = posting(&fact).expect("a registration posts its deposit");
        book.post(&posting).expect("MAX_MEMBERS deposits of MAX_DEPOSIT fit 64 bits");
        facts.push(fact);
        Ok(Receipt::Registered { participant })
    }

    /// The sub-root of this contract.
    pub(crate) fn sub_root(&mut self) -> Hash {
        self.records.root()
    }

    /// Invariant: members and accounts match one to one.
    pub(crate) fn have_accounts(&self, book: &Book) -> Result<(), Violation> {
        let (members, accounts) = (self.count(), book.members().count());
        if members != accounts {
            return Err(Violation::Accounts { members, accounts });
        }
        let unmatched = self.iter().zip(book.members()).find(|((one, _), (other, _))| one != other);
        unmatched.map_or(Ok(()), |((participant, _), _)| Err(Violation::Unmatched(participant)))
    }

    /// Invariant: every key and every meter leads back to its one member.
    pub(crate) fn are_indexed(&self) -> Result<(), Violation> {
        let astray = self.iter().find(|(participant, member)| {
            self.by_author.get(&member.author) != Some(participant)
                || self.by_meter.get(&member.meter) != Some(participant)
        });
        astray.map_or(Ok(()), |(participant, _)| Err(Violation::Index(participant)))
    }

    fn check(
        &self,
        participant: ParticipantId,
        author: Author,
        meter: MeterId,
        dso: Author,
    ) -> Result<(), Refusal> {
        if self.get(participant).is_some() {
            return Err(Refusal::ParticipantTaken(participant));
        }
        if author == dso || self.of(author).is_some() {
            return Err(Refusal::AuthorTaken);
        }
        if let Some(owner) = self.by_meter.get(&meter) {
            return Err(Refusal::MeterTaken { meter, participant: *owner });
        }
        if self.count() >= MAX_MEMBERS as usize {
            return Err(Refusal::TooManyMembers { max: MAX_MEMBERS });
        }
        Ok(())
    }

    fn add(&mut self, participant: ParticipantId, member: Member) {
        self.by_author.insert(member.author, participant);
        self.by_meter.insert(member.meter, participant);
        self.records.set(participant, member);
    }
}

impl From<Records<Member>> for Members {
    fn from(records: Records<Member>) -> Self {
        let mut members = Self::default();
        records.iter().for_each(|(participant, member)| members.add(participant, *member));
        members
    }
}

impl From<Members> for Records<Member> {
    fn from(members: Members) -> Self {
        members.records
    }
}
