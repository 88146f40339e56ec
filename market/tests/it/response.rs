//! Demand response: the rows of the model worked by hand, its invariants on drawn calls, refusals,
//! and events.

mod events;

use market::response::{
    Achievement, Call, Change, Flexibility, Incentive, MAX_DAYS, Observed, Payment, ResponseError,
    baseline, orders,
};
use market::{Energy, Meter, Metered, Money, ParticipantId, Price, Seed, Slot, Tariff};
use proptest::prelude::*;

use crate::books::{SEED, seeds};

fn wh(wh: i64) -> Energy {
    Energy::from_wh(wh)
}

fn who(number: u32) -> ParticipantId {
    ParticipantId::new(number)
}

/// Tolerance 0.2, p_r 0.1 and p_p 0.2 currency/kWh.
fn incentive() -> Incentive {
    Incentive::try_new(200, Price::from_micro_per_kwh(100_000), Price::from_micro_per_kwh(200_000))
        .expect("sound rates")
}

/// A net of `net` on one register.
fn meter(net: i64) -> Meter {
    Meter::Read(Metered::try_new(wh(net.max(0)), wh(-net.min(0))).expect("bounded"))
}

/// A call upon participant 1 alone.
fn call(baseline: i64, change: i64, incentive: Incentive) -> Call {
    let row = (wh(baseline), Change { participant: who(1), energy: wh(change) });
    Call::try_new(Slot::new(7), incentive, &[row]).expect("sound")
}

fn settled(baseline: i64, change: i64, meter: Meter) -> Achievement {
    call(baseline, change, incentive()).settle(who(1), meter).expect("called")
}

fn offer(participant: u32, energy: i64) -> Flexibility {
    Flexibility { participant: who(participant), energy: wh(energy) }
}

fn reward(nano: i64) -> Payment {
    Payment::Reward(Money::from_nano(nano))
}

fn penalty(nano: i64) -> Payment {
    Payment::Penalty(Money::from_nano(nano))
}

/// The rows of the model, in kWh and currency: B 10, d -3, band 0.2 x 3 = 0.6. M 7.5 deviates by
/// 0.5 and moved 2.5: reward 0.25. M 7 gets 0.30. M 6 deviates by 1.0: 0.2 x (1.0 - 0.6) = 0.08. M 9
/// deviates by 2.0: 0.2 x 1.4 = 0.28.
#[test]
fn rows_of_the_model() {
    let rows = [
        (7_500, reward(250_000_000), 2_500, 500),
        (7_000, reward(300_000_000), 3_000, 0),
        (6_000, penalty(80_000_000), 3_000, 1_000),
        (9_000, penalty(280_000_000), 1_000, 2_000),
    ];
    for (metered, payment, achieved, deviation) in rows {
        let got = settled(10_000, -3_000, meter(metered));
        assert_eq!(
            (got.payment, got.achieved, got.deviation),
            (payment, wh(achieved), wh(deviation))
        );
    }
}

/// More than ordered, within the band, earns what was ordered and not more: M 6.4 deviates by 0.6,
/// the whole band; the reward is 0.1 x 3. One Wh further the penalty begins at nothing and grows:
/// 0.2 currency/kWh x 1 Wh = 200,000 nano-currency.
#[test]
fn the_edge_of_the_band() {
    assert_eq!(settled(10_000, -3_000, meter(6_400)).payment, reward(300_000_000));
    assert_eq!(settled(10_000, -3_000, meter(6_399)).payment, penalty(200_000));
    assert_eq!(settled(10_000, -3_000, meter(7_600)).payment, reward(240_000_000));
    assert_eq!(settled(10_000, -3_000, meter(7_601)).payment, penalty(200_000));
}

/// To consume more is the mirror image, also where the baseline injects: B -1 kWh, d +3 kWh, M 1.5
/// kWh moved 2.5.
#[test]
fn orders_to_consume_more() {
    let got = settled(-1_000, 3_000, meter(1_500));
    assert_eq!((got.payment, got.achieved), (reward(250_000_000), wh(2_500)));
    // The wrong direction: nothing achieved, deviation 3.5, 0.2 x (3.5 - 0.6) = 0.58.
    let got = settled(-1_000, 3_000, meter(-1_500));
    assert_eq!((got.payment, got.achieved), (penalty(580_000_000), wh(0)));
}

