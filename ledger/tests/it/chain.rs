//! Replay, conservation, snapshots: what a chain of blocks promises over random days.

use std::collections::BTreeMap;

use ledger::{Account, BlockHeader, Fact, Hash, Ledger, Receipt, RestoreError};
use proptest::prelude::*;

use crate::day::{Choices, Segment, batches, days};
use crate::region::{Sent, apply, charter, ledger, participant, submit};
use crate::region::{close_gate, close_slot, open, order, reading, register, transfer};
use crate::seen::{Seen, property};

/// The digest of a batch, as a stand-in for what a consensus would compute.
fn digest(position: u64) -> Hash {
    let mut bytes = [0xba; 32];
    bytes[..8].copy_from_slice(&position.to_le_bytes());
    Hash::new(bytes)
}

/// Runs `batches` from `position` on; every third position is a null request and leaves no block.
fn chain(ledger: &mut Ledger, batches: &[Vec<Sent>], first: u64) -> Vec<BlockHeader> {
    let positions = (first..).filter(|position| position % 3 != 0);
    let run = |(batch, position): (&Vec<Sent>, u64)| {
        apply(ledger, batch);
        ledger.commit(position, digest(position))
    };
    batches.iter().zip(positions).map(run).collect()
}

/// I12: the same batches give the same blocks, hash by hash, and each block names the one before.
#[test]
fn replaying_the_batches_gives_the_same_blocks() {
    property(256, &(days(), any::<u64>()), |(segments, seed)| {
        let batches = batches(&segments.concat(), &mut Choices(seed));
        let (mut first, mut second) = (ledger(), ledger());
        let genesis = *first.head();
        let blocks = chain(&mut first, &batches, 1);
        prop_assert_eq!(&blocks, &chain(&mut second, &batches, 1));
        prop_assert_eq!(first.state(), second.state());
        let parents = [genesis].into_iter().chain(blocks.clone());
        for (before, block) in parents.zip(&blocks) {
            prop_assert_eq!(block.parent, before.hash());
            prop_assert!(block.position > before.position);
        }
        Ok(())
    });
}

/// Two regions with different terms never share a block.
#[test]
fn the_genesis_is_in_every_hash() {
    let other = ledger::Charter { name: "elsewhere".into(), ..charter() };
    let mut other = Ledger::new(ledger::Genesis::try_new(other).expect("the terms fit together"));
    let mut here = ledger();
    assert_ne!(here.head().hash(), other.head().hash());
    assert_ne!(here.commit(1, digest(1)).hash(), other.commit(1, digest(1)).hash());
}

/// After every single command all invariants hold, conservation first; a refused command leaves
/// root and state as they were; an accepted one changes the root; receipts fit a reply.
#[test]
fn every_command_keeps_the_invariants() {
    const RUNS: u32 = 256;
    let seen = Seen::default();
    property(RUNS, &days(), |segments: Vec<Segment>| {
        let mut ledger = ledger();
        let (mut receipts, mut facts) = (Vec::new(), Vec::new());
        for sent in segments.concat() {
            let before = (ledger.root(), ledger.state().clone());
            let applied = apply(&mut ledger, std::slice::from_ref(&sent));
            let receipt = applied.receipts[0];
            prop_assert_eq!(ledger.state().check(), Ok(()));
            prop_assert_eq!(ledger.state().book().sum(), 0);
            prop_assert_eq!(ledger.root() != before.0, receipt.is_accepted());
            if !receipt.is_accepted() {
                prop_assert_eq!(ledger.state(), &before.1);
                prop_assert!(applied.facts.is_empty());
            }
            let bytes = bcs::to_bytes(&receipt).expect("a receipt encodes");
            prop_assert!(bytes.len() <= Receipt::MAX_BYTES);
            receipts.push(receipt);
            facts.extend(applied.facts);
        }
        seen.note_day(&receipts, &facts);
        Ok(())
    });
    seen.finish(RUNS);
}

