//! The commands of a community, without a ledger behind it.

use std::collections::BTreeSet;

use ledger::{Entry, slot_market::Command as Market};
use market::{Energy, Side};

use super::*;
use crate::bidding::zero_intelligence::ZeroIntelligence;
use crate::bidding::{NAMES, named};
use crate::register::Register;

fn author(number: u32) -> Author {
    let mut fingerprint = [0; 32];
    fingerprint[..4].copy_from_slice(&number.to_le_bytes());
    Author::new(fingerprint)
}

fn cast(homes: u32) -> Cast {
    Cast { operator: author(u32::MAX), homes: (0..homes).map(author).collect() }
}

fn community(homes: u32, days: u32, strategy: Box<dyn Strategy>, threads: usize) -> Community {
    let dataset = Dataset::synthetic(homes, days, 3).expect("in bounds");
    let threads = NonZeroUsize::new(threads).expect("at least 1");
    let settings = Settings { threads, ..Settings::from_seed(3) };
    Community::try_new(dataset, cast(homes), strategy, settings).expect("one author per home")
}

fn tariff() -> Tariff {
    terms::tariff()
}

fn market(submission: &Submission) -> Market {
    match submission.command {
        Command::SlotMarket(command) => command,
        other => panic!("a command of the slot market, got {other:?}"),
    }
}

// Every home needs a voice.
#[test]
fn a_cast_of_another_size_is_refused() {
    let dataset = Dataset::synthetic(4, 1, 1).expect("in bounds");
    let settings = Settings::from_seed(1);
    let refused = Community::try_new(dataset, cast(3), Box::new(ZeroIntelligence), settings);
    assert_eq!(refused.err(), Some(CastError { homes: 4, authors: 3 }));
}

// The operator registers each home once, under its own author, participant and meter.
#[test]
fn enrolment_registers_every_home() {
    let submissions = community(5, 1, Box::new(ZeroIntelligence), 1).enrolment();
    let expected: Vec<Command> = (0..5)
        .map(|home| {
            Command::Members(members::Command::Register {
                participant: ParticipantId::new(home),
                author: author(home),
                meter: MeterId::new(home),
                deposit: terms::DEPOSIT,
            })
        })
        .collect();
    assert_eq!(submissions.iter().map(|one| one.command).collect::<Vec<_>>(), expected);
    assert!(submissions.iter().all(|one| one.speaker == Speaker::Operator));
    assert!(submissions.iter().all(|one| one.author == author(u32::MAX)));
}

// Orders are made without touching the homes: asking twice gives the same, and the number of
// threads does not show, in orders or in readings, over two days (so that a new day is loaded on
// the way).
#[test]
fn commands_do_not_depend_on_threads_or_on_asking_twice() {
    let mut one = community(300, 2, Box::new(ZeroIntelligence), 1);
    let mut many = community(300, 2, Box::new(ZeroIntelligence), 16);
    while one.slot().is_some() {
        let orders = one.orders(&tariff());
        assert_eq!(orders, many.orders(&tariff()));
        assert_eq!(orders, many.orders(&tariff()));
        assert_eq!(one.readings(), many.readings());
    }
    assert_eq!(many.slot(), None);
    assert_eq!((one.orders(&tariff()), one.readings()), (Vec::new(), Vec::new()));
    assert_eq!(one.flows(), many.flows());
}

// Every reading is one that an honest replica accepts: its private part opens its commitment. Salts
// never repeat.
#[test]
fn readings_open_their_commitments() {
    let mut community = community(9, 1, Box::new(ZeroIntelligence), 1);
    let mut salts = BTreeSet::new();
    for slot in 0..96 {
        let readings = community.readings();
        assert_eq!(readings.len(), 9);
        for one in &readings {
            let command = one.command.encode();
            let entry = Entry { author: one.author, command: &command, private: &one.private };
            assert_eq!(entry.admissible(), Ok(()));
            let Market::SubmitReading { slot: named, meter, commitment } = market(one) else {
                panic!("a reading")
            };
            assert_eq!((named, Speaker::Home(meter.get())), (Slot::new(slot), one.speaker));
            let reading = Reading::open(&one.private, meter, named, &commitment);
            assert!(salts.insert(reading.expect("admissible").salt));
        }
    }
    assert_eq!(salts.len(), 9 * 96);
}