/// A band that is no whole number of Wh: d = -3 Wh, band 0.6 Wh, deviation 1 Wh: 0.4 Wh x 7
/// micro-currency/kWh = 2.8 nano-currency, rounded down in favour of who pays.
#[test]
fn a_penalty_is_rounded_down() {
    let rate = Price::from_micro_per_kwh(7);
    let incentive = Incentive::try_new(200, rate, rate).expect("sound rates");
    let got = call(10, -3, incentive).settle(who(1), meter(8)).expect("called");
    assert_eq!(got.payment, penalty(2));
}

/// Silence earns nothing: without a reading the deviation is at least the ordered change. Ordered
/// -3 kWh from 10: with 10 standing in it is 3, 0.2 x (3 - 0.6) = 0.48; with 12 it is 5, 0.88. What
/// stands in for a reading never counts as achieved, even where it is just what was expected.
#[test]
fn silence_earns_nothing() {
    let silent = |import| Meter::Substituted(wh(import));
    assert_eq!(settled(10_000, -3_000, silent(10_000)).payment, penalty(480_000_000));
    assert_eq!(settled(10_000, -3_000, silent(12_000)).payment, penalty(880_000_000));
    let got = settled(10_000, 3_000, silent(13_000));
    assert_eq!((got.payment, got.achieved), (penalty(480_000_000), wh(0)));
    // The widest band there is: nothing to pay, and nothing earned.
    let rate = Price::from_micro_per_kwh(100_000);
    let widest = Incentive::try_new(1_000, rate, rate).expect("sound rates");
    let got = call(10_000, -3_000, widest).settle(who(1), silent(10_000)).expect("called");
    assert_eq!(got.payment.amount(), Money::ZERO);
}

/// The row of the model: a deficit of 12 kWh, flexibilities 5, 10, 5: 3, 6 and 3 less.
#[test]
fn an_imbalance_is_shared_by_flexibility() {
    let offers = [offer(1, 5_000), offer(2, 10_000), offer(3, 5_000)];
    let changes = |imbalance: i64, threshold: i64| -> Vec<i64> {
        let changes = orders(wh(imbalance), wh(threshold), &offers, &SEED).expect("sound");
        changes.iter().map(|change| change.energy.wh()).collect()
    };
    assert_eq!(changes(-12_000, 0), [-3_000, -6_000, -3_000]);
    // A surplus: consume more. Beyond what there is: all of it.
    assert_eq!(changes(12_000, 0), [3_000, 6_000, 3_000]);
    assert_eq!(changes(-20_001, 0), [-5_000, -10_000, -5_000]);
    // No event up to the threshold.
    assert_eq!(changes(-12_000, 12_000), [0; 0]);
    assert_eq!(changes(-12_000, 11_999), [-3_000, -6_000, -3_000]);
    // 10 Wh: shares 2.5, 5 and 2.5; the Wh left over goes to one of the two by lot.
    let shared = changes(-10, 0);
    assert!(shared == [-3, -5, -2] || shared == [-2, -5, -3], "{shared:?}");
    // 1 Wh: shares 0.25, 0.5, 0.25; who gets nothing is not called.
    let one = orders(wh(-1), wh(0), &offers, &SEED).expect("sound");
    assert_eq!(one, [Change { participant: who(2), energy: wh(-1) }]);
}

/// The mean of the last three days without a call, to the nearest Wh, ties to the even one: of 4,
/// 6, 9 and 3 with the 9 called it is 13 / 3 = 4.33; means of 4.5 and 5.5 go to 4 and 6, -4.5 to -4.
#[test]
fn a_baseline_is_a_mean_of_days_without_a_call() {
    let day = |net| Observed { net: wh(net), called: false };
    let called = |net| Observed { net: wh(net), called: true };
    let mean = |days: &[Observed], window| baseline(days, window).expect("a sound window");
    assert_eq!(mean(&[day(900), day(4), day(6), called(9), day(3)], 3), Some(wh(4)));
    assert_eq!(mean(&[day(4), day(5)], 2), Some(wh(4)));
    assert_eq!(mean(&[day(6), day(5)], 2), Some(wh(6)));
    assert_eq!(mean(&[day(-4), day(-5)], 2), Some(wh(-4)));
    assert_eq!(mean(&[day(-6), day(-5)], 2), Some(wh(-6)));
    assert_eq!(mean(&[day(4), called(5)], 2), None);
    assert_eq!(mean(&[day(i64::MAX), day(i64::MAX)], 2), Some(wh(i64::MAX)));
    for got in [0, MAX_DAYS + 1] {
        assert_eq!(baseline(&[], got), Err(ResponseError::Days { got, max: MAX_DAYS }));
    }
}

