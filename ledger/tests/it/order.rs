//! The state follows from what was agreed on, not from the order in which it arrived or how it was
//! batched.

use ledger::{Fact, Hash, Receipt};
use proptest::prelude::*;

use crate::day::{Choices, Segment, batches, days, reorder};
use crate::region::{Sent, apply, ledger};
use crate::seen::{Seen, property};

/// What a day led to: a receipt per command in the order of `sent`, all facts, the root at the end.
#[derive(PartialEq, Debug)]
struct Day {
    receipts: Vec<Receipt>,
    facts: Vec<Fact>,
    root: Hash,
}

fn run(sent: &[Sent], choices: &mut Choices) -> Day {
    let mut ledger = ledger();
    let mut day = Day { receipts: Vec::new(), facts: Vec::new(), root: ledger.root() };
    for (position, batch) in (1..).zip(batches(sent, choices)) {
        let applied = apply(&mut ledger, &batch);
        day.receipts.extend(applied.receipts);
        day.facts.extend(applied.facts);
        ledger.commit(position, Hash::ZERO);
    }
    day.root = ledger.root();
    day
}

/// The claim of `apply.rs`: legally reordered and batched differently, the same commands get the
/// same receipts (so the same root at each close), the same facts in the same order, and the same
/// root in the end.
#[test]
fn reordered_and_rebatched_commands_lead_to_the_same_root() {
    const RUNS: u32 = 400;
    let seen = Seen::default();
    let cases = (days(), any::<u64>());
    let run = |(segments, seed): (Vec<Segment>, u64)| {
        let mut choices = Choices(seed);
        let given: Vec<Sent> = segments.concat();
        let mut shuffled = Vec::new();
        for segment in &segments {
            let start = shuffled.len();
            shuffled.extend(reorder(segment, &mut choices).into_iter().map(|index| start + index));
        }
        let sent: Vec<Sent> = shuffled.iter().map(|index| given[*index].clone()).collect();

        let expected = run(&given, &mut choices);
        let mut got = run(&sent, &mut choices);
        let mut receipts: Vec<_> = shuffled.iter().zip(got.receipts).collect();
        receipts.sort_by_key(|(index, _)| **index);
        got.receipts = receipts.into_iter().map(|(_, receipt)| receipt).collect();
        seen.note("the shuffle changed the order", sent != given);
        seen.note_day(&expected.receipts, &expected.facts);
        prop_assert_eq!(got, expected);
        Ok(())
    };
    property(RUNS, &cases, run);
    seen.finish(RUNS);
}