// A home orders its forecast: for every order the reading of the slot lies within 5 % of load and
// of PV, which for a home without battery or car is 5 % of (import + export of each) - checked for
// such homes with one-sided flows; and deviations do exist.
#[test]
fn orders_follow_the_forecast() {
    let mut community = community(40, 1, Box::new(ZeroIntelligence), 1);
    let plain: BTreeSet<u32> = (0..40)
        .filter(|home| {
            let own = community.dataset().equipment(*home);
            own.roof.is_none() && own.vehicle.is_none()
        })
        .collect();
    assert!(plain.len() > 5);
    let (mut compared, mut deviated) = (0, 0);
    while community.slot().is_some() {
        let orders = community.orders(&tariff());
        let before = community.flows();
        community.readings();
        let after = community.flows();
        for one in orders {
            let Speaker::Home(home) = one.speaker else { panic!("orders are made by homes") };
            let Market::PlaceOrder { side, quantity, .. } = market(&one) else {
                panic!("an order")
            };
            if !plain.contains(&home) {
                continue;
            }
            let used = after[home as usize].import.wh() - before[home as usize].import.wh();
            assert_eq!(side, Side::Bid);
            assert!((quantity.wh() - used).abs() <= used / 20 + 2, "{quantity} for {used} Wh");
            compared += 1;
            deviated += u32::from(quantity.wh() != used);
        }
    }
    assert!(compared > 500 && deviated * 2 > compared, "{deviated} of {compared}");
}

// Every day is lived through as the data has it: after three days a home without a car has used
// what its loads of three days add up to.
#[test]
fn every_day_brings_its_own_moments() {
    let mut community = community(10, 3, Box::new(ZeroIntelligence), 1);
    while community.slot().is_some() {
        community.readings();
    }
    let data = community.dataset();
    let plain = (0..10).find(|home| data.equipment(*home).vehicle.is_none());
    let home = plain.expect("seven of ten homes have no car");
    let mut register = Register::ZERO;
    for moment in (0..3).flat_map(|day| data.day(home, day)) {
        register.advance(moment.load, Slot::SECONDS);
    }
    assert_eq!(community.flows()[home as usize].used, register.shown());
}

// A sunny noon has homes on both sides of the market; at midnight everybody buys.
#[test]
fn both_sides_meet_at_noon() {
    let mut community = community(50, 1, Box::new(ZeroIntelligence), 1);
    let mut sides = |slot: u32| {
        while community.slot() != Some(Slot::new(slot)) {
            community.readings();
        }
        let orders = community.orders(&tariff());
        let bids = orders
            .iter()
            .filter(|one| matches!(market(one), Market::PlaceOrder { side: Side::Bid, .. }));
        (bids.count(), orders.len())
    };
    let (bids, orders) = sides(0);
    assert_eq!(bids, orders);
    let (bids, orders) = sides(48);
    assert!(bids > 5 && orders - bids > 5, "{bids} bids among {orders} orders");
}

// What is read adds up to what the meters show.
#[test]
fn readings_add_up_to_the_meters() {
    let mut community = community(12, 1, Box::new(ZeroIntelligence), 1);
    let mut sums = [(0, 0); 12];
    while community.slot().is_some() {
        for (home, one) in community.readings().iter().enumerate() {
            let Market::SubmitReading { slot, meter, commitment } = market(one) else {
                panic!("a reading")
            };
            let reading = Reading::open(&one.private, meter, slot, &commitment).expect("honest");
            sums[home].0 += reading.import.wh();
            sums[home].1 += reading.export.wh();
        }
    }
    let shown = community.flows().into_iter().map(|f| (f.import.wh(), f.export.wh()));
    assert_eq!(shown.collect::<Vec<_>>(), sums);
    assert!(sums.iter().any(|(_, export)| Energy::from_wh(*export).is_positive()));
}

/// The home, side, price and quantity of every order.
fn wishes(submissions: &[Submission]) -> Vec<Wish> {
    let wish = |one: &Submission| {
        let Speaker::Home(home) = one.speaker else { panic!("orders are made by homes") };
        let Market::PlaceOrder { side, price, quantity, .. } = market(one) else {
            panic!("an order")
        };
        Wish { home, order: LimitOrder { side, price, quantity } }
    };
    submissions.iter().map(wish).collect()
}

