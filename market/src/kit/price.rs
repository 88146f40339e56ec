//! Price rules under test: what a rule has to say of itself, and the checks that it then runs
//! through.
//!
//! In: a rule behind [`Pricing`]. Out: for each invariant how often it was checked and the first
//! region that breaks it. Refuses to know: formulas. What members, the grid and the operator get is
//! added up in `region.rs`, not by the settlement that is tested along.

use std::collections::BTreeMap;

use super::claim::{Claim, Column, Verdict, table};
use super::draw::Draw;
use super::region::{Home, Region};
use crate::energy::Energy;
use crate::error::MarketError;
use crate::fixed::Decimal;
use crate::invariant::Invariant;
use crate::money::Money;
use crate::pricing::{NrgX, NrgXSafe, PriceRule, RegionPrices, RegionTotals};
use crate::settlement::{Terms, settle, totals};
use crate::tariff::Tariff;

/// A price rule that can be examined.
pub trait Pricing {
    /// The head of its column.
    fn name(&self) -> &'static str;

    /// The prices that it posts.
    fn prices(&self, totals: &RegionTotals, tariff: &Tariff) -> RegionPrices;

    /// What it says about an invariant.
    fn claim(&self, invariant: Invariant) -> Claim;

    /// Whether it speaks of regions under this tariff; others are skipped.
    fn speaks_of(&self, _tariff: &Tariff) -> bool {
        true
    }
}

/// Runs `rule` over `cases` regions that `seed` draws.
pub fn examine(rule: &impl Pricing, cases: u32, seed: u64) -> BTreeMap<Invariant, Verdict> {
    let mut draw = Draw::new(seed);
    let mut verdicts: BTreeMap<Invariant, Verdict> = BTreeMap::new();
    for _ in 0..cases {
        let region = Region::draw(&mut draw);
        if !rule.speaks_of(&region.tariff) {
            continue;
        }
        let trial = Trial { rule, region: &region, prices: prices(rule, &region) };
        for invariant in Invariant::ALL {
            let verdict = verdicts.entry(invariant).or_default();
            match trial.check(invariant, &mut draw) {
                None => {}
                Some(Ok(())) => verdict.checked += 1,
                Some(Err(why)) => {
                    verdict.checked += 1;
                    verdict.broken.get_or_insert_with(|| format!("{why} in {region:?}"));
                }
            }
        }
    }
    verdicts
}

/// The invariants that `rule` claims to keep and breaks in `region`, one line each; for a single
/// region that somebody else made.
pub fn breaches(rule: &impl Pricing, region: &Region, draw: &mut Draw) -> Vec<String> {
    if !rule.speaks_of(&region.tariff) {
        return Vec::new();
    }
    let trial = Trial { rule, region, prices: prices(rule, region) };
    let claimed = Invariant::ALL
        .into_iter()
        .filter(|it| matches!(rule.claim(*it), Claim::Keeps | Claim::KeepsWith(_)));
    let broken = claimed.filter_map(|invariant| match trial.check(invariant, draw) {
        Some(Err(how)) => Some(format!("{} breaks {invariant}: {how}", rule.name())),
        _ => None,
    });
    broken.collect()
}

/// The table of [`shipped`] rules.
pub fn shipped_table() -> String {
    let column = |rule: &Shipped| Column::new(rule.name().to_owned(), |it| rule.claim(it));
    table(&shipped().iter().map(column).collect::<Vec<_>>())
}

/// `Ok` if it held, `Err` with the numbers that clash.
type Checked = Result<(), String>;

/// One rule, one region, one question.
struct Trial<'a, R> {
    rule: &'a R,
    region: &'a Region,
    prices: RegionPrices,
}

fn prices(rule: &impl Pricing, region: &Region) -> RegionPrices {
    rule.prices(&region.totals(), &region.tariff)
}

fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(otherwise()) }
}