/// Whatever happened, the sum of what bills, grid and operator gained in a slot is zero, from the
/// facts alone.
#[test]
fn the_facts_of_a_slot_sum_to_zero() {
    property(256, &days(), |segments: Vec<Segment>| {
        let mut ledger = ledger();
        let mut sum = 0_i128;
        for fact in apply(&mut ledger, &segments.concat()).facts {
            match fact {
                Fact::Billed(bill) => sum += i128::from(bill.line.amount().nano()),
                Fact::GridSettled { line, .. } => sum += i128::from(line.amount.nano()),
                Fact::OperatorSettled { amount, .. } => sum += i128::from(amount.nano()),
                Fact::SlotClosed(summary) => prop_assert_eq!(sum, 0, "slot {}", summary.slot),
                _ => {}
            }
        }
        Ok(())
    });
}

/// The book is what the facts say: deposits, bills, the grid's lines and transfers, added up in
/// arithmetic of their own. A transfer was executed exactly if the balance at that moment covered
/// it and its receiver was there.
#[test]
fn the_facts_explain_every_balance() {
    const RUNS: u32 = 256;
    let seen = Seen::default();
    property(RUNS, &days(), |segments: Vec<Segment>| {
        let mut ledger = ledger();
        let mut balances = BTreeMap::new();
        let mut grid = 0_i128;
        for fact in apply(&mut ledger, &segments.concat()).facts {
            match fact {
                Fact::Registered { participant, deposit, .. } => {
                    balances.insert(participant, i128::from(deposit.nano()));
                }
                Fact::Billed(bill) => {
                    let balance = balances.get_mut(&bill.line.participant);
                    *balance.expect("a member") += i128::from(bill.line.amount().nano());
                }
                Fact::GridSettled { line, .. } => grid += i128::from(line.amount.nano()),
                Fact::Transferred { from, to, amount, .. } => {
                    let amount = i128::from(amount.nano());
                    prop_assert!(balances[&from] >= amount);
                    *balances.get_mut(&from).expect("a member") -= amount;
                    *balances.get_mut(&to).expect("a member") += amount;
                }
                Fact::Bounced { from, to, amount, .. } => {
                    let covered = balances[&from] >= i128::from(amount.nano());
                    seen.note("a transfer was not covered", !covered);
                    seen.note("a receiver was unknown", !balances.contains_key(&to));
                    prop_assert!(!covered || !balances.contains_key(&to));
                }
                _ => {}
            }
        }
        let book = ledger.state().book();
        let held: BTreeMap<_, _> =
            book.members().map(|(who, balance)| (who, i128::from(balance.nano()))).collect();
        prop_assert_eq!(held, balances);
        prop_assert_eq!(book.balance(Account::Grid).map(|it| i128::from(it.nano())), Some(grid));
        Ok(())
    });
    seen.finish(RUNS);
}

/// The root covers a reading through its commitment: another value, or another salt, is another
/// state, already before the slot is settled.
#[test]
fn the_root_covers_open_readings() {
    let [mut one, mut other, mut same] = [(); 3].map(|()| {
        let mut ledger = ledger();
        apply(&mut ledger, &[register(1, 0), open(), close_gate(0)]);
        ledger
    });
    apply(&mut one, &[reading(1, 0, 12, 0)]);
    apply(&mut other, &[reading(1, 0, 13, 0)]);
    apply(&mut same, &[reading(1, 0, 12, 0)]);
    assert_ne!(one.root(), other.root());
    assert_eq!(one.root(), same.root());
}

/// A replica restored from a snapshot at any block is the same ledger, and goes on to the same
/// blocks.
#[test]
fn a_restored_ledger_goes_on_like_the_original() {
    const RUNS: u32 = 256;
    let seen = Seen::default();
    property(RUNS, &(days(), any::<u64>()), |(segments, seed)| {
        let mut choices = Choices(seed);
        let batches = batches(&segments.concat(), &mut choices);
        let (early, late) = batches.split_at(choices.below(batches.len() + 1));
        let mut original = ledger();
        chain(&mut original, early, 1);
        let chunks = original.snapshot();
        let head = original.head().hash();
        let restored = Ledger::restore(original.genesis().clone(), &chunks, head);
        let mut restored = restored.expect("an honest snapshot");
        prop_assert_eq!(restored.state(), original.state());
        prop_assert_eq!((restored.root(), restored.head()), (original.root(), original.head()));

        let market = restored.state().market();
        let read = (1..9).any(|number| market.is_read(participant(number)));
        seen.note("a reading was open", read);
        let receipts = apply(&mut ledger(), &early.concat()).receipts;
        let of_the_slot = receipts.rsplit(|it| {
            matches!(it, Receipt::GateClosed(_) | Receipt::SlotClosed(_) | Receipt::Opened { .. })
        });
        let ordered = of_the_slot
            .take(1)
            .flatten()
            .any(|receipt| matches!(receipt, Receipt::OrderPlaced { .. }));
        seen.note("an order was open", ordered);

        let next = original.head().position + 1;
        let blocks = chain(&mut original, late, next);
        prop_assert_eq!(chain(&mut restored, late, next), blocks);
        Ok(())
    });
    seen.finish(RUNS);
}