/// A meter value settles once; who was not called, or called to change nothing, is not paid; a
/// refusal changes nothing.
#[test]
fn a_meter_value_settles_once() {
    let rows = [
        (wh(10), Change { participant: who(1), energy: wh(-3) }),
        (wh(10), Change { participant: who(2), energy: wh(0) }),
        (wh(10), Change { participant: who(4), energy: wh(5) }),
    ];
    let mut call = Call::try_new(Slot::new(7), incentive(), &rows).expect("sound");
    let open = |call: &Call| call.open().map(|(who, ..)| who.get()).collect::<Vec<u32>>();
    assert_eq!(open(&call), [1, 4]);
    call.settle(who(1), meter(7)).expect("called");
    let before = call.clone();
    let again = call.settle(who(1), meter(9));
    assert_eq!(again, Err(ResponseError::AlreadySettled(who(1))));
    for nobody in [2, 3] {
        assert_eq!(call.settle(who(nobody), meter(9)), Err(ResponseError::NotCalled(who(nobody))));
    }
    let (low, high) = (wh(0), Energy::MAX_PER_SLOT);
    let got = wh(high.wh() + 1);
    let expected = ResponseError::Energy { participant: who(4), got, low, high };
    assert_eq!(call.settle(who(4), Meter::Substituted(got)), Err(expected));
    assert_eq!(call, before);
    assert_eq!(open(&call), [4]);
}

/// Rates, bands, lists and energies outside their ranges.
#[test]
fn unsound_calls_are_refused() {
    let (zero, max) = (Price::ZERO, Tariff::MAX_PRICE);
    assert_eq!(Incentive::try_new(1_001, zero, zero), Err(ResponseError::Tolerance(1_001)));
    for micro in [-1, max.micro_per_kwh() + 1] {
        let got = Price::from_micro_per_kwh(micro);
        let expected = Err(ResponseError::Rate { got, max });
        assert_eq!(Incentive::try_new(0, got, zero), expected);
        assert_eq!(Incentive::try_new(0, zero, got), expected);
        let bytes = bcs::to_bytes(&(0_u32, got, zero)).expect("plain data");
        assert!(bcs::from_bytes::<Incentive>(&bytes).is_err());
    }
    let most = Energy::MAX_PER_SLOT;
    let shared = |threshold, offers: &[Flexibility]| orders(wh(-5), threshold, offers, &SEED);
    assert_eq!(shared(wh(-1), &[]), Err(ResponseError::Threshold(wh(-1))));
    let unordered = Err(ResponseError::Unordered { before: who(2), next: who(1) });
    assert_eq!(shared(wh(0), &[offer(2, 1), offer(1, 1)]), unordered);
    for energy in [-1, most.wh() + 1] {
        let (got, low, high) = (wh(energy), wh(0), most);
        let expected = ResponseError::Energy { participant: who(1), got, low, high };
        assert_eq!(shared(wh(0), &[offer(1, energy)]), Err(expected));
    }
    let row = |who, baseline, energy| (baseline, Change { participant: who, energy });
    let called = |rows: &[(Energy, Change)]| Call::try_new(Slot::ZERO, incentive(), rows);
    let twice = [row(who(1), wh(0), wh(1)), row(who(1), wh(0), wh(1))];
    let unordered = ResponseError::Unordered { before: who(1), next: who(1) };
    assert_eq!(called(&twice), Err(unordered));
    let (low, high) = (wh(-most.wh()), most);
    for got in [wh(most.wh() + 1), wh(-most.wh() - 1)] {
        let expected = Err(ResponseError::Energy { participant: who(1), got, low, high });
        assert_eq!(called(&[row(who(1), got, wh(1))]), expected);
        assert_eq!(called(&[row(who(1), wh(1), got)]), expected);
    }
}

/// Offers of up to 40 participants: few sizes so that remainders tie, or anything.
fn offers() -> impl Strategy<Value = Vec<Flexibility>> {
    let energy = prop_oneof![0..4_i64, 0..5_000_i64, 0..=Energy::MAX_PER_SLOT.wh()];
    prop::collection::vec(energy, 0..40)
        .prop_map(|rows| (0..).zip(rows).map(|(who, energy)| offer(who, energy)).collect())
}

