//! Settlement of a slot: one worked by hand, the invariants on drawn ones, and everything that is
//! refused.

use market::{
    Decimal, Energy, Line, MarketError, Meter, Metered, Money, NrgX, NrgXSafe, ParticipantId,
    Position, Price, PriceRule, Promise, Quantity, RegionPrices, RegionTotals, Settlement, Tariff,
    Terms, settle, totals,
};
use proptest::prelude::*;

fn price(micro: i64) -> Price {
    Price::from_micro_per_kwh(micro)
}

fn metered(import: i64, export: i64) -> Meter {
    Meter::Read(
        Metered::try_new(Energy::from_wh(import), Energy::from_wh(export)).expect("bounded"),
    )
}

/// No reading, and `import` as the most that was ever reported.
fn silent(import: i64) -> Meter {
    Meter::Substituted(Energy::from_wh(import))
}

/// A contract made at 0.18.
fn position(who: u32, contracted: i64, meter: Meter) -> Position {
    Position {
        participant: ParticipantId::new(who),
        contracted: Energy::from_wh(contracted),
        contract_amount: Money::from_nano(contracted.saturating_mul(-180_000)),
        meter,
    }
}

fn region(buy: i64, sell: i64) -> RegionPrices {
    RegionPrices { buy: price(buy), sell: price(sell), promise: Promise::Tariff }
}

/// Feed-in 0.08, retail 0.30, the region buys at 0.12 and sells at 0.24, the auction left nothing.
fn terms() -> Terms {
    Terms {
        surplus: Money::ZERO,
        region: region(240_000, 120_000),
        tariff: Tariff::try_new(price(80_000), price(300_000)).expect("in order"),
    }
}

/// A slot worked by hand (prices per Wh in nano-currency: auction 180,000, buy 240,000, sell
/// 120,000, feed-in 80,000, retail 300,000). Participant 1 contracted 300 and used 550; 2 sold 300
/// and gave 500; 3 sold 100 and sent no reading, it once imported 250; 4 has no contract and used
/// 450; 5 bought 100 and sent no reading, it never imported more than 40.
///
/// | who | contract | deviation | amount |
/// |---|---|---|---|
/// | 1 | -300 x 180,000 = -54 m | 250 x 240,000 = -60 m | -114 m |
/// | 2 | +300 x 180,000 = +54 m | 200 x 120,000 = +24 m | +78 m |
/// | 3 | +100 x 180,000 = +18 m | (250 + 100) x 300,000 = -105 m | -87 m |
/// | 4 | 0 | 450 x 240,000 = -108 m | -108 m |
/// | 5 | -100 x 180,000 = -18 m | 100 - 100 = 0 | -18 m |
///
/// Net 550 - 500 + 250 + 450 + 100 = 850 Wh from the grid: 255 m to it. The participants pay 114 +
/// 87 + 108 + 18 - 78 = 249 m, so the operator adds 6 m. What meters counted is 1,000 in and 500
/// out: local 500, half of every metered import, so 275 for 1 and 225 for 4.
#[test]
fn a_slot_settled_by_hand() {
    let positions = [
        position(1, 300, metered(550, 0)),
        position(2, -300, metered(0, 500)),
        position(3, -100, silent(250)),
        position(4, 0, metered(450, 0)),
        position(5, 100, silent(40)),
    ];
    let settlement = settle(&positions, &terms()).expect("a sound slot");
    let amounts: Vec<i64> = settlement.lines.iter().map(|line| line.amount().nano()).collect();
    assert_eq!(amounts, [-114_000_000, 78_000_000, -87_000_000, -108_000_000, -18_000_000]);
    let deviations: Vec<i64> = settlement.lines.iter().map(|line| line.deviation.wh()).collect();
    assert_eq!(deviations, [250, -200, 350, 450, 0]);
    let missing: Vec<bool> = settlement.lines.iter().map(Line::missing).collect();
    assert_eq!(missing, [false, false, true, false, true]);
    assert_eq!(settlement.missing, 2);
    assert_eq!([2, 4].map(|at| settlement.lines[at].meter), [silent(250), silent(100)]);
    let sums = settlement.sums;
    assert_eq!([sums.short, sums.long, sums.substituted].map(Energy::wh), [700, 200, 350]);
    assert_eq!((settlement.grid.import.wh(), settlement.grid.export.wh()), (850, 0));
    assert_eq!(settlement.grid.amount, Money::from_nano(255_000_000));
    assert_eq!(settlement.operator, Money::from_nano(-6_000_000));
    assert_eq!(
        (settlement.totals.production().wh(), settlement.totals.consumption().wh()),
        (500, 1_000)
    );
    assert_eq!(settlement.local.wh(), 500);
    let local: Vec<i64> = settlement.lines.iter().map(|line| line.local_solar.wh()).collect();
    assert_eq!(local, [275, 0, 0, 225, 0]);
}

