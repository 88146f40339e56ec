//! Scores: what the settled slots say about a member.
//!
//! In: bills as they were settled, and how accounts stood afterwards. Out: facts about scores.
//! Refuses to know: the formula (the credit crate has it), and what a score is used for. It takes
//! no commands: nobody can ask for a better score.

use credit::{Entry, History, Payment, Score, ScoreRule};
use market::{Line, Money, ParticipantId, Slot};
use serde::{Deserialize, Serialize};

use crate::account::{Account, Book};
use crate::contract::members::Members;
use crate::fact::Fact;
use crate::hash::Hash;
use crate::merkle::Path;
use crate::records::{Leaf, Records};
use crate::violation::Violation;

/// How a member stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Standing {
    /// Its settled slots.
    pub history: History,
    /// The slot since whose close its balance has been below zero.
    pub overdue_since: Option<Slot>,
    /// Its score after the last close.
    pub score: Score,
}

impl Default for Standing {
    fn default() -> Self {
        Self { history: History::default(), overdue_since: None, score: Score::START }
    }
}

impl Leaf for Standing {
    fn write_leaf(&self, out: &mut Vec<u8>) {
        bcs::serialize_into(out, self).expect("integers and bounded lists of them encode");
    }
}

/// The standing of every member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scores {
    standings: Records<Standing>,
}

impl Scores {
    /// How a member stands.
    pub fn get(&self, participant: ParticipantId) -> Option<&Standing> {
        self.standings.get(participant)
    }

    /// How all members stand, in order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (ParticipantId, &Standing)> {
        self.standings.iter()
    }

    /// Learns from a fact of the contracts above: a new member starts in the middle of the scale.
    pub(crate) fn learn(&mut self, fact: &Fact) {
        if let Fact::Registered { participant, .. } = fact {
            self.standings.set(*participant, Standing::default());
        }
    }

    /// Folds a settled slot into every member's history, once bills and transfers are posted: a
    /// bill is paid on time if the balance is not below zero then.
    pub(crate) fn close(
        &mut self,
        slot: Slot,
        lines: &[Line],
        book: &Book,
        rule: ScoreRule,
        facts: &mut Vec<Fact>,
    ) {
        for line in lines {
            let participant = line.participant;
            let balance =
                book.balance(Account::Member(participant)).expect("members have accounts");
            facts.push(
                self.standings
                    .change(participant, |standing| standing.settle(slot, line, balance, rule)),
            );
        }
    }

    /// The sub-root of this contract.
    pub(crate) fn sub_root(&mut self) -> Hash {
        self.standings.root()
    }

    /// A member's standing and the path to it, once the sub-root is up to date.
    pub(crate) fn prove(&self, participant: ParticipantId) -> Option<(&Standing, Path)> {
        self.standings.prove(participant)
    }

    /// Invariant: every member has one standing, and its score is on the scale.
    pub(crate) fn cover_all_members(&self, members: &Members) -> Result<(), Violation> {
        let stands = self.iter().map(|(participant, _)| participant);
        if !stands.eq(members.iter().map(|(participant, _)| participant)) {
            let (members, standings) = (members.count(), self.standings.len());
            return Err(Violation::Standings { members, standings });
        }
        let wild = self.iter().find(|(_, standing)| standing.score > Score::BEST);
        wild.map_or(Ok(()), |(participant, _)| Err(Violation::Score(participant)))
    }

    /// Invariant: a member is overdue exactly while its balance is below zero.
    pub(crate) fn are_overdue_while_in_debt(&self, book: &Book) -> Result<(), Violation> {
        let wrong = self.iter().find(|(participant, standing)| {
            let balance = book.balance(Account::Member(*participant)).unwrap_or_default();
            standing.overdue_since.is_some() != (balance < Money::ZERO)
        });
        wrong.map_or(Ok(()), |(participant, _)| Err(Violation::Overdue(participant)))
    }
}

impl Standing {
    /// Folds one settled slot in and scores anew.
    fn settle(&mut self, slot: Slot, line: &Line, balance: Money, rule: ScoreRule) -> Fact {
        let payment = if balance < Money::ZERO {
            Payment::Overdue { since: *self.overdue_since.get_or_insert(slot) }
        } else {
            self.overdue_since = None;
            Payment::OnTime
        };
        self.history
            .fold(Entry::of_line(slot, line, payment))
            .expect("slots close in order, and the market's lines do not contradict themselves");
        let (before, assessment) = (self.score, rule.assess(&self.history));
        self.score = assessment.score;
        Fact::Scored { slot, participant: line.participant, before, assessment }
    }
}
