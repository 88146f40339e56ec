//! Who may do what, and when: every command against every author and every phase.

use ledger::{
    Author, Ledger, MeterId, Phase, Receipt, Refusal, Role, members, slot_market, transfer,
};
use ledger::{Command, MAX_COMMAND_BYTES};
use market::{Energy, Money, Price, Side, Slot};

use crate::region::{
    DSO, STRANGER, Sent, apply, author, close_gate, close_slot, ledger, market, meter, open, order,
    participant, reading, reading_of, register, submit, transfer as pay,
};

/// A region with members 1 and 2, brought to `phase`.
fn region(phase: Phase) -> Ledger {
    let mut ledger = ledger();
    let enrolment = [register(1, 1_000), register(2, 1_000), open()];
    let steps = match phase {
        Phase::Enrolment => &enrolment[..2],
        _ => &enrolment[..],
    };
    apply(&mut ledger, steps);
    let slots = phase.slot().map_or(0, Slot::get);
    for slot in 0..slots {
        apply(&mut ledger, &[close_gate(slot), close_slot(slot)]);
    }
    if let Phase::Delivered(slot) = phase {
        apply(&mut ledger, &[close_gate(slot.get())]);
    }
    assert_eq!(ledger.state().market().phase(), phase);
    ledger
}

/// Every command for slot 1 as `author` would send it, with the phases in which it is allowed.
fn commands(by: Author) -> Vec<(Sent, Role, Vec<Phase>)> {
    let slot = Slot::new(1);
    let [orders, delivered] = [Phase::Orders(slot), Phase::Delivered(slot)];
    let any = vec![Phase::Enrolment, orders, delivered];
    let from = |sent: Sent| Sent { author: by, ..sent };
    vec![
        (from(register(3, 0)), Role::Dso, any),
        (from(open()), Role::Dso, vec![Phase::Enrolment]),
        (from(order(1, 1, Side::Bid, 100_000, 10)), Role::Member, vec![orders]),
        (from(close_gate(1)), Role::Dso, vec![orders]),
        (from(reading(1, 1, 5, 0)), Role::Member, vec![delivered]),
        (from(close_slot(1)), Role::Dso, vec![delivered]),
        (from(pay(1, 1, 2, 5)), Role::Member, vec![orders, delivered]),
    ]
}

/// Each command is for one role: the operator cannot trade, members cannot move phases, strangers
/// can do nothing. A refusal names both roles and leaves the root as it was.
#[test]
fn each_command_is_for_one_role() {
    let actors = [(DSO, Role::Dso), (author(1), Role::Member), (STRANGER, Role::Stranger)];
    for (by, is) in actors {
        for (sent, needs, phases) in commands(by) {
            let mut ledger = region(phases[0]);
            let before = ledger.root();
            let receipt = submit(&mut ledger, &sent);
            if is == needs {
                assert!(receipt.is_accepted(), "{sent:?} by {is:?}: {receipt:?}");
                assert_ne!(ledger.root(), before);
            } else {
                assert_eq!(receipt, Receipt::Refused(Refusal::Role { needs, is }), "{sent:?}");
                assert_eq!(ledger.root(), before);
            }
        }
    }
}

/// Outside its phases a command is refused with the phase it needs and the phase there is, also
/// when the slot is one too early or one too late.
#[test]
fn each_command_has_its_phase() {
    let around = (0..3).flat_map(|slot| {
        let slot = Slot::new(slot);
        [Phase::Orders(slot), Phase::Delivered(slot)]
    });
    let mut refused = 0;
    for now in [Phase::Enrolment].into_iter().chain(around) {
        for index in 0..commands(DSO).len() {
            let by = if commands(DSO)[index].1 == Role::Dso { DSO } else { author(1) };
            let (sent, _, phases) = commands(by).swap_remove(index);
            // Registering names no slot: what is allowed in one slot is allowed in all.
            let allowed = phases.contains(&now) || index == 0;
            let mut ledger = region(now);
            let before = ledger.root();
            match submit(&mut ledger, &sent) {
                Receipt::Refused(Refusal::Phase { needs, now: is }) => {
                    refused += 1;
                    assert!(!allowed, "{sent:?} in {now}");
                    assert_eq!(is, now);
                    assert!(phases.contains(&needs), "{needs}");
                    assert_eq!(ledger.root(), before);
                }
                receipt => assert!(allowed && receipt.is_accepted(), "{now}: {receipt:?}"),
            }
        }
    }
    // 7 phases: opening in 6 of them, transfers in 5, four commands for one phase each in 6.
    assert_eq!(refused, 6 + 5 + 4 * 6);
}

