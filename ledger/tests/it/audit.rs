//! An audit finds what is wrong with a chain, names the block, and says what it could not compute
//! again.

use ledger::audit::{Audit, Finding, Report};
use ledger::{BlockHeader, Entry, Hash, INVARIANTS, Invalid, Receipt};
use market::{Side, Slot};
use proptest::prelude::*;

use crate::day::{Choices, batches, days};
use crate::region::{
    Sent, apply, close_gate, close_slot, ledger, meter, open, order, reading, register, transfer,
};
use crate::seen::property;

/// A block as an archive holds it.
type Block = (BlockHeader, Vec<Sent>);

fn chain(batches: &[Vec<Sent>]) -> Vec<Block> {
    let mut ledger = ledger();
    let block = |(position, batch): (u64, &Vec<Sent>)| {
        apply(&mut ledger, batch);
        (ledger.commit(position, Hash::ZERO), batch.clone())
    };
    (1..).zip(batches).map(block).collect()
}

fn audit(blocks: &[Block]) -> Report {
    let mut audit = Audit::new(ledger().genesis().clone());
    for (header, sent) in blocks {
        let entries: Vec<Entry<'_>> = sent.iter().map(Sent::entry).collect();
        audit.block(header, &entries);
    }
    audit.finish()
}

/// Five blocks: two members, a slot with a trade, two readings and a transfer, and a second slot
/// under way.
fn honest() -> Vec<Block> {
    chain(&[
        vec![register(1, 1_000), register(2, 1_000), open()],
        vec![order(1, 0, Side::Bid, 200_000, 10), order(2, 0, Side::Offer, 100_000, 10), open()],
        vec![close_gate(0), reading(1, 0, 12, 0), reading(2, 0, 0, 9), transfer(1, 0, 2, 5)],
        vec![close_slot(0)],
        vec![order(1, 1, Side::Bid, 200_000, 10)],
    ])
}

/// An honest chain is clean, and the counts are those of the chain above.
#[test]
fn an_honest_chain_is_clean() {
    let blocks = honest();
    let report = audit(&blocks);
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(report.head, blocks[4].0.hash());
    let counts = report.counts;
    assert_eq!((counts.blocks, counts.commands, counts.refused), (5, 12, 1));
    assert_eq!((counts.orders, counts.readings, counts.missing), (3, 2, 0));
    assert_eq!((counts.roots, counts.slots, counts.bills), (5, 1, 2));
    assert_eq!((counts.transfers, counts.scores), (1, 2));
    // Before the gate, before and after the close, and at the end.
    assert_eq!(counts.invariants, 4 * INVARIANTS.len() as u64);
}

/// A header with another root is named; so is the block after it, whose parent is the header that
/// was.
#[test]
fn a_wrong_root_is_named() {
    let mut blocks = honest();
    let expected = blocks[3].0.root;
    let parent = blocks[3].0.hash();
    blocks[3].0.root = Hash::ZERO;
    let report = audit(&blocks);
    let wrong = Finding::Root { position: 4, got: Hash::ZERO, expected };
    let orphan = Finding::Parent { position: 5, got: parent, expected: blocks[3].0.hash() };
    assert_eq!(report.findings, [wrong, orphan]);
}

/// A block that stands twice or too early breaks both the chain and the order of positions.
#[test]
fn a_repeated_block_is_named() {
    let mut blocks = honest();
    blocks.push(blocks[4].clone());
    let report = audit(&blocks);
    let (last, parent) = (blocks[4].0.hash(), blocks[3].0.hash());
    assert_eq!(report.findings[0], Finding::Parent { position: 5, got: parent, expected: last });
    assert_eq!(report.findings[1], Finding::Position { position: 5, after: 5 });
}

/// A block that was taken out leaves its successor without its parent, and with another root.
#[test]
fn a_missing_block_is_named() {
    let mut blocks = honest();
    let (removed, _) = blocks.remove(1);
    let report = audit(&blocks);
    let (got, expected) = (removed.hash(), blocks[0].0.hash());
    assert_eq!(report.findings[0], Finding::Parent { position: 3, got, expected });
    assert!(matches!(report.findings[1], Finding::Root { position: 3, .. }));
}

/// A reading whose stored value was changed no longer fits its commitment: named with block, entry
/// and meter.
#[test]
fn a_changed_reading_is_named() {
    let mut blocks = honest();
    blocks[2].1[1].private[0] ^= 1;
    let report = audit(&blocks);
    let reason = Invalid::CommitmentMismatch { meter: meter(1), slot: Slot::ZERO };
    assert_eq!(report.findings[0], Finding::Entry { position: 3, index: 1, reason });
    assert!(matches!(report.findings[1], Finding::Root { position: 3, .. }));
}

/// Without a private part nothing is wrong, but the audit says from where on it could not compute
/// again; the chain of headers is still checked behind that.
#[test]
fn a_missing_private_part_ends_the_recomputation() {
    let mut blocks = honest();
    blocks[2].1[1].private.clear();
    let report = audit(&blocks);
    assert_eq!((&report.findings[..], report.not_recomputed_from), (&[][..], Some(3)));
    assert!(!report.is_clean());
    assert_eq!((report.counts.missing, report.counts.roots, report.counts.bills), (1, 2, 0));
    assert_eq!((report.counts.blocks, report.counts.commands), (5, 12));

    blocks[4].0.parent = Hash::ZERO;
    let expected = blocks[3].0.hash();
    assert_eq!(
        audit(&blocks).findings,
        [Finding::Parent { position: 5, got: Hash::ZERO, expected }]
    );
}

/// The list of findings is bounded; what does not fit is counted.
#[test]
fn findings_are_bounded() {
    let (header, sent) = honest().remove(0);
    let report = audit(&vec![(header, sent); 1_000]);
    assert_eq!(report.findings.len(), ledger::audit::MAX_FINDINGS);
    assert!(report.unlisted > 900, "{}", report.unlisted);
}

/// Random days audit clean, with a bill and a score for every member of every closed slot.
#[test]
fn random_days_audit_clean() {
    property(256, &(days(), any::<u64>()), |(segments, seed)| {
        let batches = batches(&segments.concat(), &mut Choices(seed));
        let blocks = chain(&batches);
        let report = audit(&blocks);
        prop_assert!(report.is_clean(), "{:?}", report.findings);
        let mut ledger = ledger();
        let receipts = apply(&mut ledger, &segments.concat()).receipts;
        let refused = receipts.iter().filter(|receipt| !receipt.is_accepted()).count() as u64;
        let closed = receipts.iter().filter(|it| matches!(it, Receipt::SlotClosed(_))).count();
        prop_assert_eq!(report.counts.refused, refused);
        prop_assert_eq!(report.counts.slots, closed as u64);
        prop_assert_eq!(report.counts.bills, report.counts.scores);
        prop_assert!(report.counts.bills >= 5 * closed as u64);
        Ok(())
    });
}
