//! Settlement of a slot: one worked by hand, the invariants on drawn ones, and everything that is
//! refused.

use market::{
    Energy, Line, MarketError, Metered, Money, ParticipantId, Position, Price, Quantity,
    RegionPrices, Settlement, Tariff, Terms, settle, totals,
};
use proptest::prelude::*;

fn price(micro: i64) -> Price {
    Price::from_micro_per_kwh(micro)
}

fn metered(import: i64, export: i64) -> Option<Metered> {
    Some(Metered::try_new(Energy::from_wh(import), Energy::from_wh(export)).expect("bounded"))
}

fn position(who: u32, contracted: i64, metered: Option<Metered>) -> Position {
    Position {
        participant: ParticipantId::new(who),
        contracted: Energy::from_wh(contracted),
        metered,
    }
}

/// Feed-in 0.08, retail 0.30, the region buys at 0.12 and sells at 0.24, the auction traded at
/// 0.18.
fn terms() -> Terms {
    Terms {
        auction: Some(price(180_000)),
        region: RegionPrices { buy: price(240_000), sell: price(120_000) },
        tariff: Tariff::try_new(price(80_000), price(300_000)).expect("in order"),
    }
}

/// A slot worked by hand (prices per Wh in nano-currency: auction 180,000, buy 240,000, sell
/// 120,000, feed-in 80,000, retail 300,000). Participant 1 contracted 400 and used 550; 2 sold 300
/// and gave 500; 3 sold 100 and sent no reading; 4 has no contract and used 450.
///
/// | who | contract | deviation | amount |
/// |---|---|---|---|
/// | 1 | -400 x 180,000 = -72 m | 150 x 240,000 = -36 m | -108 m |
/// | 2 | +300 x 180,000 = +54 m | 200 x 120,000 = +24 m | +78 m |
/// | 3 | +100 x 180,000 = +18 m | 0 | +18 m |
/// | 4 | 0 | 450 x 240,000 = -108 m | -108 m |
///
/// Net 550 - 500 - 100 + 450 = 400 Wh from the grid: 120 m to it. All but the operator: 78, 18 and
/// 120 against 108 and 108, so the operator has 0. Imports 1,000, exports 500: local 500, half of
/// every import, so 275 for 1 and 225 for 4.
#[test]
fn a_slot_settled_by_hand() {
    let positions = [
        position(1, 400, metered(550, 0)),
        position(2, -300, metered(0, 500)),
        position(3, -100, None),
        position(4, 0, metered(450, 0)),
    ];
    let settlement = settle(&positions, &terms()).expect("a sound slot");
    let amounts: Vec<i64> = settlement.lines.iter().map(|line| line.amount().nano()).collect();
    assert_eq!(amounts, [-108_000_000, 78_000_000, 18_000_000, -108_000_000]);
    let deviations: Vec<i64> = settlement.lines.iter().map(|line| line.deviation.wh()).collect();
    assert_eq!(deviations, [150, -200, 0, 450]);
    let missing: Vec<bool> = settlement.lines.iter().map(Line::missing).collect();
    assert_eq!(missing, [false, false, true, false]);
    assert_eq!(settlement.missing, 1);
    assert_eq!((settlement.grid.import.wh(), settlement.grid.export.wh()), (400, 0));
    assert_eq!(settlement.grid.amount, Money::from_nano(120_000_000));
    assert_eq!(settlement.operator, Money::ZERO);
    assert_eq!(
        (settlement.totals.production().wh(), settlement.totals.consumption().wh()),
        (500, 1_000)
    );
    assert_eq!(settlement.local.wh(), 500);
    let local: Vec<i64> = settlement.lines.iter().map(|line| line.local_solar.wh()).collect();
    assert_eq!(local, [275, 0, 0, 225]);
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
    let nothing = Terms { auction: None, ..terms() };
    let settlement = settle(&[], &nothing).expect("an empty slot");
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

    let unpriced = Terms { auction: None, ..terms() };
    let expected =
        MarketError::NoAuctionPrice { participant: who(1), contracted: Energy::from_wh(5) };
    assert_eq!(refused(&[one, two], &unpriced), expected);
    let outside = Terms { auction: Some(price(300_001)), ..terms() };
    let (low, high) = (price(80_000), price(300_000));
    let expected = MarketError::PriceOutsideTariff { got: price(300_001), low, high };
    assert_eq!(refused(&[one, two], &outside), expected);
    for (buy, sell) in [(119_999, 120_000), (300_001, 120_000), (240_000, 79_999)] {
        let (buy, sell) = (price(buy), price(sell));
        let crossed = Terms { region: RegionPrices { buy, sell }, ..terms() };
        assert_eq!(
            refused(&[one, two], &crossed),
            MarketError::RegionPrices { buy, sell, low, high }
        );
    }

    let large = [position(1, i64::MIN, metered(5, 0))];
    assert_eq!(refused(&large, &terms()), MarketError::Overflow { what: Quantity::Deviation });
    let large =
        [position(1, i64::MAX / 2, metered(5, 0)), position(2, -i64::MAX / 2, metered(0, 5))];
    assert_eq!(refused(&large, &terms()), MarketError::Overflow { what: Quantity::Amount });
}