/// A member speaks for its own meter only, once per slot.
#[test]
fn a_meter_is_read_once_by_its_owner() {
    let delivered = Phase::Delivered(Slot::ZERO);
    let mut ledger = region(delivered);
    let before = ledger.root();
    let mut refused = |sent: &Sent, refusal| {
        let before = ledger.root();
        assert_eq!(submit(&mut ledger, sent), Receipt::Refused(refusal));
        assert_eq!(ledger.root(), before);
    };
    let not_yours = |got| Refusal::NotYourMeter { got, own: meter(1) };
    refused(&reading_of(meter(2), author(1), 0, 5, 0), not_yours(meter(2)));
    refused(&reading_of(MeterId::new(999), author(1), 0, 5, 0), not_yours(MeterId::new(999)));
    let limit = Energy::from_wh(100_000);
    refused(&reading(1, 0, 100_001, 0), Refusal::AboveConnection { limit });
    refused(&reading(1, 0, 0, 100_001), Refusal::AboveConnection { limit });

    let taken = Receipt::ReadingTaken { meter: meter(1), slot: Slot::ZERO };
    assert_eq!(submit(&mut ledger, &reading(1, 0, 100_000, 0)), taken);
    assert_ne!(ledger.root(), before);
    let twice = Refusal::AlreadyRead { meter: meter(1), slot: Slot::ZERO };
    assert_eq!(submit(&mut ledger, &reading(1, 0, 5, 0)), Receipt::Refused(twice));
}

/// Participant, key and meter of a new member must all be new, and its deposit within bounds.
#[test]
fn a_member_is_registered_once() {
    let cases = [
        (1, author(3), meter(3), 0, Refusal::ParticipantTaken(participant(1))),
        (3, author(1), meter(3), 0, Refusal::AuthorTaken),
        (3, DSO, meter(3), 0, Refusal::AuthorTaken),
        (3, author(3), meter(2), 0, {
            Refusal::MeterTaken { meter: meter(2), participant: participant(2) }
        }),
        (3, author(3), meter(3), -1, {
            Refusal::Deposit { got: Money::from_nano(-1), max: members::MAX_DEPOSIT }
        }),
        (3, author(3), meter(3), members::MAX_DEPOSIT.nano() + 1, {
            let got = Money::from_nano(members::MAX_DEPOSIT.nano() + 1);
            Refusal::Deposit { got, max: members::MAX_DEPOSIT }
        }),
    ];
    let mut ledger = region(Phase::Enrolment);
    let before = ledger.root();
    for (number, author, meter, nano, refusal) in cases {
        let (participant, deposit) = (participant(number), Money::from_nano(nano));
        let command = members::Command::Register { participant, author, meter, deposit };
        let sent = Sent::new(DSO, Command::Members(command));
        assert_eq!(submit(&mut ledger, &sent), Receipt::Refused(refusal));
        assert_eq!(ledger.root(), before);
    }
    assert!(submit(&mut ledger, &register(3, members::MAX_DEPOSIT.nano())).is_accepted());
}