// Feeder by feeder the homes want and meter what they want and meter without feeders, whatever
// hangs where and on any number of threads; the commands are the same, too.
#[test]
fn feeders_and_threads_do_not_show_in_what_homes_do() {
    let assignments = [
        Feeders::even(300, 7).expect("in bounds"),
        Feeders::try_new((0..300).map(|home| home * 31 % 11).collect()).expect("without a gap"),
    ];
    for (feeders, threads) in assignments.iter().zip([1, 5]) {
        let mut plain = community(300, 1, Box::new(ZeroIntelligence), 1);
        let split = community(300, 1, Box::new(ZeroIntelligence), threads);
        let mut split = split.on(feeders.clone()).expect("300 homes");
        for slot in 0..50 {
            let orders = plain.orders(&tariff());
            let by_feeder = split.each_feeder(&tariff(), |feeder, wishes| {
                assert!(wishes.iter().all(|wish| feeders.of(wish.home) == feeder));
                assert!(wishes.is_sorted_by_key(|wish| wish.home));
                (feeder, wishes.to_vec())
            });
            assert!(by_feeder.iter().map(|(feeder, _)| *feeder).eq(0..feeders.count()));
            let mut all: Vec<Wish> = by_feeder.into_iter().flat_map(|(_, wishes)| wishes).collect();
            all.sort_by_key(|wish| wish.home);
            assert_eq!(all, wishes(&orders), "slot {slot}");
            assert_eq!(split.orders(&tariff()), orders);
            assert_eq!(split.readings(), plain.readings());
        }
        assert_eq!(split.flows(), plain.flows());
    }
}

// Meters can be had without commitments: the same energies, and they add up to the totals.
#[test]
fn meters_can_be_read_without_commitments() {
    let (mut one, mut other) = (
        community(9, 1, Box::new(ZeroIntelligence), 1),
        community(9, 1, Box::new(ZeroIntelligence), 1),
    );
    let mut sums = [(0, 0); 9];
    while one.slot().is_some() {
        for (home, flows) in one.deliver().into_iter().enumerate() {
            sums[home].0 += flows.used.wh();
            sums[home].1 += flows.export.wh();
        }
        other.readings();
    }
    assert_eq!(one.flows(), other.flows());
    let shown = one.flows().into_iter().map(|flows| (flows.used.wh(), flows.export.wh()));
    assert_eq!(shown.collect::<Vec<_>>(), sums);
    assert_eq!(one.deliver(), Vec::new());
    assert_eq!(one.each_feeder(&tariff(), |feeder, _| feeder), [0; 0]);
}

// An assignment of another number of homes is refused.
#[test]
fn feeders_of_another_town_are_refused() {
    let refused = community(9, 1, Box::new(ZeroIntelligence), 1).on(Feeders::one(8));
    assert_eq!(refused.err(), Some(FeederError::Homes { got: 8, homes: 9 }));
}

/// Import of all homes together in quarter hours `quarters` of the last of three days, Wh, when
/// noon is cheap and everything else dear.
fn imported(strategy: &str, quarters: std::ops::Range<u32>) -> i64 {
    let mut community = community(120, 3, named(strategy).expect("known"), 2);
    let mut imported = 0;
    while let Some(slot) = community.slot() {
        let quarter = slot.get() % 96;
        let noon = (40..64).contains(&quarter);
        let flows = community.deliver();
        if slot.get() >= 192 && quarters.contains(&quarter) {
            imported += flows.iter().map(|flows| flows.import.wh()).sum::<i64>();
        }
        let micro = if noon { 120_000 } else { 300_000 };
        community.note_price(slot, Price::from_micro_per_kwh(micro));
    }
    imported
}

// Homes that respond to prices buy more at a cheap noon and less in the dear hours before midnight
// than homes that use their own first, whose cars begin to charge then; and those less in the
// evening than homes by habit, some of whose cars charge when they arrive.
#[test]
fn strategies_move_consumption_as_they_say() {
    let [habit, own, responsive] =
        NAMES.map(|name| [40..64, 64..88, 88..96].map(|quarters| imported(name, quarters)));
    assert!(responsive[0] > own[0], "noon: {responsive:?}, {own:?}");
    assert!(responsive[2] < own[2], "before midnight: {responsive:?}, {own:?}");
    assert!(own[1] < habit[1], "evening: {own:?}, {habit:?}");
}