/// A ledger in the middle of a slot, with orders behind it, readings and a pending transfer.
fn busy() -> Ledger {
    use market::Side::{Bid, Offer};
    let mut ledger = ledger();
    let mut sent: Vec<Sent> = (1..=4).map(|number| register(number, 1_000)).collect();
    sent.extend([open(), order(1, 0, Bid, 200_000, 10), order(2, 0, Offer, 100_000, 10)]);
    sent.extend([close_gate(0), reading(1, 0, 12, 0), close_slot(0), transfer(1, 1, 2, 5)]);
    sent.extend([order(1, 1, Bid, 200_000, 10), order(2, 1, Offer, 100_000, 8), close_gate(1)]);
    sent.extend([reading(1, 1, 12, 0), reading(3, 1, 0, 7)]);
    assert!(sent.iter().all(|sent| submit(&mut ledger, sent).is_accepted()));
    ledger.commit(1, digest(1));
    ledger
}

/// Every bit of a snapshot matters: head, accounts, histories, and the values and salts of open
/// readings, which no root covers. None of the changes makes the reader panic.
#[test]
fn no_bit_of_a_snapshot_can_be_changed() {
    let original = busy();
    let head = original.head().hash();
    let chunks = original.snapshot();
    let [bytes] = &chunks[..] else { panic!("a small state is one chunk") };
    let (mut violations, mut roots) = (0, 0);
    for bit in 0..bytes.len() * 8 {
        let mut forged = bytes.clone();
        forged[bit / 8] ^= 1 << (bit % 8);
        match Ledger::restore(original.genesis().clone(), &[forged], head) {
            Ok(_) => panic!("bit {bit} of {} does not matter", bytes.len() * 8),
            Err(RestoreError::Violation(_)) => violations += 1,
            Err(RestoreError::Root { .. }) => roots += 1,
            Err(_) => {}
        }
    }
    // Two open readings of 48 bytes are 768 bits. In each of their four registers the upper 34 of 64
    // would leave 0 ..= 1 GWh and do not decode, as bits that would make a map unordered.
    assert_eq!(violations, 768 - 4 * 34);
    assert!(roots > 1000, "{roots} roots");
}

/// Chunks that are too many, cut off, in another order, or of another block are refused with the
/// reason.
#[test]
fn other_chunks_are_refused() {
    let original = busy();
    let genesis = original.genesis().clone();
    let restore = |chunks: &[Vec<u8>], head| Ledger::restore(genesis.clone(), chunks, head).err();
    let (chunks, head) = (original.snapshot(), original.head().hash());
    let expected = Hash::ZERO;
    assert_eq!(restore(&chunks, expected), Some(RestoreError::Head { got: head, expected }));
    assert_eq!(restore(&[], head), Some(RestoreError::Malformed));
    assert_eq!(restore(&[chunks[0][1..].to_vec()], head), Some(RestoreError::Malformed));
    let longer = [chunks.clone(), vec![vec![0]]].concat();
    assert_eq!(restore(&longer, head), Some(RestoreError::Malformed));
    let max = ledger::MAX_SNAPSHOT_BYTES;
    let huge = vec![vec![0; 1 << 20]; (max >> 20) + 1];
    let got = huge.len() << 20;
    assert_eq!(restore(&huge, head), Some(RestoreError::TooLong { got, max }));
}
