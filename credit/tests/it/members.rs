//! Members for the tests: settled slots written by hand, and drawn so that every factor has
//! occasions.

use credit::{Entry, History, Payment};
use market::{Energy, Money, Slot};
use proptest::prelude::*;

/// A slot in which everything is as it should be: paid, contract kept, all energy local.
pub(crate) fn good(slot: u32) -> Entry {
    Entry {
        slot: Slot::new(slot),
        bill: Money::from_nano(70_000_000),
        payment: Payment::OnTime,
        contracted: Energy::from_wh(400),
        deviation: Energy::ZERO,
        missing: false,
        import: Energy::from_wh(400),
        local_solar: Energy::from_wh(400),
    }
}

/// A payment that is overdue since `slot`.
pub(crate) fn overdue(slot: u32) -> Payment {
    Payment::Overdue { since: Slot::new(slot) }
}

/// A slot without a reading.
pub(crate) fn silent(slot: u32) -> Entry {
    Entry { missing: true, import: Energy::ZERO, local_solar: Energy::ZERO, ..good(slot) }
}

/// The history of these slots.
pub(crate) fn folded(entries: &[Entry]) -> History {
    let mut history = History::default();
    for entry in entries {
        history.fold(*entry).expect("slots ascend");
    }
    history
}

/// A slot of any member, good or bad, with or without occasion for each factor.
pub(crate) fn entries(slot: u32) -> impl Strategy<Value = Entry> {
    let energy = || prop_oneof![Just(0), 1..2_000_i64, Just(i64::MAX / 2)];
    let contracted = prop_oneof![Just(0), -2_000..2_000_i64];
    let deviation = prop_oneof![Just(0), -500..500_i64, Just(i64::MIN), Just(i64::MAX)];
    let late = prop_oneof![3 => Just(None), 1 => (0..=slot).prop_map(Some)];
    let bill = prop_oneof![Just(0), -1_000..1_000_i64, Just(i64::MAX)];
    let missing = prop::bool::weighted(0.1);
    (bill, late, contracted, deviation, missing, energy(), 0..=100_i64).prop_map(
        move |(bill, late, contracted, deviation, missing, import, local_percent)| {
            let import = if missing { 0 } else { import };
            Entry {
                slot: Slot::new(slot),
                bill: Money::from_nano(bill),
                payment: late.map_or(Payment::OnTime, overdue),
                contracted: Energy::from_wh(contracted),
                deviation: Energy::from_wh(deviation),
                missing,
                import: Energy::from_wh(import),
                local_solar: Energy::from_wh(import / 100 * local_percent),
            }
        },
    )
}

/// The slots of a member, from a newcomer to one of several days.
pub(crate) fn pasts() -> impl Strategy<Value = Vec<Entry>> {
    prop_oneof![0..4_u32, 0..400_u32]
        .prop_flat_map(|slots| (0..slots).map(entries).collect::<Vec<_>>())
}