proptest! {
    /// The orders add up to the imbalance, or to all there is; nobody is asked for more than it
    /// offers, nor in the wrong direction; each part is its exact share rounded down or up.
    #[test]
    fn orders_are_exact(
        offers in offers(),
        imbalance in prop_oneof![-30..30_i64, -60_000..60_000_i64, any::<i64>()],
        seed in seeds(),
    ) {
        let changes = orders(wh(imbalance), wh(0), &offers, &seed).expect("sound");
        let all: i128 = offers.iter().map(|offer| i128::from(offer.energy.wh())).sum();
        let target = i128::from(imbalance).abs().min(all);
        let given: i128 = changes.iter().map(|change| i128::from(change.energy.wh()).abs()).sum();
        prop_assert_eq!(given, target);
        for offer in &offers {
            let mine = changes.iter().find(|change| change.participant == offer.participant);
            let size = i128::from(mine.map_or(0, |change| change.energy.wh()));
            prop_assert!(size == 0 || size.signum() == i128::from(imbalance.signum()));
            prop_assert!(size.abs() <= i128::from(offer.energy.wh()));
            let exact = i128::from(offer.energy.wh()) * target;
            prop_assert!((size.abs() * all - exact).abs() < all.max(1));
        }
        prop_assert!(changes.iter().all(|change| change.energy != Energy::ZERO));
    }

    /// I7: who is called for how much does not depend on what others are called, only on lots.
    #[test]
    fn lots_decide_equal_remainders(offers in offers(), seed in seeds(), imbalance in 1..200_i64) {
        let once = orders(wh(imbalance), wh(0), &offers, &seed).expect("sound");
        prop_assert_eq!(&once, &orders(wh(imbalance), wh(0), &offers, &seed).expect("sound"));
        let part = |participant| {
            let mine = once.iter().find(|change| change.participant == participant);
            mine.map_or(0, |change| change.energy.wh())
        };
        for one in &offers {
            for other in offers.iter().filter(|other| other.energy == one.energy) {
                let (a, b) = (part(one.participant), part(other.participant));
                prop_assert!(a <= b || Seed::lot(&seed, one.participant) < seed.lot(other.participant));
            }
        }
    }

    /// Never both, bounded, exact but for one rounding; restated with fractions of 128 bits. And
    /// the operator's line is the exact opposite of all payments.
    #[test]
    fn payments_keep_their_invariants(
        rows in prop::collection::vec((-5_000..5_000_i64, -900..900_i64, -1_500..1_500_i64), 1..20),
        tolerance in 0..=1_000_u32,
        rates in prop::array::uniform2(0..400_000_i64),
    ) {
        let [p_r, p_p] = rates.map(Price::from_micro_per_kwh);
        let incentive = Incentive::try_new(tolerance, p_r, p_p).expect("sound rates");
        let called: Vec<(Energy, Change)> = (0..)
            .zip(&rows)
            .map(|(at, (b, d, _))| (wh(*b), Change { participant: who(at), energy: wh(*d) }))
            .collect();
        let mut call = Call::try_new(Slot::ZERO, incentive, &called).expect("sound");
        let mut paid = 0_i128;
        for (at, (b, d, off)) in (0..).zip(&rows) {
            let m = b + d + off;
            let Ok(got) = call.settle(who(at), meter(m)) else {
                prop_assert_eq!(*d, 0, "no order, no payment");
                continue;
            };
            let (dev, size) = (i128::from(off.abs()), i128::from(d.abs()));
            let within = dev * 1_000 <= i128::from(tolerance) * size;
            match got.payment {
                Payment::Reward(money) => {
                    prop_assert!(within);
                    let moved = i128::from((m - b).abs()).min(size);
                    let exact = moved * i128::from(p_r.micro_per_kwh());
                    prop_assert_eq!(i128::from(money.nano()), exact);
                    prop_assert!(exact <= size * i128::from(p_r.micro_per_kwh()));
                }
                Payment::Penalty(money) => {
                    prop_assert!(!within && money.nano() >= 0);
                    // nano x 1,000 <= p_p (1,000 dev - tol |d|) < (nano + 1) x 1,000
                    let over = dev * 1_000 - i128::from(tolerance) * size;
                    let exact = over * i128::from(p_p.micro_per_kwh());
                    let gap = exact - i128::from(money.nano()) * 1_000;
                    prop_assert!((0..1_000).contains(&gap));
                }
            }
            let achieved = (i128::from(m - b) * i128::from(d.signum())).max(0).min(size);
            prop_assert_eq!(i128::from(got.achieved.wh()), achieved);
            paid += i128::from(got.payment.amount().nano());
        }
        prop_assert_eq!(call.operator() + paid, 0);
        prop_assert_eq!(call.open().count(), 0);
    }
}
