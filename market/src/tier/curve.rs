//! A step curve: how much is wanted or offered at which price, all that a feeder tells its
//! aggregator, and an aggregator the grid.
//!
//! In: steps of one side, or the curves of several feeders. Out: the sum of curves, where demand
//! and supply cross, and whose energy a cleared quantity was. Refuses to know: orders and
//! participants.
//!
//! A curve lists price levels from the best price on, so everything here is linear in the number
//! of levels (merging sorts them), however many orders stand behind.

use crate::money::Price;
use crate::order::Side;
use crate::tier::share::share_out;

/// One price level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The worst price that those behind it accept.
    pub(super) price: Price,
    /// How much they want or have, in Wh, above zero.
    pub(super) energy: i64,
}

/// What one side wants or has, best price first; prices get strictly worse, true by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Curve {
    side: Side,
    steps: Vec<Step>,
}

/// Lower is better for the other side.
pub(super) fn cost(side: Side, price: Price) -> i64 {
    match side {
        Side::Bid => -price.micro_per_kwh(),
        Side::Offer => price.micro_per_kwh(),
    }
}

/// What is left of a bid's price after a fee.
pub(super) fn net_of(price: Price, fee: Price) -> Price {
    Price::from_micro_per_kwh(price.micro_per_kwh() - fee.micro_per_kwh())
}

impl Curve {
    /// The curve with these steps, whose prices get worse from step to step.
    pub(super) fn of(side: Side, steps: impl IntoIterator<Item = Step>) -> Self {
        let steps: Vec<Step> = steps.into_iter().filter(|step| step.energy > 0).collect();
        debug_assert!(
            steps.is_sorted_by(|a, b| cost(side, a.price) < cost(side, b.price)),
            "prices get worse from step to step"
        );
        Self { side, steps }
    }

    /// How much there is at `price` or better, in Wh.
    pub(super) fn reaching(&self, price: Price) -> i64 {
        let reaches = |step: &&Step| cost(self.side, step.price) <= cost(self.side, price);
        self.steps.iter().take_while(reaches).map(|step| step.energy).sum()
    }

    /// The best `room` Wh of it.
    pub(super) fn capped(mut self, room: Option<i64>) -> Self {
        let Some(mut room) = room else { return self };
        for step in &mut self.steps {
            step.energy = step.energy.min(room);
            room -= step.energy;
        }
        self.steps.retain(|step| step.energy > 0);
        self
    }

    /// The prices of the last one of `energy` Wh, above zero, and of the Wh behind it.
    pub(super) fn edge(&self, energy: i64) -> (Option<Price>, Option<Price>) {
        let (mut left, mut last) = (energy, None);
        for step in &self.steps {
            if left == 0 {
                return (last, Some(step.price));
            }
            last = Some(step.price);
            if left < step.energy {
                return (last, last);
            }
            left -= step.energy;
        }
        (last, None)
    }
}

/// Where demand, less a fee, and supply cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crossing {
    /// What trades, in Wh, above zero.
    pub(super) volume: i64,
    /// The lowest seller's price at which nobody wants to trade more or less.
    pub(super) low: Price,
    /// The highest one.
    pub(super) high: Price,
}

impl Crossing {
    /// The most that can trade between a demand and a supply curve if every Wh costs its buyer
    /// `fee` more than its seller gets; `None` if nothing can.
    pub(super) fn of(demand: &Curve, supply: &Curve, fee: Price) -> Option<Self> {
        let mut bids = demand.steps.iter().map(|step| (net_of(step.price, fee), step.energy));
        let mut offers = supply.steps.iter().map(|step| (step.price, step.energy));
        let (mut bid, mut offer) = (bids.next(), offers.next());
        let (mut volume, mut last) = (0, None);
        while let (Some((value, wanted)), Some((cost, given))) = (bid, offer) {
            if value < cost {
                break;
            }
            let traded = wanted.min(given);
            volume += traded;
            last = Some((value, cost));
            bid = if wanted > traded { Some((value, wanted - traded)) } else { bids.next() };
            offer = if given > traded { Some((cost, given - traded)) } else { offers.next() };
        }
        let (last_bid, last_offer) = last?;
        Some(Self {
            volume,
            low: bid.map_or(last_offer, |(next, _)| next.max(last_offer)),
            high: offer.map_or(last_bid, |(next, _)| next.min(last_bid)),
        })
    }
}

/// The sum of several curves of one side, and what each of them holds of every step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Merged {
    /// The sum.
    pub(super) curve: Curve,
    /// By price from the best on, then by child.
    claims: Vec<Claim>,
    children: usize,
}