impl<R: Pricing> Trial<'_, R> {
    /// `None` where the invariant says nothing about this region, or about price rules.
    fn check(&self, invariant: Invariant, draw: &mut Draw) -> Option<Checked> {
        match invariant {
            Invariant::Energy => self.energy(),
            Invariant::Money => self.money(),
            Invariant::Rational => self.rational(),
            Invariant::Bounded => Some(self.bounded()),
            Invariant::Monotone => self.monotone(draw),
            Invariant::Timeless => self.timeless(draw),
            Invariant::Robust => Some(self.robust()),
            Invariant::Scaling => self.scaling(draw),
            Invariant::Splitting => self.splitting(),
            Invariant::Replay => Some(self.replay()),
            Invariant::Budget => Some(self.budget()),
            Invariant::Income => Some(self.income(draw)),
            Invariant::OwnUse => Some(self.own_use()),
            Invariant::Truthful | Invariant::Stated | Invariant::Optimal => None,
        }
    }

    fn terms(&self) -> Terms {
        let surplus = Money::ZERO; // the contracts of a region are made at one price
        Terms { surplus, region: self.prices, tariff: self.region.tariff }
    }

    /// I1: meters and substitutes are the region's net, contracts cancel out, and the totals that
    /// the rule saw are those that settlement takes.
    fn energy(&self) -> Option<Checked> {
        let positions = self.region.positions();
        let settlement = settle(&positions, &self.terms()).ok()?;
        let net: i64 = self.region.homes.iter().map(Home::net).sum();
        let grid = settlement.grid.import.wh() - settlement.grid.export.wh();
        let sums = settlement.sums;
        let is_balanced = sums.bought == sums.sold && grid == net;
        let seen = totals(&positions);
        let is_seen = seen.as_ref() == Ok(&self.region.totals()) && seen == Ok(settlement.totals);
        Some(demand(is_balanced && is_seen, || format!("net {net}, grid {grid}, saw {seen:?}")))
    }

    /// I2: settled, every line is the one added up here, and all of them together are zero.
    fn money(&self) -> Option<Checked> {
        let settlement = match settle(&self.region.positions(), &self.terms()) {
            Ok(settlement) => settlement,
            Err(MarketError::Overflow { .. }) => return None,
            Err(error) => return Some(Err(error.to_string())),
        };
        let region = self.region;
        let books = region.books(&self.prices);
        let pairs = region.homes.iter().zip(&settlement.lines);
        let different = pairs.into_iter().find(|(home, line)| {
            let amount = home.amount(&self.prices, &region.tariff, region.contract());
            amount != i128::from(line.amount().nano())
        });
        let lines: i128 =
            settlement.lines.iter().map(|line| i128::from(line.amount().nano())).sum();
        let [grid, operator] =
            [settlement.grid.amount, settlement.operator].map(|money| i128::from(money.nano()));
        let holds = different.is_none()
            && lines + grid + operator == 0
            && (grid, operator) == (books.grid, books.operator);
        Some(demand(holds, || format!("{lines}, {grid}, {operator} against {books:?}")))
    }

    /// I3: no home without a contract is worse off than with the grid alone.
    fn rational(&self) -> Option<Checked> {
        let Region { tariff, homes } = self.region;
        let alone = |home: &Home| {
            let rate = if home.net() > 0 { tariff.retail() } else { tariff.feed_in() };
            -i128::from(rate.micro_per_kwh()) * i128::from(home.net())
        };
        let mut asked = homes.iter().filter(|home| home.contracted == 0).peekable();
        asked.peek()?;
        let worse = asked
            .find(|home| home.amount(&self.prices, tariff, self.region.contract()) < alone(home));
        Some(demand(worse.is_none(), || format!("{worse:?} at {:?}", self.prices)))
    }

    fn bounded(&self) -> Checked {
        let (low, high) = (self.region.tariff.feed_in(), self.region.tariff.retail());
        let RegionPrices { buy, sell, .. } = self.prices;
        demand(low <= sell && sell <= buy && buy <= high, || format!("{:?}", self.prices))
    }

    /// I5: one home more that only exports lowers no price's bound, one that only imports raises
    /// none. Silent about the first Wh of a region: it ends a special case.
    fn monotone(&self, draw: &mut Draw) -> Option<Checked> {
        let totals = self.region.totals();
        if totals.production() == Energy::ZERO && totals.consumption() == Energy::ZERO {
            return None;
        }
        let more = draw.between(1, 20_000);
        let before = self.prices;
        let glut = prices(self.rule, &self.region.with(Home::read(0, more)));
        let lack = prices(self.rule, &self.region.with(Home::read(more, 0)));
        let falls = glut.sell <= before.sell && glut.buy <= before.buy;
        let rises = before.sell <= lack.sell && before.buy <= lack.buy;
        Some(demand(falls && rises, || format!("{before:?}, {more} Wh: {glut:?}, {lack:?}")))
    }

    /// I7: the same homes in another order.
    fn timeless(&self, draw: &mut Draw) -> Option<Checked> {
        let last = self.region.homes.len().checked_sub(1)?;
        let mut turned = self.region.clone();
        turned.homes.rotate_left(draw.below(last as u64 + 1) as usize);
        turned.homes.swap(0, last);
        let again = totals(&turned.positions()).map(|it| self.rule.prices(&it, &turned.tariff));
        Some(demand(again == Ok(self.prices), || format!("{:?}, then {again:?}", self.prices)))
    }

    /// I9: an ordinary settlement, or a sum that leaves 64 bits.
    fn robust(&self) -> Checked {
        match settle(&self.region.positions(), &self.terms()) {
            Ok(_) | Err(MarketError::Overflow { .. }) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// I10: c times every energy, the same prices.
    fn scaling(&self, draw: &mut Draw) -> Option<Checked> {
        let c = draw.between(2, 50);
        let mut scaled = self.region.clone();
        for home in &mut scaled.homes {
            let Home { import, export, contracted, silent } = *home;
            let [import, export, contracted] = [import * c, export * c, contracted * c];
            *home = Home { import, export, contracted, silent };
        }
        let after = prices(self.rule, &scaled);
        Some(demand(after == self.prices, || format!("{:?}, {c} times {after:?}", self.prices)))
    }

    /// I11: the first home with both registers as a producer and a consumer; any other as two
    /// halves. Up to what posting rounds: one micro-currency per kWh.
    fn splitting(&self) -> Option<Checked> {
        let Region { tariff, homes } = self.region;
        let whole = homes.first().filter(|home| !home.silent && home.contracted == 0)?;
        let Home { import, export, .. } = *whole;
        let parts = if import > 0 && export > 0 {
            [Home::read(import, 0), Home::read(0, export)]
        } else {
            let (half, part) = (import / 2, export / 2);
            [Home::read(half, part), Home::read(import - half, export - part)]
        };
        let mut split = self.region.clone();
        split.homes.splice(..1, parts);
        let after = prices(self.rule, &split);
        let contract = self.region.contract();
        let one = whole.amount(&self.prices, tariff, contract);
        let two: i128 = parts.iter().map(|part| part.amount(&after, tariff, contract)).sum();
        let rounding = i128::from(import + export);
        Some(demand(two <= one + rounding, || format!("one gets {one}, two get {two}")))
    }

    fn replay(&self) -> Checked {
        let again = prices(self.rule, self.region);
        let settled = || settle(&self.region.positions(), &self.terms());
        demand(again == self.prices && settled() == settled(), || format!("{again:?}"))
    }

    /// I13: the operator's line is zero or more and below one nano-currency for each Wh that was
    /// traded at a rounded price, beside what substitutes pay above their worth.
    fn budget(&self) -> Checked {
        let books = self.region.books(&self.prices);
        let left = books.operator - books.substitutes;
        demand(left == 0 || (0..books.open).contains(&left), || {
            format!("{left} left at {:?}", self.prices)
        })
    }

    /// I14: a further home sells, then sells more. Up to what posting rounds: one micro-currency
    /// per kWh.
    fn income(&self, draw: &mut Draw) -> Checked {
        let (own, more) = (draw.between(0, 20_000), draw.between(1, 20_000));
        let income = |export| {
            let home = Home::read(0, export);
            let region = self.region.with(home);
            home.amount(&prices(self.rule, &region), &region.tariff, region.contract())
        };
        let (before, after) = (income(own), income(own + more));
        let rounding = i128::from(own + more);
        demand(before <= after + rounding, || {
            format!("{own} Wh earn {before}, {} Wh {after}", own + more)
        })
    }

    fn own_use(&self) -> Checked {
        demand(self.prices.sell <= self.prices.buy, || format!("{:?}", self.prices))
    }
}

/// A price rule of this crate with parameters that make its flaws visible.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    name: &'static str,
    rule: PriceRule,
    /// Whether the column is about a feed-in price of zero, or about all others; `None`: both.
    free_feed_in: Option<bool>,
}