/// A reading is two register differences, both bounded and not negative, also when it comes from
/// outside.
#[test]
fn readings_are_bounded() {
    let most = Metered::MAX.wh();
    for (import, export, fits) in
        [(0, 0, true), (most, most, true), (-1, 0, false), (0, most + 1, false)]
    {
        let (import, export) = (Energy::from_wh(import), Energy::from_wh(export));
        let expected = MarketError::Metered { import, export, max: Metered::MAX };
        assert_eq!(Metered::try_new(import, export).err(), (!fits).then_some(expected));
        let bytes = bcs::to_bytes(&(import, export)).expect("plain data");
        assert_eq!(bcs::from_bytes::<Metered>(&bytes).is_ok(), fits);
    }
}

/// A slot of up to 30 participants: contracts that balance, readings near and far from them, some
/// missing.
fn slots() -> impl Strategy<Value = (Vec<Position>, Terms)> {
    let row = (-3_000..3_000_i64, 0..4_000_i64, 0..4_000_i64, 0..10_u32);
    let prices = prop::array::uniform5(0..500_000_i64);
    (prop::collection::vec(row, 0..30), prices).prop_map(|(rows, mut prices)| {
        prices.sort_unstable();
        let [feed_in, sell, auction, buy, retail] = prices.map(price);
        let mut open = 0;
        let mut positions: Vec<Position> = Vec::new();
        for (who, (contracted, import, export, kind)) in (0..).zip(rows) {
            let reading = match kind {
                0 => None,
                1..=3 => metered(contracted.max(0), -contracted.min(0)), // kept to the Wh
                _ => metered(import, export),
            };
            open += contracted;
            positions.push(position(who, contracted, reading));
        }
        // One more participant takes the other side of what is left open.
        positions.push(position(1_000, -open, metered(0, 0)));
        let tariff = Tariff::try_new(feed_in, retail).expect("sorted");
        (positions, Terms { auction: Some(auction), region: RegionPrices { buy, sell }, tariff })
    })
}

fn settled(positions: &[Position], terms: &Terms) -> Settlement {
    settle(positions, terms).expect("a sound slot")
}

proptest! {
    /// I1: what the meters counted, contracts standing in for missing readings, is the region's net
    /// with the grid; and contracts have a seller for every buyer.
    #[test]
    fn energy_is_conserved((positions, terms) in slots()) {
        let settlement = settled(&positions, &terms);
        let net = |p: &Position| {
            p.metered.map_or(p.contracted.wh(), |m| m.import().wh() - m.export().wh())
        };
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
        // Contracts alone are zero-sum too: the auction needs nobody's money.
        let contracts: i128 = settlement.lines.iter().map(|l| nano(l.contract_amount)).sum();
        prop_assert_eq!(contracts, 0);
    }

    /// I3: with the contract kept or exceeded, or without one, nobody is worse off than with the
    /// grid alone.
    #[test]
    fn nobody_who_keeps_the_contract_is_worse_off_than_with_the_grid(
        (positions, terms) in slots(),
    ) {
        let settlement = settled(&positions, &terms);
        for (position, line) in positions.iter().zip(&settlement.lines) {
            let (net, q) = (
                position.metered.map_or(position.contracted, |m| m.net()).wh(),
                position.contracted.wh(),
            );
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
        let importers =
            settlement.lines.iter().filter(|l| l.metered.is_some_and(|m| m.import().is_positive()));
        let importers = importers.count() as i64;
        prop_assert!(given <= settlement.local.wh());
        prop_assert!(settlement.local.wh() - given <= importers);
        for line in &settlement.lines {
            let import = line.metered.map_or(Energy::ZERO, |metered| metered.import());
            prop_assert!(Energy::ZERO <= line.local_solar && line.local_solar <= import);
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
        withheld[at].metered = None;
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
                metered: p.metered.map(|m| {
                    Metered::try_new(times(m.import()), times(m.export())).expect("bounded")
                }),
                ..*p
            })
            .collect();
        let (before, after) = (settled(&positions, &terms), settled(&scaled, &terms));
        prop_assert_eq!(before.operator.nano() * factor, after.operator.nano());
        for (small, large) in before.lines.iter().zip(&after.lines) {
            prop_assert_eq!(small.amount().nano() * factor, large.amount().nano());
        }
    }
}
