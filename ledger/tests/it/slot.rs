//! One slot from orders to bills, with numbers worked by hand.

use ledger::{Account, Fact, GateSummary, Phase, Receipt, Refusal};
use market::{Energy, Money, Outcome, Price, Side, Slot};

use crate::region::{
    apply, close_gate, close_slot, ledger, open, order, participant, reading, register, submit,
    transfer,
};

/// Member 1 bids 1,000 Wh at 0.20, member 2 offers 1,000 Wh at 0.10; member 3 does nothing and has
/// never been read.
///
/// Auction: 1,000 Wh at the middle of [0.10, 0.20], 0.15. Readings: 1 draws 1,200 Wh, 2 feeds in
/// 900 Wh. Region: tp = 900, tc = 1,200, so m < 0 and sell = top = 0.12; buy = 0.40 * 1,200 / 2,100
/// = 0.228571.., posted up as 228,572 micro. Bills in nano: 1 pays 1,000 * 150,000 + 200 * 228,572
/// = 195,714,400; 2 gets 150,000,000 and is short of 100 Wh, so 150,000,000 - 100 * 228,572 =
/// 127,142,800; 3 pays what its connection carries, 100,000 Wh, at 300,000: 30,000,000,000. The
/// grid delivers 300 Wh to 1 and 2 and 100,000 Wh to 3 at 300,000: 30,090,000,000. The operator
/// keeps 195,714,400 - 127,142,800 - 90,000,000 = -21,428,400.
#[test]
fn a_slot_is_settled_to_the_last_nano() {
    let mut ledger = ledger();
    let deposit = 1_000_000_000;
    let enrolment: Vec<_> =
        (1..=3).map(|number| register(number, deposit)).chain([open()]).collect();
    apply(&mut ledger, &enrolment);
    let orders = [order(1, 0, Side::Bid, 200_000, 1_000), order(2, 0, Side::Offer, 100_000, 1_000)];
    apply(&mut ledger, &orders);

    let gate = apply(&mut ledger, &[close_gate(0)]);
    let price = Some(Price::from_micro_per_kwh(150_000));
    let volume = Energy::from_wh(1_000);
    let summary = GateSummary { slot: Slot::ZERO, price, volume, bids: 1, offers: 1 };
    assert_eq!(gate.receipts, [Receipt::GateClosed(summary)]);
    let filled = |fact: &Fact| matches!(fact, Fact::Ordered { outcome: Outcome::Filled, .. });
    assert_eq!(gate.facts.iter().filter(|fact| filled(fact)).count(), 2);

    apply(&mut ledger, &[reading(1, 0, 1_200, 0), reading(2, 0, 0, 900)]);
    let Receipt::SlotClosed(summary) = submit(&mut ledger, &close_slot(0)) else {
        panic!("the slot closes");
    };
    assert_eq!((summary.production.wh(), summary.consumption.wh()), (900, 1_200));
    assert_eq!((summary.grid_import.wh(), summary.grid_export.wh()), (100_300, 0));
    assert_eq!(summary.buy, Price::from_micro_per_kwh(228_572));
    assert_eq!(summary.sell, Price::from_micro_per_kwh(120_000));
    assert_eq!(summary.operator, Money::from_nano(-21_428_400));
    assert_eq!((summary.missing, summary.local.wh()), (1, 900));
    assert_eq!(summary.root, ledger.root());

    let balance = |account| ledger.state().book().balance(account).map(Money::nano);
    assert_eq!(balance(Account::Member(participant(1))), Some(deposit - 195_714_400));
    assert_eq!(balance(Account::Member(participant(2))), Some(deposit + 127_142_800));
    assert_eq!(balance(Account::Member(participant(3))), Some(deposit - 30_000_000_000));
    assert_eq!(balance(Account::Operator), Some(-21_428_400));
    assert_eq!(balance(Account::Grid), Some(30_090_000_000));
    assert_eq!(balance(Account::External), Some(-3 * deposit));
    assert_eq!(ledger.state().check(), Ok(()));
}