/// What one child holds of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Claim {
    price: Price,
    child: usize,
    energy: i64,
}

impl Merged {
    /// The sum of the curves, which are all of `side`; a child is a position in `curves`.
    pub(super) fn of(side: Side, curves: &[Curve]) -> Self {
        let claim = |(child, curve): (usize, &Curve)| -> Vec<Claim> {
            let step = |step: &Step| Claim { price: step.price, child, energy: step.energy };
            curve.steps.iter().map(step).collect()
        };
        let mut claims: Vec<Claim> = curves.iter().enumerate().flat_map(claim).collect();
        // Stable, so that children stay in order; and it merges what is sorted already.
        claims.sort_by_key(|claim| cost(side, claim.price));
        let sum = |level: &[Claim]| Step {
            price: level[0].price,
            energy: level.iter().map(|claim| claim.energy).sum(),
        };
        let levels = claims.chunk_by(|a, b| a.price == b.price);
        let curve = Curve::of(side, levels.map(sum));
        Self { curve, claims, children: curves.len() }
    }

    /// How much each child serves of the best `energy` Wh: better steps whole, the last one shared
    /// out pro rata, with the lots of the children for ties.
    pub(super) fn split(&self, energy: i64, lot: impl Fn(usize) -> [u8; 32]) -> Vec<i64> {
        let mut served = vec![0; self.children];
        let mut left = energy;
        let levels = self.claims.chunk_by(|a, b| a.price == b.price);
        for (level, step) in levels.zip(&self.curve.steps) {
            if left == 0 {
                break;
            }
            let asked: Vec<i64> = level.iter().map(|claim| claim.energy).collect();
            let available = left.min(step.energy);
            let shares = share_out(&asked, available, |at| lot(level[at].child));
            for (claim, share) in level.iter().zip(shares) {
                served[claim.child] += share;
            }
            left -= available;
        }
        served
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(side: Side, steps: &[(i64, i64)]) -> Curve {
        let step = |(price, wh): &(i64, i64)| Step {
            price: Price::from_micro_per_kwh(*price),
            energy: *wh,
        };
        Curve::of(side, steps.iter().map(step))
    }

    /// Two feeders offer 100 Wh at 5, one of them 50 Wh at 7, the other 30 Wh at 6. Of 150 Wh the
    /// 130 best come whole, the last 20 from the only one that holds the step at 7.
    #[test]
    fn a_sum_knows_whose_energy_it_is() {
        let offers =
            [curve(Side::Offer, &[(5, 60), (7, 50)]), curve(Side::Offer, &[(5, 40), (6, 30)])];
        let merged = Merged::of(Side::Offer, &offers);
        assert_eq!(merged.curve, curve(Side::Offer, &[(5, 100), (6, 30), (7, 50)]));
        assert_eq!(merged.split(150, |_| [0; 32]), [80, 70]);
        // 50 of the 100 Wh at 5 are shared 60 : 40.
        assert_eq!(merged.split(50, |_| [0; 32]), [30, 20]);
    }

    /// Bids 20 and 12, offers 8 and 11, 100 Wh each. Without a fee all trade, between 11 and 12;
    /// with a fee of 2 only the first pair, and the price keeps the second out: its bid is worth 10
    /// and its offer 11.
    #[test]
    fn a_fee_moves_the_crossing() {
        let demand = curve(Side::Bid, &[(20, 100), (12, 100)]);
        let supply = curve(Side::Offer, &[(8, 100), (11, 100)]);
        let price = Price::from_micro_per_kwh;
        let all = Crossing { volume: 200, low: price(11), high: price(12) };
        assert_eq!(Crossing::of(&demand, &supply, price(0)), Some(all));
        let first = Crossing { volume: 100, low: price(10), high: price(11) };
        assert_eq!(Crossing::of(&demand, &supply, price(2)), Some(first));
        assert_eq!(Crossing::of(&demand, &supply, price(13)), None);
    }

    /// A cap keeps the best part, and the edge tells what lies on both sides of it.
    #[test]
    fn a_cap_keeps_the_best() {
        let demand = curve(Side::Bid, &[(20, 100), (12, 100)]);
        assert_eq!(demand.clone().capped(Some(130)), curve(Side::Bid, &[(20, 100), (12, 30)]));
        assert_eq!(demand.clone().capped(Some(0)), curve(Side::Bid, &[]));
        let price = |micro| Some(Price::from_micro_per_kwh(micro));
        assert_eq!(demand.edge(100), (price(20), price(12)));
        assert_eq!(demand.edge(130), (price(12), price(12)));
        assert_eq!(demand.edge(200), (price(12), None));
    }
}
