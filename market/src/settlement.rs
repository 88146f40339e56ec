//! Settlement of a slot: what each meter counted against what its owner had contracted.
//!
//! In: one position per participant, what the auction left with the operator, the region's two
//! prices, the tariff. Out: one line per participant, the grid's, the operator's, and the sums that
//! show that nothing was lost. Refuses to know: accounts, orders, at which prices contracts were
//! made, readings that arrive late.
//!
//! # Rules
//!
//! - Contracted energy settles at the amount that the auction gave it, exactly. What buyers paid
//!   there beyond what sellers got is the operator's, and part of its line.
//! - The deviation is net metered energy less contracted energy. What is above zero is bought at
//!   the region's buying price, what is below is sold at its selling price, exactly.
//! - A participant without a reading is settled on a *substitute* (ours; a profile scaled to the
//!   home is the usual one) and flagged: it exports nothing and imports the most that its meter has
//!   ever reported, or what its connection can carry if it never did, and never less than what it
//!   bought. What the substitute exceeds the contract by is bought at retail, the price no region
//!   exceeds. It adds nothing to the region's totals, so that it moves no price, but it is energy
//!   that somebody has to deliver: it counts in the region's net.
//! - The region's net import is bought from the grid at retail, its net export sold at feed-in. The
//!   operator pays the grid.
//! - The operator's line is the difference that makes all lines together exactly zero (I2), the
//!   auction's surplus included.
//! - Physically local energy is the smaller one of all imports and all exports. Each importer's
//!   share of it is pro rata to its import, rounded down: nobody is credited with local energy that
//!   did not exist, and a substitute is credited with none (ours).
//!
//! # Guarantees
//!
//! *Silence never pays*: without its reading a participant gets at most what it would have got with
//! any true reading whose import is at most the substitute, whatever price rule the region has. Let
//! c be its contract, s >= c the substitute and e the deviation of the true reading. If e > 0, it
//! would have paid e times a price of at most retail, and e <= s - c; otherwise it would have been
//! paid, or nothing; silence costs (s - c) times retail in both cases. The exception is a home that
//! imports more than it ever reported: its substitute is below the truth for as long as it is
//! silent.
//!
//! *Energy (I1)*: bought equals sold, and the region's net with the grid is the sum of all meters,
//! substitutes included. The other half of I1, that meters equal a feeder's meter plus losses, is
//! not checked: no feeder meter exists here, so the grid line is what the meters say, and losses
//! are nobody's.

use serde::{Deserialize, Serialize};

use crate::energy::Energy;
use crate::error::{MarketError, Quantity};
use crate::ids::ParticipantId;
use crate::meter::{Meter, Metered};
use crate::money::Money;
use crate::pricing::{RegionPrices, RegionTotals};
use crate::tariff::Tariff;

/// One participant of the slot before settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Who.
    pub participant: ParticipantId,
    /// Energy bought in the auction, negative if sold.
    pub contracted: Energy,
    /// What the auction changes on its account for that: positive is received.
    pub contract_amount: Money,
    /// What the meter counted, or the import that stands in for it; where that is less than what
    /// was bought, settlement takes what was bought.
    pub meter: Meter,
}

/// What a slot is settled at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Terms {
    /// What the auction left with the operator: with all contract amounts exactly zero.
    pub surplus: Money,
    /// The region's prices for what was not contracted.
    pub region: RegionPrices,
    /// The grid's prices, which bound the others.
    pub tariff: Tariff,
}

/// What one participant pays and gets. Amounts are changes of its account: positive is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    /// Who.
    pub participant: ParticipantId,
    /// Energy bought in the auction, negative if sold.
    pub contracted: Energy,
    /// What the meter counted, or the import that was settled in its place.
    pub meter: Meter,
    /// Net energy of the meter less contracted energy.
    pub deviation: Energy,
    /// For the contracted energy, as the auction said.
    pub contract_amount: Money,
    /// For the deviation, at the region's prices, or at retail if no reading came.
    pub deviation_amount: Money,
    /// The part of its import that was produced in the region in the same slot.
    pub local_solar: Energy,
}