/// A region that exports: 1,000 Wh given without a contract at 0.12, sold on at 0.08. The operator
/// tops up 40 m.
#[test]
fn the_operator_tops_up_what_the_rule_costs() {
    let settlement = settle(&[position(1, 0, metered(0, 1_000))], &terms()).expect("a sound slot");
    assert_eq!(settlement.lines[0].amount(), Money::from_nano(120_000_000));
    assert_eq!(settlement.grid.export.wh(), 1_000);
    assert_eq!(settlement.grid.amount, Money::from_nano(-80_000_000));
    assert_eq!(settlement.operator, Money::from_nano(-40_000_000));
}

/// Import and export of one slot are both counted, the bill takes their net: a home that imported
/// 300 and exported 100 pays for 200, and its own 100 Wh are the region's local energy.
#[test]
fn both_registers_of_a_slot_count() {
    let settlement = settle(&[position(1, 0, metered(300, 100))], &terms()).expect("a sound slot");
    assert_eq!(settlement.lines[0].amount(), Money::from_nano(-200 * 240_000));
    assert_eq!(settlement.lines[0].local_solar.wh(), 100);
    assert_eq!(settlement.grid.import.wh(), 200);
}

/// An empty slot settles to nothing.
#[test]
fn an_empty_slot_settles_to_nothing() {
    let settlement = settle(&[], &terms()).expect("an empty slot");
    assert_eq!((settlement.operator, settlement.grid.amount), (Money::ZERO, Money::ZERO));
    assert_eq!(settlement.lines, []);
}

/// Every refusal, with the values that clash.
#[test]
fn unsound_slots_are_refused() {
    let (one, two) = (position(1, 5, metered(5, 0)), position(2, -5, metered(0, 5)));
    let who = ParticipantId::new;
    let refused =
        |positions: &[Position], terms: &Terms| settle(positions, terms).expect_err("refused");
    let unordered = MarketError::UnorderedParticipants { before: who(2), next: who(1) };
    assert_eq!(refused(&[two, one], &terms()), unordered);
    assert_eq!(refused(&[one, one], &terms()), MarketError::DuplicateParticipant(who(1)));
    let unbalanced = MarketError::Unbalanced { bought: Energy::from_wh(5), sold: Energy::ZERO };
    assert_eq!(refused(&[one], &terms()), unbalanced);

    let surplus = Money::from_nano(1);
    let expected = MarketError::UnbalancedAmounts { contracts: Money::ZERO, surplus };
    assert_eq!(refused(&[one, two], &Terms { surplus, ..terms() }), expected);
    let (contracts, surplus) = (Money::from_nano(-7), Money::ZERO);
    let dear = Position { contract_amount: Money::from_nano(-900_007), ..one };
    let expected = MarketError::UnbalancedAmounts { contracts, surplus };
    assert_eq!(refused(&[dear, two], &terms()), expected);
    let (low, high) = (price(80_000), price(300_000));
    for (buy, sell) in [(119_999, 120_000), (300_001, 120_000), (240_000, 79_999)] {
        let crossed = Terms { region: region(buy, sell), ..terms() };
        let (buy, sell) = (price(buy), price(sell));
        assert_eq!(
            refused(&[one, two], &crossed),
            MarketError::RegionPrices { buy, sell, low, high }
        );
    }

    let most = Energy::MAX_PER_SLOT.wh();
    for wild in [-1, most + 1] {
        let import = Energy::from_wh(wild);
        let expected =
            MarketError::Metered { import, export: Energy::ZERO, max: Energy::MAX_PER_SLOT };
        assert_eq!(refused(&[position(1, 0, silent(wild))], &terms()), expected);
    }

    let large = [position(1, i64::MIN, metered(5, 0))];
    assert_eq!(refused(&large, &terms()), MarketError::Overflow { what: Quantity::Deviation });
    let contracts = |wh: i64| [position(1, wh, metered(5, 0)), position(2, -wh, metered(0, 5))];
    let (surplus, deficit) = (Energy::from_wh(1 << 62), Energy::from_wh(1 << 62));
    let expected = MarketError::OpenTotals { surplus, deficit, max: RegionTotals::MAX };
    assert_eq!(refused(&contracts((1 << 62) + 5), &terms()), expected);
    let overflow = MarketError::Overflow { what: Quantity::Amount };
    assert_eq!(refused(&contracts(RegionTotals::MAX.wh()), &terms()), overflow);
}