/// Transfers run at the close, after the bills, member by member: 2 can pass on what 1 paid it in
/// the same close, but 1 cannot spend what 2 will pay it. What is not covered bounces whole.
#[test]
fn transfers_run_at_the_close_in_order_of_members() {
    let mut ledger = ledger();
    let mut run = |sent: &[_]| apply(&mut ledger, sent);
    run(&[register(1, 100), register(2, 0), register(3, 0), open()]);
    // Given in an order of arrival that would do otherwise.
    run(&[
        transfer(2, 0, 3, 70),
        transfer(2, 0, 1, 40),
        transfer(1, 0, 2, 80),
        transfer(1, 0, 2, 30),
    ]);
    run(&[close_gate(0), reading(1, 0, 0, 0), reading(2, 0, 0, 0), reading(3, 0, 0, 0)]);
    let applied = run(&[transfer(3, 0, 9, 1), close_slot(0)]);

    // 1 has 100: pays 80, not another 30. 2 has 80: pays 70, not 40. 3 has 70: nobody is number 9.
    let moved: Vec<_> = applied
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Transferred { from, to, amount, .. } => {
                Some((from.get(), to.get(), amount.nano()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(moved, [(1, 2, 80), (2, 3, 70)]);
    let Receipt::SlotClosed(summary) = applied.receipts[1] else { panic!("the slot closes") };
    assert_eq!((summary.transfers, summary.bounced), (2, 3));
    let balances: Vec<_> =
        ledger.state().book().members().map(|(_, balance)| balance.nano()).collect();
    assert_eq!(balances, [20, 10, 70]);

    // Nothing waits any more, executed or bounced: the next close moves nothing.
    let next = apply(&mut ledger, &[close_gate(1), close_slot(1)]).receipts;
    let Receipt::SlotClosed(summary) = next[1] else { panic!("the slot closes") };
    assert_eq!((summary.transfers, summary.bounced), (0, 0));
}

/// A transfer is executed at the close it names or not at all: one that comes after that close is
/// refused, and so is one for a slot that is not open yet. Which it is does not depend on who was
/// faster in the next slot.
#[test]
fn a_transfer_that_comes_too_late_is_refused() {
    let mut ledger = ledger();
    apply(&mut ledger, &[register(1, 100), register(2, 0), open(), close_gate(0)]);
    apply(&mut ledger, &[reading(1, 0, 0, 0), reading(2, 0, 0, 0), close_slot(0)]);
    let phase = |slot| Phase::Orders(Slot::new(slot));
    for slot in [0, 2] {
        let refusal = Refusal::Phase { needs: phase(slot), now: phase(1) };
        let receipt = submit(&mut ledger, &transfer(1, slot, 2, 5));
        assert_eq!(receipt, Receipt::Refused(refusal));
    }
    assert_eq!(ledger.state().transfers().pending(participant(1)), 0);
    let admitted = Receipt::TransferAdmitted { slot: Slot::new(1), counter: 0 };
    assert_eq!(submit(&mut ledger, &transfer(1, 1, 2, 5)), admitted);
}

/// A member that cannot pay is overdue since the close that left it below zero, and stays so until
/// it is not; its score falls below that of a member with the same slots who can pay.
#[test]
fn debts_are_overdue_since_the_close_that_made_them() {
    let mut ledger = ledger();
    apply(&mut ledger, &[register(1, 0), register(2, 1_000_000_000), open()]);
    let overdue = |ledger: &ledger::Ledger, number| {
        let standing = ledger.state().scores().get(participant(number)).expect("a member");
        standing.overdue_since.map(Slot::get)
    };
    for slot in 0..3 {
        apply(&mut ledger, &[close_gate(slot), reading(1, slot, 10, 0), reading(2, slot, 10, 0)]);
        assert_eq!(overdue(&ledger, 1), (slot > 0).then_some(0), "before the close of {slot}");
        let facts = apply(&mut ledger, &[close_slot(slot)]).facts;
        let scored = facts.iter().filter(|fact| matches!(fact, Fact::Scored { .. })).count();
        assert_eq!((scored, overdue(&ledger, 1), overdue(&ledger, 2)), (2, Some(0), None));
    }
    let score =
        |number| ledger.state().scores().get(participant(number)).map(|standing| standing.score);
    assert!(score(1) < score(2), "{:?} {:?}", score(1), score(2));

    // 10 Wh at retail in each of three slots: member 1 owes 3 * 10 * 300,000 nano.
    let readings = [reading(1, 3, 0, 0), reading(2, 3, 0, 0)];
    let last = [&[transfer(2, 3, 1, 9_000_000), close_gate(3)], &readings[..], &[close_slot(3)]];
    let paid = apply(&mut ledger, &last.concat());
    assert!(paid.facts.iter().any(|fact| matches!(fact, Fact::Transferred { .. })));
    assert_eq!(overdue(&ledger, 1), None);
}

/// A member whose reading does not come is settled on what its connection carries until its meter
/// first reports, then on the largest import it ever reported, and never on less than it bought;
/// at retail, 300,000 nano per Wh, for what exceeds the contract. Reporting less does not lower it,
/// and silence does not raise it.
#[test]
fn silence_is_settled_on_the_largest_import() {
    let mut ledger = ledger();
    apply(&mut ledger, &[register(1, 0), register(2, 0), open()]);
    // What member 1 reports, what it buys from 2 at 0.15, what it is settled on.
    let slots: [(Option<i64>, i64, i64); 7] = [
        (None, 0, 100_000),
        (Some(500), 0, 500),
        (None, 0, 500),
        (Some(300), 0, 300),
        (None, 200, 500),
        (None, 800, 800),
        (None, 0, 500),
    ];
    let mut largest = None;
    for (slot, (reported, bought, settled)) in (0..).zip(slots) {
        if bought > 0 {
            apply(
                &mut ledger,
                &[
                    order(1, slot, Side::Bid, 150_000, bought),
                    order(2, slot, Side::Offer, 150_000, bought),
                ],
            );
        }
        apply(&mut ledger, &[close_gate(slot), reading(2, slot, 0, 0)]);
        if let Some(import) = reported {
            apply(&mut ledger, &[reading(1, slot, import, 0)]);
        }
        let facts = apply(&mut ledger, &[close_slot(slot)]).facts;
        let bill = facts.iter().find_map(|fact| match fact {
            Fact::Billed(bill) if bill.line.participant == participant(1) => Some(*bill),
            _ => None,
        });
        let line = bill.expect("every member is billed").line;
        assert_eq!((line.meter.net().wh(), line.missing()), (settled, reported.is_none()));
        if reported.is_none() {
            let due = bought * 150_000 + (settled - bought) * 300_000;
            assert_eq!(line.amount(), Money::from_nano(-due), "slot {slot}");
        }
        largest = largest.max(reported);
        let known = ledger.state().market().largest_import(participant(1));
        assert_eq!(known.map(Energy::wh), largest);
    }
}
