//! One side of a clearing on a feeder: its orders by price level, best first.
//!
//! In: orders with the prices that count and the energy that is left of them. Out: their curve, and
//! which orders a cleared quantity is. Refuses to know: prices, fees, what lies above the feeder.

use crate::matching::Seed;
use crate::money::Price;
use crate::order::{Order, Side};
use crate::tier::curve::{Curve, Step, cost};
use crate::tier::share::share_out;

/// Orders of one side that have energy left.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    side: Side,
    levels: Vec<Level>,
    /// Positions of the orders by price, then by identifier.
    indices: Vec<u32>,
    /// The first level with energy left.
    next: usize,
}

/// The orders at one price.
#[derive(Clone, Copy, Debug)]
struct Level {
    price: Price,
    /// What is left of them, in Wh.
    left: i64,
    /// Where their positions start and end.
    start: usize,
    end: usize,
}

impl Ladder {
    /// Nobody.
    pub(super) fn empty(side: Side) -> Self {
        Self { side, levels: Vec::new(), indices: Vec::new(), next: 0 }
    }

    /// The orders at the positions `indices` that have something in `left`, each at the price
    /// that `price` gives it.
    pub(super) fn new(
        side: Side,
        indices: &[u32],
        orders: &[Order],
        left: &[i64],
        price: impl Fn(u32) -> Price,
    ) -> Self {
        let has_left = |index: &u32| left[*index as usize] > 0;
        let key = |index: u32| (cost(side, price(index)), orders[index as usize].id, index);
        let mut rows: Vec<_> = indices.iter().copied().filter(has_left).map(key).collect();
        rows.sort_unstable();
        let mut levels: Vec<Level> = Vec::new();
        let mut before = None;
        for (at, (cost, _, index)) in rows.iter().enumerate() {
            let energy = left[*index as usize];
            match levels.last_mut() {
                Some(level) if before == Some(cost) => {
                    level.left += energy;
                    level.end = at + 1;
                }
                _ => {
                    let price = price(*index);
                    levels.push(Level { price, left: energy, start: at, end: at + 1 });
                }
            }
            before = Some(cost);
        }
        let indices = rows.iter().map(|(_, _, index)| *index).collect();
        Self { side, levels, indices, next: 0 }
    }

    /// What is left, as a curve.
    pub(super) fn curve(&self) -> Curve {
        let step = |level: &Level| Step { price: level.price, energy: level.left };
        Curve::of(self.side, self.levels[self.next..].iter().map(step))
    }

    /// Takes the best `energy` Wh, at most what is left: better levels whole, the last one shared
    /// out among its participants. Lowers `left` and returns what each order gave, as (position,
    /// Wh).
    pub(super) fn take(
        &mut self,
        energy: i64,
        orders: &[Order],
        left: &mut [i64],
        seed: &Seed,
    ) -> Vec<(u32, i64)> {
        let (mut wanted, mut taken) = (energy, Vec::new());
        while wanted > 0 {
            let level = &mut self.levels[self.next];
            let indices = &self.indices[level.start..level.end];
            let from = taken.len();
            if level.left <= wanted {
                taken.extend(indices.iter().map(|index| (*index, left[*index as usize])));
                wanted -= level.left;
                level.left = 0;
                self.next += 1;
            } else {
                ration(indices, wanted, orders, left, seed, &mut taken);
                level.left -= wanted;
                wanted = 0;
            }
            for (index, given) in &taken[from..] {
                left[*index as usize] -= given;
            }
        }
        taken.retain(|(_, given)| *given > 0);
        taken
    }
}

/// Shares `available` Wh out among the participants of a level, pro rata; each serves its first
/// orders first.
fn ration(
    indices: &[u32],
    available: i64,
    orders: &[Order],
    left: &[i64],
    seed: &Seed,
    taken: &mut Vec<(u32, i64)>,
) {
    let participant = |index: &u32| orders[*index as usize].id.participant;
    let owners: Vec<&[u32]> = indices.chunk_by(|a, b| participant(a) == participant(b)).collect();
    let claim = |own: &&[u32]| own.iter().map(|index| left[*index as usize]).sum();
    let claims: Vec<i64> = owners.iter().map(claim).collect();
    let shares = share_out(&claims, available, |at| seed.lot(participant(&owners[at][0])));
    for (own, mut share) in owners.into_iter().zip(shares) {
        for index in own {
            let given = share.min(left[*index as usize]);
            share -= given;
            taken.push((*index, given));
        }
    }
}