impl Line {
    /// Change of the participant's account; `settle` has checked that it fits.
    pub const fn amount(&self) -> Money {
        Money::from_nano(self.contract_amount.nano() + self.deviation_amount.nano())
    }

    /// Whether the slot was settled without a reading.
    pub const fn missing(&self) -> bool {
        matches!(self.meter, Meter::Substituted(_))
    }
}

/// The region's exchange with the grid. One of the energies is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GridLine {
    /// Net energy the region took from the grid.
    pub import: Energy,
    /// Net energy the region gave to the grid.
    pub export: Energy,
    /// Change of the grid's account, paid by or to the operator.
    pub amount: Money,
}

/// The sums of a settled slot, each over all participants, for whoever wants to check them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sums {
    /// Contracted energy of the buyers; equals `sold` (I1).
    pub bought: Energy,
    /// Contracted energy of the sellers.
    pub sold: Energy,
    /// Net energy of all meters, substitutes included; equals the grid line's net (I1).
    pub net: Energy,
    /// Deviations above zero of those with a reading, bought at the region's buying price.
    pub short: Energy,
    /// Deviations below zero, without their sign, sold at the region's selling price.
    pub long: Energy,
    /// Deviations of those without a reading, none below zero, bought at retail.
    pub substituted: Energy,
    /// Changes of all participants' accounts; with the grid's and the operator's exactly zero (I2).
    pub participants: Money,
}

/// A settled slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Settlement {
    /// One line per position, in the same order.
    pub lines: Vec<Line>,
    /// The region's exchange with the grid.
    pub grid: GridLine,
    /// Change of the operator's own account: the named receiver of every difference.
    pub operator: Money,
    /// The part of the operator's line that the auction left.
    pub surplus: Money,
    /// What the meters counted, and what of it was settled at the region's prices.
    pub totals: RegionTotals,
    /// Energy that was produced and used in the region within the slot.
    pub local: Energy,
    /// Positions without a reading.
    pub missing: u32,
    /// The sums behind I1 and I2.
    pub sums: Sums,
}

/// What the meters of a region counted in a slot, and what of it is open: deviations above zero are
/// the deficit, those below the surplus. Missing readings add nothing to either.
///
/// # Errors
///
/// [`MarketError::Totals`] and [`MarketError::OpenTotals`] beyond [`RegionTotals::MAX`].
pub fn totals(positions: &[Position]) -> Result<RegionTotals, MarketError> {
    let (mut production, mut consumption, mut surplus, mut deficit) = (0_i128, 0, 0, 0);
    for position in positions {
        if let Some(metered) = position.meter.reading() {
            let contracted = i128::from(position.contracted.wh());
            let deviation = i128::from(metered.net().wh()) - contracted;
            production += i128::from(metered.export().wh());
            consumption += i128::from(metered.import().wh());
            surplus -= deviation.min(0);
            deficit += deviation.max(0);
        }
    }
    let [production, consumption] =
        [energy(production, Quantity::Metered)?, energy(consumption, Quantity::Metered)?];
    let [surplus, deficit] =
        [energy(surplus, Quantity::Deviation)?, energy(deficit, Quantity::Deviation)?];
    RegionTotals::try_new(production, consumption)?.with_open(surplus, deficit)
}