/// A reading is two register differences, both bounded and not negative, also when it comes from
/// outside.
#[test]
fn readings_are_bounded() {
    let most = Energy::MAX_PER_SLOT.wh();
    for (import, export, fits) in
        [(0, 0, true), (most, most, true), (-1, 0, false), (0, most + 1, false)]
    {
        let (import, export) = (Energy::from_wh(import), Energy::from_wh(export));
        let expected = MarketError::Metered { import, export, max: Energy::MAX_PER_SLOT };
        assert_eq!(Metered::try_new(import, export).err(), (!fits).then_some(expected));
        let bytes = bcs::to_bytes(&(import, export)).expect("plain data");
        assert_eq!(bcs::from_bytes::<Metered>(&bytes).is_ok(), fits);
    }
}

/// A slot of up to 30 participants: contracts that balance, at one price or at one per side, readings
/// near and far from them, some missing.
fn slots() -> impl Strategy<Value = (Vec<Position>, Terms)> {
    let row = (-3_000..3_000_i64, 0..4_000_i64, 0..4_000_i64, 0..10_u32);
    let prices = prop::array::uniform6(0..500_000_i64);
    (prop::collection::vec(row, 0..30), prices).prop_map(|(rows, mut prices)| {
        prices.sort_unstable();
        // The auction's sellers get the first of its prices, its buyers pay the second.
        let region = region(prices[4], prices[1]);
        let [feed_in, _, gets, pays, _, retail] = prices.map(price);
        let contract = |who, contracted: i64, meter| {
            let rate = if contracted > 0 { pays } else { gets };
            let contract_amount = Money::from_nano(-contracted * rate.micro_per_kwh());
            Position { contract_amount, ..position(who, contracted, meter) }
        };
        let mut open = 0;
        let mut positions: Vec<Position> = Vec::new();
        for (who, (contracted, import, export, kind)) in (0..).zip(rows) {
            let reading = match kind {
                0 => silent(import),
                1..=3 => metered(contracted.max(0), -contracted.min(0)), // kept to the Wh
                _ => metered(import, export),
            };
            open += contracted;
            positions.push(contract(who, contracted, reading));
        }
        // One more participant takes the other side of what is left open.
        positions.push(contract(1_000, -open, metered(0, 0)));
        let left: i64 = positions.iter().map(|position| position.contract_amount.nano()).sum();
        let surplus = Money::from_nano(-left);
        let tariff = Tariff::try_new(feed_in, retail).expect("sorted");
        (positions, Terms { surplus, region, tariff })
    })
}

/// What a position is settled on, restated.
fn net(position: &Position) -> i64 {
    match position.meter {
        Meter::Read(metered) => metered.import().wh() - metered.export().wh(),
        Meter::Substituted(import) => import.wh().max(position.contracted.wh()),
    }
}