/// Orders stay within the tariff, an order's bounds, the connection on each side, and 16 a slot.
#[test]
fn orders_have_bounds() {
    let mut ledger = region(Phase::Orders(Slot::ZERO));
    let [low, high] = [80_000, 300_000].map(Price::from_micro_per_kwh);
    let limit = Energy::from_wh(100_000);
    let price = |micro| Refusal::Price { got: Price::from_micro_per_kwh(micro), low, high };
    let quantity =
        |wh| Refusal::Quantity { got: Energy::from_wh(wh), max: Energy::from_wh(1_000_000_000) };
    let cases = [
        (79_999, 10, price(79_999)),
        (300_001, 10, price(300_001)),
        (100_000, 0, quantity(0)),
        (100_000, -5, quantity(-5)),
        (100_000, 1_000_000_001, quantity(1_000_000_001)),
        (100_000, i64::MAX, quantity(i64::MAX)),
        (100_000, 100_001, Refusal::AboveConnection { limit }),
    ];
    let before = ledger.root();
    for (micro, wh, refusal) in cases {
        let receipt = submit(&mut ledger, &order(1, 0, Side::Bid, micro, wh));
        assert_eq!(receipt, Receipt::Refused(refusal));
    }
    assert_eq!(ledger.root(), before);

    // The limit counts all orders of a side together, and each side alone.
    assert!(submit(&mut ledger, &order(1, 0, Side::Bid, 80_000, 99_999)).is_accepted());
    let full = Receipt::Refused(Refusal::AboveConnection { limit });
    assert_eq!(submit(&mut ledger, &order(1, 0, Side::Bid, 80_000, 2)), full);
    assert!(submit(&mut ledger, &order(1, 0, Side::Bid, 80_000, 1)).is_accepted());
    for _ in 2..slot_market::MAX_ORDERS {
        assert!(submit(&mut ledger, &order(1, 0, Side::Offer, 300_000, 1)).is_accepted());
    }
    let many = Refusal::TooManyOrders { max: slot_market::MAX_ORDERS };
    assert_eq!(submit(&mut ledger, &order(1, 0, Side::Offer, 300_000, 1)), Receipt::Refused(many));
    assert!(submit(&mut ledger, &order(2, 0, Side::Offer, 300_000, 1)).is_accepted());
}

/// Transfers move something, to somebody else, 16 a slot.
#[test]
fn transfers_have_bounds() {
    let mut ledger = region(Phase::Orders(Slot::ZERO));
    let amount = |nano| Refusal::Amount { got: Money::from_nano(nano) };
    for (to, nano, refusal) in [(2, 0, amount(0)), (2, -1, amount(-1)), (1, 5, Refusal::ToSelf)] {
        assert_eq!(submit(&mut ledger, &pay(1, 0, to, nano)), Receipt::Refused(refusal));
    }
    for counter in 0..transfer::MAX_TRANSFERS {
        let admitted = Receipt::TransferAdmitted { slot: Slot::ZERO, counter };
        assert_eq!(submit(&mut ledger, &pay(1, 0, 2, 1)), admitted);
    }
    let many = Refusal::TooManyTransfers { max: transfer::MAX_TRANSFERS };
    assert_eq!(submit(&mut ledger, &pay(1, 0, 2, 1)), Receipt::Refused(many));
}

/// Bytes that are no command get a receipt that says so, from anybody, and change nothing.
#[test]
fn malformed_bytes_get_a_receipt() {
    let mut ledger = region(Phase::Orders(Slot::ZERO));
    let before = ledger.root();
    for command in [vec![], vec![9, 9], vec![0; MAX_COMMAND_BYTES + 1]] {
        for author in [DSO, author(1), STRANGER] {
            let sent = Sent { author, command: command.clone(), private: Vec::new() };
            assert_eq!(submit(&mut ledger, &sent), Receipt::Refused(Refusal::Malformed));
        }
    }
    let stray = market(author(1), slot_market::Command::Open);
    let with_private = Sent { private: vec![1], ..stray };
    let applied = ledger.apply(&[with_private.entry()]);
    assert!(matches!(applied.receipts[..], [Receipt::Refused(Refusal::Private(_))]));
    assert_eq!(ledger.root(), before);
}