/// Settles a slot. `positions` ascend by participant.
///
/// # Errors
///
/// [`MarketError::UnorderedParticipants`] or [`MarketError::DuplicateParticipant`];
/// [`MarketError::Unbalanced`] if bought and sold contracts differ;
/// [`MarketError::UnbalancedAmounts`] if their amounts and the surplus are not zero together;
/// [`MarketError::RegionPrices`] and [`MarketError::SharedPrices`] for region prices outside what
/// their rule promises (I4 for all rules but bill sharing); [`MarketError::Metered`] for a substitute
/// that no meter could have reported; [`MarketError::Totals`], [`MarketError::OpenTotals`] and
/// [`MarketError::Overflow`].
pub fn settle(positions: &[Position], terms: &Terms) -> Result<Settlement, MarketError> {
    check(positions, terms)?;
    let totals = totals(positions)?;
    let local = totals.production().min(totals.consumption());
    let mut lines = Vec::with_capacity(positions.len());
    let mut tally = Tally::default();
    for position in positions {
        let line = line(position, terms, local, totals.consumption())?;
        tally.add(&line);
        lines.push(line);
    }
    let grid = tally.grid(&terms.tariff)?;
    let sums = tally.sums(terms.surplus)?;
    let operator = tally.operator(terms, &grid)?;
    assert!(
        tally.participants + i128::from(grid.amount.nano()) + i128::from(operator.nano()) == 0,
        "the operator's line is what makes all lines together zero"
    );
    let (surplus, missing) = (terms.surplus, tally.missing);
    Ok(Settlement { lines, grid, operator, surplus, totals, local, missing, sums })
}

/// Everything that can be refused before the first line is computed.
fn check(positions: &[Position], terms: &Terms) -> Result<(), MarketError> {
    terms.region.check(&terms.tariff)?;
    for pair in positions.windows(2) {
        let (before, next) = (pair[0].participant, pair[1].participant);
        if before == next {
            return Err(MarketError::DuplicateParticipant(next));
        }
        if before > next {
            return Err(MarketError::UnorderedParticipants { before, next });
        }
    }
    for position in positions {
        if let Meter::Substituted(import) = position.meter {
            Metered::try_new(import, Energy::ZERO)?;
        }
    }
    Ok(())
}

fn line(
    position: &Position,
    terms: &Terms,
    local: Energy,
    consumption: Energy,
) -> Result<Line, MarketError> {
    let Position { participant, contracted, contract_amount, meter } = *position;
    let meter = match meter {
        Meter::Substituted(import) => Meter::Substituted(import.max(contracted)),
        read => read,
    };
    let deviation = meter.net().checked_sub(contracted);
    let deviation = deviation.ok_or(MarketError::Overflow { what: Quantity::Deviation })?;
    let rate = match meter {
        Meter::Substituted(_) => terms.tariff.retail(),
        Meter::Read(_) if deviation.is_positive() => terms.region.buy,
        Meter::Read(_) => terms.region.sell,
    };
    let overflow = MarketError::Overflow { what: Quantity::Amount };
    let deviation_amount = rate.checked_mul(deviation).and_then(Money::checked_neg);
    let deviation_amount = deviation_amount
        .filter(|amount| contract_amount.checked_add(*amount).is_some())
        .ok_or(overflow)?;
    let import = meter.reading().map_or(Energy::ZERO, |metered| metered.import());
    let local_solar = share(import, local, consumption);
    Ok(Line {
        participant,
        contracted,
        meter,
        deviation,
        contract_amount,
        deviation_amount,
        local_solar,
    })
}

/// `import * local / consumption` rounded down, for `import <= consumption` and `local <=
/// consumption`.
fn share(import: Energy, local: Energy, consumption: Energy) -> Energy {
    if local == consumption || import == Energy::ZERO {
        return import;
    }
    // Almost every product fits 64 bits, where a division is several times faster.
    let wh = match import.wh().checked_mul(local.wh()) {
        Some(product) => product / consumption.wh(),
        None => {
            let product = i128::from(import.wh()) * i128::from(local.wh());
            (product / i128::from(consumption.wh())) as i64
        }
    };
    Energy::from_wh(wh)
}

/// The running sums over the lines. In 128 bits no sum of 64-bit numbers overflows.
#[derive(Default)]
struct Tally {
    bought: i128,
    sold: i128,
    short: i128,
    long: i128,
    substituted: i128,
    contracts: i128,
    participants: i128,
    missing: u32,
}

