//! The disk of a machine: records in frames with checksums, and what a crash leaves of them.
//!
//! In: records, decisions, crashes. Out: what can be read after a restart, or a refusal. Refuses to know: what a
//! record promises.
//!
//! A frame names its place and its length under a checksum of their own, so that the end of what was written before
//! a crash is told from damage: the former is cut off, the latter is a reason not to start.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};

use crate::adversary::draw::Draw;
use crate::certificate::Decision;
use crate::ids::{Digest, SeqNum};
use crate::wire::encode;

use super::fault::Class;

/// What a machine wrote.
#[derive(Clone, Debug)]
pub struct Disk<R> {
    records: Vec<R>,
    /// So many of them are durable.
    durable: usize,
    decisions: BTreeMap<SeqNum, Decision>,
    /// How many records had been written before each decision since the last sync.
    after: BTreeMap<SeqNum, usize>,
    /// Decisions up to here were on the disk when it last synced.
    synced: SeqNum,
}

/// How far something was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    records: usize,
    decisions: SeqNum,
}

/// A disk that a replica must not start from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "frame {0} is damaged: this replica may have promised what it does not remember, and does not start"
)]
pub struct Damaged(pub usize);

impl<R> Default for Disk<R> {
    fn default() -> Self {
        let (records, decisions, after) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { records, durable: 0, decisions, after, synced: SeqNum::ZERO }
    }
}

impl<R: Clone + Serialize + DeserializeOwned> Disk<R> {
    /// What is durable.
    pub fn records(&self) -> &[R] {
        &self.records[..self.durable]
    }

    /// The decisions kept, in order.
    pub fn decisions(&self) -> &BTreeMap<SeqNum, Decision> {
        &self.decisions
    }

    /// A record and all decisions before it are durable now.
    pub fn sync(&mut self, record: R) {
        self.records.push(record);
        self.durable = self.records.len();
        self.settle();
    }

    /// A record is written; it becomes durable with a [`Mark`] behind it.
    pub fn write(&mut self, record: R) {
        self.records.push(record);
    }

    /// All that was written so far, decisions only if `chain`.
    pub fn mark(&self, chain: bool) -> Mark {
        let last = self.decisions.keys().next_back().copied().unwrap_or(self.synced);
        Mark { records: self.records.len(), decisions: if chain { last } else { self.synced } }
    }

    /// What was written up to a mark is durable now.
    pub fn reach(&mut self, mark: Mark) {
        self.durable = self.durable.max(mark.records);
        self.synced = self.synced.max(mark.decisions);
    }

    /// All decisions are durable now. Drivers see to that before a checkpoint vote leaves: a quorum of them lets
    /// everybody forget what the decisions are then the only ones to hold.
    pub fn settle(&mut self) {
        self.synced = self.decisions.keys().next_back().copied().unwrap_or(self.synced);
    }

    /// A decision is written; it becomes durable with the next record, or before the next checkpoint vote.
    pub fn keep(&mut self, decision: Decision) {
        self.after.insert(decision.seq(), self.records.len());
        self.decisions.insert(decision.seq(), decision);
    }

    /// The power fails while a driver does not wait for this disk. Of what is not durable, records and decisions keep a
    /// prefix each, of any length; if `in_order`, no decision survives a record that was written before it. Answers the
    /// first record that is lost: it was perhaps being written.
    pub fn cut(&mut self, how: Class, in_order: bool, draw: &mut Draw) -> Option<R> {
        if how == Class::CrashAfterSync {
            self.durable = self.records.len();
            self.settle();
            return None;
        }
        self.durable += below(draw, self.records.len() - self.durable + 1);
        let torn = self.records.get(self.durable).cloned();
        self.records.truncate(self.durable);
        let may = |seq: &SeqNum| !in_order || self.after.get(seq) <= Some(&self.durable);
        let open = self.decisions.range(self.synced.next()..).map(|(seq, _)| *seq);
        let open: Vec<_> = open.take_while(may).collect();
        if let Some(last) = below(draw, open.len() + 1).checked_sub(1) {
            self.synced = open[last];
        }
        self.decisions.split_off(&self.synced.next());
        self.after.clear();
        torn
    }

    /// The process dies as `how` says while it writes `writing`, if it does; answers what a restart would find.
    ///
    /// # Errors
    ///
    /// [`Damaged`].
    pub fn die(
        &mut self,
        how: Class,
        writing: Option<R>,
        lazy: bool,
        mut draw: Draw,
    ) -> Result<(), Damaged> {
        if how == Class::CrashAfterSync
            && let Some(record) = writing
        {
            self.sync(record);
            return Ok(());
        }
        if lazy {
            self.decisions.split_off(&self.synced.next());
        }
        match how {
            Class::Wiped => *self = Self::default(),
            Class::TornTail => {
                let mut image = self.image();
                if let Some(record) = writing {
                    let frame = frame(self.records.len(), &encode(&record));
                    image.extend(&frame[..below(&mut draw, frame.len())]);
                }
                self.records = read(&image)?;
            }
            Class::BitFlip => {
                let mut image = self.image();
                let at = below(&mut draw, image.len());
                if let Some(byte) = image.get_mut(at) {
                    *byte ^= 1 << draw.below(8);
                }
                self.records = read(&image)?;
            }
            Class::Misdirected if self.records.len() > 1 => {
                let mut frames: Vec<_> = (0..self.records.len()).map(|i| self.frame(i)).collect();
                let (from, to) = (frames.len() - 1, below(&mut draw, frames.len() - 1));
                frames[to] = frames[from].clone();
                self.records = read(&frames.concat())?;
            }
            _ => {}
        }
        self.durable = self.records.len();
        Ok(())
    }

