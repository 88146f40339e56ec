//! The whole slot in one go: orders, auction, readings, price rule, settlement. The invariants that
//! only show when the parts work together.

use std::collections::BTreeMap;

use market::{
    Decimal, Energy, Kappa, Meter, Metered, Money, NrgX, NrgXSafe, Order, ParticipantId, Position,
    Price, PriceRule, Seed, Settlement, Side, Tariff, Terms, clear, settle, totals,
};
use proptest::prelude::*;

use crate::books::{order, seeds};

/// What homes want and what they then do: (side, price, quantity, import, export, sends a reading).
type Home = (bool, i64, i64, i64, i64, bool);

fn homes() -> impl Strategy<Value = Vec<Home>> {
    let price = (80..=300_i64).prop_map(|tick| tick * 1_000);
    let home =
        (any::<bool>(), price, 1..2_000_i64, 0..2_000_i64, 0..2_000_i64, prop::bool::weighted(0.9));
    prop::collection::vec(home, 1..40)
}

/// Homes, and their orders in some order of arrival.
fn homes_and_arrivals() -> impl Strategy<Value = (Vec<Home>, Vec<Order>)> {
    homes().prop_flat_map(|homes| {
        let orders = orders(&homes);
        (Just(homes), Just(orders).prop_shuffle())
    })
}

fn tariff() -> Tariff {
    let price = Price::from_micro_per_kwh;
    Tariff::try_new(price(80_000), price(300_000)).expect("in order")
}

fn rules() -> [PriceRule; 5] {
    let decimal = |text| Decimal::parse(text).expect("a decimal");
    [
        PriceRule::NrgX(
            NrgX::try_new(decimal("0.12"), decimal("0.24"), decimal("100")).expect("sound"),
        ),
        PriceRule::NrgXSafe(
            NrgXSafe::try_new(decimal("0.2"), decimal("0.4"), decimal("0.25")).expect("sound"),
        ),
        PriceRule::SupplyDemand,
        PriceRule::MidMarket,
        PriceRule::BillSharing,
    ]
}

/// Runs one slot over orders in any order of arrival.
fn run(orders: &[Order], homes: &[Home], rule: &PriceRule, seed: &Seed) -> Settlement {
    let clearing = clear(orders, Kappa::HALF, seed).expect("a valid book");
    let contracts = clearing.contracts(orders).expect("small");
    let contracted: BTreeMap<ParticipantId, (Energy, Money)> = contracts
        .into_iter()
        .map(|contract| (contract.participant, (contract.energy, contract.amount)))
        .collect();
    let positions: Vec<Position> = (0..)
        .zip(homes)
        .map(|(who, (_, _, _, import, export, sent))| {
            let participant = ParticipantId::new(who);
            let (import, export) = (Energy::from_wh(*import), Energy::from_wh(*export));
            let meter = match sent {
                true => Meter::Read(Metered::try_new(import, export).expect("bounded")),
                false => Meter::Substituted(import),
            };
            let (contracted, contract_amount) =
                contracted.get(&participant).copied().unwrap_or_default();
            Position { participant, contracted, contract_amount, meter }
        })
        .collect();
    let totals = totals(&positions).expect("bounded");
    let region = rule.prices(&totals, &tariff());
    let surplus = clearing.surplus().expect("small");
    settle(&positions, &Terms { surplus, region, tariff: tariff() }).expect("a sound slot")
}

fn orders(homes: &[Home]) -> Vec<Order> {
    let order = |(who, (buys, price, quantity, ..)): (u32, &Home)| {
        order(if *buys { Side::Bid } else { Side::Offer }, who, 0, *price, *quantity)
    };
    (0..).zip(homes).map(order).collect()
}

proptest! {
    /// I2 and I12 over a whole slot: everything adds up to zero, and the same orders in another
    /// order of arrival give the same bytes, under every price rule.
    #[test]
    fn a_slot_adds_up_and_does_not_depend_on_arrival(
        (homes, shuffled) in homes_and_arrivals(),
        seed in seeds(),
    ) {
        for rule in rules() {
            let settlement = run(&orders(&homes), &homes, &rule, &seed);
            let lines: i64 = settlement.lines.iter().map(|line| line.amount().nano()).sum();
            prop_assert_eq!(lines + settlement.grid.amount.nano() + settlement.operator.nano(), 0);
            let again = run(&shuffled, &homes, &rule, &seed);
            prop_assert_eq!(bcs::to_bytes(&settlement), bcs::to_bytes(&again));
        }
    }

    /// I11 of the two rules that look at meters: a home gains nothing from appearing as a producer
    /// and a consumer. Prices depend on sums only, so with equal sums of import and export they are
    /// the same, and its two bills add up to more or the same: what it nets at home costs nothing,
    /// what it trades with itself costs buy less sell. The other rules look at what is open, which
    /// a home in two parts raises; the property kit says which of them resist.
    #[test]
    fn splitting_a_home_in_two_gains_nothing(
        import in 0..3_000_i64,
        export in 0..3_000_i64,
        others in homes(),
    ) {
        let reading = |import, export| {
            Meter::Read(
                Metered::try_new(Energy::from_wh(import), Energy::from_wh(export))
                    .expect("bounded"),
            )
        };
        let position = |who, meter| Position {
            participant: ParticipantId::new(who),
            contracted: Energy::ZERO,
            contract_amount: Money::ZERO,
            meter,
        };
        let rest = (10..).zip(&others).map(|(who, home)| position(who, reading(home.3, home.4)));
        let whole: Vec<Position> =
            [position(0, reading(import, export))].into_iter().chain(rest.clone()).collect();
        let halves = [position(0, reading(import, 0)), position(1, reading(0, export))];
        let split: Vec<Position> = halves.into_iter().chain(rest).collect();
        for rule in &rules()[..2] {
            let bill = |positions: &[Position], own: usize| -> i64 {
                let region = rule.prices(&totals(positions).expect("bounded"), &tariff());
                let terms = Terms { surplus: Money::ZERO, region, tariff: tariff() };
                let settlement = settle(positions, &terms).expect("a sound slot");
                settlement.lines[..own].iter().map(|line| line.amount().nano()).sum()
            };
            prop_assert!(bill(&split, 2) <= bill(&whole, 1));
        }
    }
}

/// Over 500 drawn slots the rules are really used: trades, imports, exports, missing readings, an
/// operator who gains and one who tops up.
#[test]
fn drawn_slots_reach_every_interesting_state() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let [mut traded, mut imports, mut exports, mut missing, mut gains, mut tops_up] = [0; 6];
    for _ in 0..500 {
        let homes = homes().new_tree(&mut runner).expect("homes").current();
        for rule in rules() {
            let settlement = run(&orders(&homes), &homes, &rule, &crate::books::SEED);
            traded += u32::from(settlement.sums.bought.is_positive());
            imports += u32::from(settlement.grid.import.is_positive());
            exports += u32::from(settlement.grid.export.is_positive());
            missing += u32::from(settlement.missing > 0);
            gains += u32::from(settlement.operator.nano() > 0);
            tops_up += u32::from(settlement.operator.nano() < 0);
        }
    }
    let reached = [traded, imports, exports, missing, gains, tops_up];
    assert!(reached.iter().all(|count| *count >= 50), "{reached:?}");
}