/// Every price rule there is.
///
/// # Panics
///
/// Never: the parameters are sound.
pub fn shipped() -> Vec<Shipped> {
    let decimal = |text| Decimal::parse(text).expect("a decimal");
    let nrgx = NrgX::try_new(decimal("0.12"), decimal("0.24"), decimal("100"));
    let safe = NrgXSafe::try_new(decimal("0.2"), decimal("0.4"), decimal("0.4"));
    let rule = |name, rule, free_feed_in| Shipped { name, rule, free_feed_in };
    vec![
        rule("nrgx", PriceRule::NrgX(nrgx.expect("sound")), None),
        rule("nrgx-safe", PriceRule::NrgXSafe(safe.expect("sound")), None),
        rule("sdr", PriceRule::SupplyDemand, Some(false)),
        rule("sdr, feed-in 0", PriceRule::SupplyDemand, Some(true)),
        rule("mid-market", PriceRule::MidMarket, None),
        rule("bill-sharing", PriceRule::BillSharing, None),
    ]
}

impl Pricing for Shipped {
    fn name(&self) -> &'static str {
        self.name
    }

    fn prices(&self, totals: &RegionTotals, tariff: &Tariff) -> RegionPrices {
        self.rule.prices(totals, tariff)
    }

    fn claim(&self, invariant: Invariant) -> Claim {
        match invariant {
            Invariant::Truthful | Invariant::Stated | Invariant::Optimal => Claim::NotAsked,
            _ => match self.rule {
                PriceRule::NrgX(_) => claim_of_nrgx(invariant),
                PriceRule::NrgXSafe(_) => claim_of_nrgx_safe(invariant),
                PriceRule::SupplyDemand => claim_of_supply_demand(invariant, self.free_feed_in),
                PriceRule::MidMarket => Claim::Keeps,
                PriceRule::BillSharing => claim_of_bill_sharing(invariant),
            },
        }
    }

    fn speaks_of(&self, tariff: &Tariff) -> bool {
        let is_free = tariff.feed_in().micro_per_kwh() == 0;
        self.free_feed_in.is_none_or(|wanted| wanted == is_free)
    }
}