impl Tally {
    fn add(&mut self, line: &Line) {
        let (contracted, deviation) = (line.contracted.wh().into(), line.deviation.wh().into());
        self.bought += i128::max(contracted, 0);
        self.sold -= i128::min(contracted, 0);
        if line.missing() {
            self.substituted += deviation;
        } else {
            self.short += i128::max(deviation, 0);
            self.long -= i128::min(deviation, 0);
        }
        self.contracts += i128::from(line.contract_amount.nano());
        self.participants += i128::from(line.amount().nano());
        self.missing += u32::from(line.missing());
    }

    /// Net energy of all meters: contracts cancel out, so only deviations are left.
    fn net(&self) -> Result<Energy, MarketError> {
        energy(self.short + self.substituted - self.long, Quantity::Metered)
    }

    /// The region's net with the grid.
    fn grid(&self, tariff: &Tariff) -> Result<GridLine, MarketError> {
        let net = self.net()?;
        let rate = if net.is_positive() { tariff.retail() } else { tariff.feed_in() };
        let amount = rate.checked_mul(net);
        let amount = amount.ok_or(MarketError::Overflow { what: Quantity::GridAmount })?;
        let zero = Energy::ZERO;
        let export = zero.checked_sub(net.min(zero));
        let export = export.ok_or(MarketError::Overflow { what: Quantity::Metered })?;
        Ok(GridLine { import: net.max(zero), export, amount })
    }

    /// The operator's line from the surplus and the sums of energy, not from the other lines, so
    /// that comparing the two means something.
    fn operator(&self, terms: &Terms, grid: &GridLine) -> Result<Money, MarketError> {
        let (buy, sell) = (terms.region.buy.micro_per_kwh(), terms.region.sell.micro_per_kwh());
        let retail = terms.tariff.retail().micro_per_kwh();
        let nano = self.short * i128::from(buy) + self.substituted * i128::from(retail)
            - self.long * i128::from(sell)
            - i128::from(grid.amount.nano())
            + i128::from(terms.surplus.nano());
        let overflow = MarketError::Overflow { what: Quantity::OperatorAmount };
        i64::try_from(nano).map(Money::from_nano).map_err(|_| overflow)
    }

    fn sums(&self, surplus: Money) -> Result<Sums, MarketError> {
        let (bought, sold) =
            (energy(self.bought, Quantity::Contracted)?, energy(self.sold, Quantity::Contracted)?);
        if bought != sold {
            return Err(MarketError::Unbalanced { bought, sold });
        }
        let contracts = money(self.contracts)?;
        if self.contracts + i128::from(surplus.nano()) != 0 {
            return Err(MarketError::UnbalancedAmounts { contracts, surplus });
        }
        Ok(Sums {
            bought,
            sold,
            net: self.net()?,
            short: energy(self.short, Quantity::Deviation)?,
            long: energy(self.long, Quantity::Deviation)?,
            substituted: energy(self.substituted, Quantity::Deviation)?,
            participants: money(self.participants)?,
        })
    }
}

fn money(nano: i128) -> Result<Money, MarketError> {
    let overflow = MarketError::Overflow { what: Quantity::Amount };
    i64::try_from(nano).map(Money::from_nano).map_err(|_| overflow)
}

fn energy(wh: i128, what: Quantity) -> Result<Energy, MarketError> {
    i64::try_from(wh).map(Energy::from_wh).map_err(|_| MarketError::Overflow { what })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares are exact also where a product needs more than 64 bits: 10^9 x 4 10^14 / 10^15 = 4
    /// 10^8; and they are rounded down: 10 x 7 / 9 = 7.78.
    #[test]
    fn shares_are_rounded_down_at_any_size() {
        let wh = Energy::from_wh;
        let large = share(wh(1_000_000_000), wh(400_000_000_000_000), wh(1_000_000_000_000_000));
        assert_eq!(large, wh(400_000_000));
        assert_eq!(share(wh(10), wh(7), wh(9)), wh(7));
        assert_eq!(share(wh(10), wh(0), wh(9)), wh(0));
        assert_eq!(share(wh(0), wh(0), wh(0)), wh(0));
    }
}
