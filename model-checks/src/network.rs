//! The network of a model: every message that was ever sent, each with a number, none ever deleted.
//!
//! In: verified messages. Out: numbers, sets of numbers, and what the properties want to know about
//! a message. Refuses to know: who has received what; any message may reach anybody at any time, any
//! number of times, so loss, duplication, reordering and delay need no steps of their own.

use std::collections::BTreeMap;

use consensus::classic::message::Message;
use consensus::ids::{Digest, ReplicaId, SeqNum, View};
use consensus::keys::{Keyring, Verified};
use consensus::wire::encode;

use crate::properties::{self, Statement};

/// The number of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterId(u16);

/// Words of a [`LetterSet`]. The largest model here has fewer than 64 * 8 different messages; one
/// that has more is stopped by an assertion.
const WORDS: usize = 8;

/// A set of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterSet([u64; WORDS]);

impl LetterSet {
    /// Adds a message.
    pub fn insert(&mut self, id: LetterId) {
        self.0[usize::from(id.0) / 64] |= 1 << (id.0 % 64);
    }

    /// Whether it contains a message.
    pub fn contains(&self, id: LetterId) -> bool {
        self.0[usize::from(id.0) / 64] & (1 << (id.0 % 64)) != 0
    }

    /// Everything in either set.
    #[must_use]
    pub fn union(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, more)| *word |= more);
        self
    }

    /// Everything in both sets.
    #[must_use]
    pub fn intersection(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, filter)| *word &= filter);
        self
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Its messages in order of number.
    pub fn iter(&self) -> impl Iterator<Item = LetterId> + '_ {
        self.0.iter().enumerate().flat_map(|(index, word)| {
            let base = u16::try_from(index * 64).expect("a handful of words");
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = u16::try_from(rest.trailing_zeros()).expect("at most 64");
                rest &= rest.checked_sub(1)?;
                Some(LetterId(base + bit))
            })
        })
    }
}

impl FromIterator<LetterId> for LetterSet {
    fn from_iter<I: IntoIterator<Item = LetterId>>(ids: I) -> Self {
        let mut set = Self::default();
        ids.into_iter().for_each(|id| set.insert(id));
        set
    }
}

/// Which messages are counted together: below a threshold, a receiver only remembers them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Not counted: each has its effect alone.
    Alone,
    /// PREPAREs for one batch.
    Prepares(View, SeqNum, Digest),
    /// COMMITs for one batch.
    Commits(View, SeqNum, Digest),
    /// VIEW-CHANGEs for one view.
    Changes(View),
}

/// A message on the network.
#[derive(Clone, Debug)]
pub struct Letter {
    /// What receivers get.
    pub message: Verified<Message>,
    /// With which others it is counted.
    pub group: Group,
    /// The batch, if it is nothing but one.
    pub batch: Option<Digest>,
    /// Its author and bytes: an order that does not depend on when it was first sent.
    pub rank: (Option<ReplicaId>, Vec<u8>),
    /// Whether its certificates are made of the right number of distinct members.
    pub sound: bool,
    /// The messages of the same author that contradict it.
    contradictions: LetterSet,
}

/// All messages that occurred anywhere in the exploration.
#[derive(Debug, Default)]
pub struct Network {
    letters: Vec<Letter>,
    numbers: BTreeMap<Vec<u8>, LetterId>,
}

impl Network {
    /// The number of `message`, if it occurred before.
    pub fn find(&self, message: &Message) -> Option<LetterId> {
        self.numbers.get(&encode(message)).copied()
    }

    /// The number of `message`, a new one if it is new.
    ///
    /// # Panics
    ///
    /// If a signature in it does not hold, or if there are more messages than a [`LetterSet`] holds:
    /// both are mistakes of a model, not of the code under test.
    pub fn intern(&mut self, message: Message, keyring: &Keyring) -> LetterId {
        let bytes = encode(&message);
        if let Some(id) = self.numbers.get(&bytes) {
            return *id;
        }
        let number = self.letters.len();
        assert!(number < WORDS * 64, "a model with more than {} different messages", WORDS * 64);
        let id = LetterId(u16::try_from(number).expect("asserted to be small"));
        let statement = Statement::of(&message);
        let mut contradictions = LetterSet::default();
        for (index, other) in (0..).zip(&mut self.letters) {
            if statement.contradicts(&Statement::of(&other.message)) {
                contradictions.insert(LetterId(index));
                other.contradictions.insert(id);
            }
        }
        let letter = Letter {
            group: group(&message),
            batch: match &message {
                Message::Proposal(proposal) => Some(proposal.batch.digest()),
                _ => None,
            },
            rank: (statement.author(), bytes.clone()),
            sound: properties::is_sound(&message),
            contradictions,
            message: keyring
                .verify(message)
                .expect("everything in a model is signed by its author"),
        };
        self.letters.push(letter);
        self.numbers.insert(bytes, id);
        id
    }

    /// The message with this number.
    pub fn letter(&self, id: LetterId) -> &Letter {
        &self.letters[usize::from(id.0)]
    }

    /// Whether two of `sent` contradict each other.
    pub fn has_contradiction(&self, sent: &LetterSet) -> bool {
        sent.iter().any(|id| !self.letter(id).contradictions.intersection(sent).is_empty())
    }

    /// How many different messages occurred.
    pub fn len(&self) -> usize {
        self.letters.len()
    }

    /// Whether nothing was ever sent.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }
}

fn group(message: &Message) -> Group {
    match message {
        Message::Prepare(vote) => Group::Prepares(vote.view, vote.seq, vote.digest),
        Message::Commit(vote) => Group::Commits(vote.view, vote.seq, vote.digest),
        Message::ViewChange(vote) => Group::Changes(vote.view),
        _ => Group::Alone,
    }
}
