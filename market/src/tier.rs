//! The market of tiers: own home, neighbours on the feeder, aggregator, grid, utility.
//!
//! In: orders of a slot, the tree they hang on, fees, limits, a seed. Out: one outcome per order
//! with the tier of each part, a price per zone, bills, accounts that add up exactly. Refuses to
//! know: meters, settlement, who owns which account.
//!
//! # Rules (market.md 4.3, greedy from below)
//!
//! 1. *Home.* A participant's own offers cover its own bids, dearest bid and cheapest offer first,
//!    for as long as a bid is at least the offer. No money moves.
//! 2. *Feeder.* What is left is cleared among the homes of each feeder.
//! 3. *Aggregator.* What is left goes up as a curve, quantity per price level. Below each
//!    aggregator the sum of its feeders' curves is cleared.
//! 4. *Grid.* The same with the sums of all aggregators' curves.
//! 5. *Utility*, if the market has one: bids that are left at or above its retail price buy from
//!    it, then offers at or below its feed-in price sell to it, without further fees: its tariff
//!    holds them already.
//!
//! Tier l costs f_l, the sum of all fees of `fee.rs`, 0 = f_home <= f_feeder <= f_aggregator <=
//! f_grid. A bid and an offer may trade on tier l if bid - f_l >= offer. Each clearing trades as
//! much as it can at one price p between
//!
//! ```text
//! lo = max(a_K, b_(K+1) - f_l)    hi = min(b_K - f_l, a_(K+1))    at lo + kappa (hi - lo), down
//! ```
//!
//! where b and a are the Wh of the clearing in merit order and K the last that trades, as in
//! `matching/uniform.rs`. Sellers get p; buyers pay p + f_l, of which f_l is the operator's. Where
//! the last price level is not wanted whole, it is shared out pro rata to the Wh, first among
//! aggregators, then among feeders, then among participants; remainders by lot (`share.rs`).
//!
//! *Limits.* A feeder or an aggregator sends up the best part of its curves that its limit still
//! has room for. Room is counted net: what came in makes room to go out. If a limit cuts off energy
//! that would have traded, the zone behind it gets its own price q: with `x` the last Wh let
//! through and y the next one, q lies between the two (for bids: both less f_l) at kappa. Sellers
//! behind it get q < p, buyers behind it pay q + f_l with q > p, and the difference times the
//! energy goes to the account of congestion rents. Limits may nest.
//!
//! *Wishes* (`preference.rs`) are cleared on the feeder, before everybody else there.
//!
//! # Guarantees
//!
//! - *Energy (I1)*: on every tier but the utility's, bought equals sold. *Money (I2)*: members,
//!   fees, rents and utility add up to exactly zero; nothing is divided but a price. Both are
//!   checked after each clearing.
//! - *Nobody loses (I3)*: a buyer pays at most its bid, fees included, and a seller gets at least
//!   its offer. The last bid that trades has b_K - f_l >= hi >= p, and behind a limit q <= x - f_l;
//!   offers likewise. Checked after each clearing.
//! - *Any order of the input, same result (I7)*: positions are used for nothing but to point at
//!   orders. *One state per order (I8)*: `outcomes`, `parts`.
//! - *One direction*: within one clearing a zone buys or sells, never both. After its own clearing
//!   at f, its best bid less f lies below its best offer, and no tier above costs less. So limits
//!   that are checked per direction hold net. The utility is the exception, if a feeder's fee is
//!   larger than retail less feed-in; there the two directions are cleared one after the other.
//! - *No gain from splitting an order (I11)*: orders of one participant at one price are one claim.
//!
//! *What greed costs.* A feeder may use dear energy of its own although cheaper energy was to be
//! had above, at a higher fee. The sum of gains is at most that of the pooled optimum (`pooled.rs`,
//! behind the feature `oracle`), and tests report the gap: on 201 standard random slots (200 homes,
//! 20 to a feeder) the climb gains 96.8 % of it in the median, 89 % in the worst. Small feeders lose
//! more: where ten homes share a feeder and sun is scarce 92 % and, in the worst slot, 43 %; where
//! fifty do 99.6 % and 93 %.
//!
//! # Wishes: what they promise
//!
//! A bid pays more than its price only if the other side has the quality that it asked for, and
//! then at most its price and the premium. Green energy is never counted twice: it is part of an offer
//! that was declared green. All the guarantees above hold with wishes, the limit of an order being
//! its price with the premium where that counts. What is *not* promised: that wishes raise
//! anybody's gain. Whoever offers green energy is cleared with those who asked for it first, at a
//! price that may lie above or below that of its feeder.

mod share;
mod curve;
mod preference;
mod market;
mod ladder;
mod gate;
mod netting;
mod clearing;
mod bill;
mod tally;
mod climb;
#[cfg(any(test, feature = "oracle"))]
pub mod pooled;

use crate::book::Book;
use crate::error::MarketError;
use crate::matching::Seed;
use crate::order::Order;
use crate::tier::climb::Climb;
use crate::tier::tally::Tally;

pub use bill::{Bill, BillLine, Item};
pub use clearing::{Accounts, Congestion, Part, TierClearing, TierSum, ZoneClearing};
pub use market::TierMarket;
pub use preference::{Premium, Quality, Wish};

impl TierMarket {
    /// Clears the orders of a slot through all tiers.
    ///
    /// # Errors
    ///
    /// [`MarketError::TooManyOrders`], [`MarketError::Quantity`], [`MarketError::PriceOutOfRange`],
    /// [`MarketError::DuplicateOrder`]; [`MarketError::NoFeeder`] for a participant without a place
    /// in the grid; [`MarketError::Overflow`] for accounts beyond 64 bits. Empty, one-sided and
    /// non-crossing books are ordinary results.
    pub fn clear(&self, orders: &[Order], seed: &Seed) -> Result<TierClearing, MarketError> {
        self.clear_checked(orders, &[], seed)
    }

    /// Clears orders that have wishes, one per order.
    ///
    /// # Errors
    ///
    /// As [`Self::clear`], and [`MarketError::Wishes`] unless there are as many wishes as orders.
    pub fn clear_with_wishes(
        &self,
        orders: &[Order],
        wishes: &[Wish],
        seed: &Seed,
    ) -> Result<TierClearing, MarketError> {
        if wishes.len() != orders.len() {
            let (orders, wishes) = (orders.len(), wishes.len());
            return Err(MarketError::Wishes { orders, wishes });
        }
        self.clear_checked(orders, wishes, seed)
    }

    fn clear_checked(
        &self,
        orders: &[Order],
        wishes: &[Wish],
        seed: &Seed,
    ) -> Result<TierClearing, MarketError> {
        Book::try_new(orders)?;
        let mut climb = Climb::try_new(self, orders, wishes, seed)?;
        climb.run();
        let outcomes = climb.outcomes();
        let Climb { mut parts, zones, congestion, .. } = climb;
        parts.sort_unstable();
        let tally = Tally::of(&parts, orders, wishes);
        let tiers = tally.tiers()?;
        let accounts = tally.accounts(self, &congestion)?;
        Ok(TierClearing { outcomes, parts, zones, congestion, tiers, accounts })
    }
}