fn claim_of_nrgx(invariant: Invariant) -> Claim {
    match invariant {
        Invariant::Monotone => Claim::Breaks(
            "the reward rises with production up to balance, on a full line too (congestion)",
        ),
        Invariant::Scaling => Claim::Breaks("a is in kWh^2: another region, another bell"),
        Invariant::Budget => Claim::Breaks(
            "r tc / (tc + tp) and the bell know nothing of each other, nor of the grid",
        ),
        Invariant::Income => {
            Claim::Breaks("beyond balance the bell falls faster than energy grows")
        }
        Invariant::OwnUse => {
            Claim::KeepsWith("only because a region moves the buying price up to the selling price")
        }
        _ => Claim::Keeps,
    }
}

fn claim_of_nrgx_safe(invariant: Invariant) -> Claim {
    match invariant {
        Invariant::Budget => Claim::Breaks("the operator's account takes the difference, by rule"),
        Invariant::Income => Claim::KeepsWith(
            "for alpha from 0.385 on, or a feed-in price that is not far below the top",
        ),
        _ => Claim::Keeps,
    }
}

fn claim_of_supply_demand(invariant: Invariant, free_feed_in: Option<bool>) -> Claim {
    match invariant {
        Invariant::Splitting => Claim::Breaks(
            "the only buyer lowers both prices by showing production and consumption apart",
        ),
        Invariant::Income if free_feed_in == Some(true) => {
            Claim::Breaks("the linear form pays x pb (1 - x / d), which falls from x = d / 2 on")
        }
        _ => Claim::Keeps,
    }
}

fn claim_of_bill_sharing(invariant: Invariant) -> Claim {
    match invariant {
        Invariant::Rational => Claim::Breaks("sellers get less than feed-in, often nothing"),
        Invariant::Bounded => {
            Claim::Breaks("both prices may lie below feed-in, and buy below sell")
        }
        Invariant::Monotone => {
            Claim::Breaks("more surplus raises sell, on a full line too (congestion)")
        }
        Invariant::Splitting => {
            Claim::Breaks("in a surplus, showing more production takes more of the income")
        }
        Invariant::OwnUse => Claim::Breaks("in a surplus buy is 0 and sell is not"),
        _ => Claim::Keeps,
    }
}