fn settled(positions: &[Position], terms: &Terms) -> Settlement {
    settle(positions, terms).expect("a sound slot")
}

proptest! {
    /// I1: what the meters counted, substitutes standing in for missing readings, is the region's
    /// net with the grid; and contracts have a seller for every buyer.
    #[test]
    fn energy_is_conserved((positions, terms) in slots()) {
        let settlement = settled(&positions, &terms);
        let region: i64 = positions.iter().map(net).sum();
        let grid = settlement.grid.import.wh() - settlement.grid.export.wh();
        prop_assert_eq!(region, grid);
        prop_assert_eq!(settlement.sums.net.wh(), region);
        prop_assert!(settlement.grid.import.wh() == 0 || settlement.grid.export.wh() == 0);
        prop_assert_eq!(settlement.sums.bought, settlement.sums.sold);
    }

    /// I2: all account changes together are exactly zero, restated from the lines in 128 bits.
    #[test]
    fn money_is_conserved((positions, terms) in slots()) {
        let settlement = settled(&positions, &terms);
        let nano = |money: Money| i128::from(money.nano());
        let lines: i128 = settlement
            .lines
            .iter()
            .map(|l| nano(l.contract_amount) + nano(l.deviation_amount))
            .sum();
        prop_assert_eq!(lines + nano(settlement.grid.amount) + nano(settlement.operator), 0);
        prop_assert_eq!(nano(settlement.sums.participants), lines);
        // Contracts alone are zero-sum with what the auction left: it needs nobody's money.
        let contracts: i128 = settlement.lines.iter().map(|l| nano(l.contract_amount)).sum();
        prop_assert_eq!(contracts + nano(settlement.surplus), 0);
        prop_assert_eq!(settlement.surplus, terms.surplus);
    }

    /// I3: with the contract kept or exceeded, or without one, nobody is worse off than with the
    /// grid alone; nor is anybody without a reading, on its substitute.
    #[test]
    fn nobody_who_keeps_the_contract_is_worse_off_than_with_the_grid(
        (positions, terms) in slots(),
    ) {
        let settlement = settled(&positions, &terms);
        for (position, line) in positions.iter().zip(&settlement.lines) {
            let (net, q) = (net(position), position.contracted.wh());
            let kept = (0 <= q && q <= net) || (net <= q && q <= 0);
            if kept || q == 0 {
                let rate = if net > 0 { terms.tariff.retail() } else { terms.tariff.feed_in() };
                let alone = -net * rate.micro_per_kwh();
                prop_assert!(line.amount().nano() >= alone, "{line:?} against {alone}");
            }
        }
    }

    /// Local energy is handed out once: never more than there was, and less only by roundings below
    /// 1 Wh each.
    #[test]
    fn local_energy_is_handed_out_once((positions, terms) in slots()) {
        let settlement = settled(&positions, &terms);
        let given: i64 = settlement.lines.iter().map(|line| line.local_solar.wh()).sum();
        let metered = |line: &Line| line.meter.reading().map_or(0, |reading| reading.import().wh());
        let importers = settlement.lines.iter().filter(|line| metered(line) > 0).count() as i64;
        prop_assert!(given <= settlement.local.wh());
        prop_assert!(settlement.local.wh() - given <= importers);
        for line in &settlement.lines {
            prop_assert!((0..=metered(line)).contains(&line.local_solar.wh()));
        }
    }

    /// Withholding a reading moves no price: the totals are those of the slot without that
    /// participant.
    #[test]
    fn a_missing_reading_adds_nothing_to_the_totals(
        (positions, _) in slots(),
        pick in any::<prop::sample::Index>(),
    ) {
        let at = pick.index(positions.len());
        let mut withheld = positions.clone();
        withheld[at].meter = silent(4_000);
        let mut without = positions;
        without.remove(at);
        prop_assert_eq!(totals(&withheld), totals(&without));
    }

    /// I10: c times every energy gives c times every amount, exactly.
    #[test]
    fn amounts_scale_with_energy((positions, terms) in slots(), factor in 2..20_i64) {
        let times = |energy: Energy| Energy::from_wh(energy.wh() * factor);
        let scaled: Vec<Position> = positions
            .iter()
            .map(|p| Position {
                contracted: times(p.contracted),
                contract_amount: Money::from_nano(p.contract_amount.nano() * factor),
                meter: match p.meter {
                    Meter::Read(m) => metered(m.import().wh() * factor, m.export().wh() * factor),
                    Meter::Substituted(import) => silent(import.wh() * factor),
                },
                ..*p
            })
            .collect();
        let surplus = Money::from_nano(terms.surplus.nano() * factor);
        let larger = Terms { surplus, ..terms };
        let (before, after) = (settled(&positions, &terms), settled(&scaled, &larger));
        prop_assert_eq!(before.operator.nano() * factor, after.operator.nano());
        for (small, large) in before.lines.iter().zip(&after.lines) {
            prop_assert_eq!(small.amount().nano() * factor, large.amount().nano());
        }
    }
}