    fn frame(&self, place: usize) -> Vec<u8> {
        frame(place, &encode(&self.records[place]))
    }

    fn image(&self) -> Vec<u8> {
        (0..self.records.len()).flat_map(|place| self.frame(place)).collect()
    }
}

/// Place and length.
const HEAD: usize = 8 + 8;
/// Half a digest, of the head and of the body.
const CHECK: usize = 16;

fn below(draw: &mut Draw, bound: usize) -> usize {
    usize::try_from(draw.below(bound as u64)).expect("below a length")
}

fn check(bytes: &[u8]) -> [u8; CHECK] {
    let digest = Digest::of("simulated frame", &bytes);
    std::array::from_fn(|i| digest.bytes()[i])
}

fn frame(place: usize, body: &[u8]) -> Vec<u8> {
    let head = [(place as u64).to_le_bytes(), (body.len() as u64).to_le_bytes()].concat();
    [&head, check(&head).as_slice(), body, &check(body)].concat()
}

fn read<R: DeserializeOwned>(mut image: &[u8]) -> Result<Vec<R>, Damaged> {
    let mut records = Vec::new();
    while !image.is_empty() {
        let place = records.len();
        let Some((head, rest)) = image.split_at_checked(HEAD) else { break };
        let Some((head_check, rest)) = rest.split_at_checked(CHECK) else { break };
        let expected = (place as u64).to_le_bytes();
        if check(head) != head_check || head[..8] != expected {
            return Err(Damaged(place));
        }
        let length = u64::from_le_bytes(head[8..].try_into().expect("eight bytes"));
        let length = usize::try_from(length).map_err(|_| Damaged(place))?;
        let Some((body, rest)) = rest.split_at_checked(length) else { break };
        let Some((body_check, rest)) = rest.split_at_checked(CHECK) else { break };
        if check(body) != body_check {
            return Err(Damaged(place));
        }
        records.push(bcs::from_bytes(body).map_err(|_| Damaged(place))?);
        image = rest;
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> Disk<Vec<u8>> {
        let mut disk = Disk::default();
        (0..5).for_each(|i| disk.sync(vec![i; 3 + usize::from(i)]));
        disk
    }

    /// Whatever is cut off in the middle of a write: all that was durable before it is read.
    #[test]
    fn a_torn_tail_is_cut_off() {
        for seed in 0..200 {
            let mut torn = disk();
            let died = torn.die(Class::TornTail, Some(vec![9; 20]), false, Draw::new(seed));
            assert_eq!((died, torn.records()), (Ok(()), disk().records()));
        }
    }

    /// No bit can flip, and no write go elsewhere, without a refusal to start.
    #[test]
    fn damage_is_never_taken_for_a_torn_tail() {
        for seed in 0..1_000 {
            for how in [Class::BitFlip, Class::Misdirected] {
                let died = disk().die(how, None, false, Draw::new(seed));
                assert!(died.is_err(), "{how:?} with seed {seed}");
            }
        }
    }

    /// Of what a driver does not wait for a prefix is left, none and all of it now and then, and never less than what
    /// was durable; a record that tears is cut off.
    #[test]
    fn a_power_cut_leaves_a_prefix() {
        let mut lengths = std::collections::BTreeSet::new();
        for seed in 0..200 {
            let mut cut = disk();
            let mark = cut.mark(true);
            (0..3).for_each(|i| cut.write(vec![i; 4]));
            assert_eq!(cut.records().len(), 5, "nothing of it is durable yet");
            cut.reach(mark);
            let how = if seed % 2 == 0 { Class::Crash } else { Class::TornTail };
            let mut draw = Draw::new(seed);
            let torn = cut.cut(how, true, &mut draw);
            assert_eq!(torn.is_none(), cut.records().len() == 8);
            let length = cut.records().len();
            cut.die(how, torn, false, draw).expect("no damage");
            assert_eq!(cut.records().len(), length);
            lengths.insert(length);
        }
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [5, 6, 7, 8]);
    }

    /// A write in flight is lost, or it was synced just in time; a wiped disk is empty.
    #[test]
    fn a_write_in_flight_is_lost_or_durable() {
        let left = |how| {
            let mut disk = disk();
            disk.die(how, Some(vec![9]), false, Draw::new(0)).expect("no damage");
            disk.records().len()
        };
        let deaths = [Class::Crash, Class::FailedSync, Class::CrashAfterSync, Class::Wiped];
        assert_eq!(deaths.map(left), [5, 5, 6, 0]);
    }
}