/// The price rules there are, for a tariff of 0.08 to 0.30.
fn rules() -> [PriceRule; 5] {
    let decimal = |text| Decimal::parse(text).expect("a decimal");
    let published = NrgX::try_new(decimal("0.12"), decimal("0.24"), decimal("100"));
    let safe = NrgXSafe::try_new(decimal("0.2"), decimal("0.4"), decimal("0.25"));
    [
        PriceRule::NrgX(published.expect("sound")),
        PriceRule::NrgXSafe(safe.expect("sound")),
        PriceRule::SupplyDemand,
        PriceRule::MidMarket,
        PriceRule::BillSharing,
    ]
}

/// What the participant at `at` gets in a slot whose prices follow from what the meters counted.
fn total(positions: &[Position], at: usize, rule: &PriceRule) -> i64 {
    let region = rule.prices(&totals(positions).expect("bounded"), &terms().tariff);
    let left: i64 = positions.iter().map(|position| position.contract_amount.nano()).sum();
    let terms = Terms { surplus: Money::from_nano(-left), region, ..terms() };
    settled(positions, &terms).lines[at].amount().nano()
}

/// Silence never pays: with the reading withheld a participant gets at most what it gets with any
/// true reading whose import is at most the largest it ever reported - other prices for everybody,
/// which its reading brings, included. Over 2,000 drawn slots silence costs in many, and would
/// have paid in many if it were settled as contracted.
#[test]
fn withholding_a_reading_never_pays() {
    use proptest::test_runner::{Config, TestRunner};
    use std::cell::Cell;
    let (costs, would_have_paid) = (Cell::new(0_u32), Cell::new(0_u32));
    let truths = (0..4_000_i64, 0..4_000_i64, 0..2_000_i64);
    let cases = (slots(), any::<prop::sample::Index>(), truths);
    let config = Config { cases: 1_000, failure_persistence: None, ..Config::default() };
    let claim = TestRunner::new(config).run(&cases, |((mut slot, _), pick, truth)| {
        let (import, export, above) = truth;
        let at = pick.index(slot.len());
        for rule in rules() {
            slot[at].meter = metered(import, export);
            let told = total(&slot, at, &rule);
            // Half of the time the true import is the largest ever.
            slot[at].meter = silent(import + (above - 1_000).max(0));
            let withheld = total(&slot, at, &rule);
            prop_assert!(withheld <= told, "{withheld} withheld, {told} told");
            costs.set(costs.get() + u32::from(withheld < told));
            let as_contracted = slot[at].contract_amount.nano();
            would_have_paid.set(would_have_paid.get() + u32::from(as_contracted > told));
        }
        Ok(())
    });
    claim.expect("silence does not pay");
    let counts = [costs.get(), would_have_paid.get()];
    assert!(counts.iter().all(|count| *count > 200), "{counts:?}");
}
