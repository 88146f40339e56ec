//! Rationing: how the last price level that trades shares what is left for it.
//!
//! In: the orders of one side at one price, and less energy than they ask for. Out: an outcome for
//! each. Refuses to know: every other order.
//!
//! Orders of one participant are one quantity, so that splitting an order gains nothing (I11). Each
//! participant gets its pro-rata share rounded down; what rounding left over goes out in single Wh,
//! the largest remainders first, equal ones by the participants' lots. Within a participant its
//! first orders are served first.

use crate::matching::clearing::Seed;
use crate::order::{Order, Outcome};

/// One side's orders on the price level that is rationed.
pub(super) struct Level<'a> {
    /// All orders of the book.
    pub(super) orders: &'a [Order],
    /// Indices of the level's orders, ascending by order id.
    pub(super) indices: Vec<u32>,
    /// What the level asks for, in Wh.
    pub(super) asked: u64,
}

/// The orders of one participant on the level.
struct Claim {
    /// Where its indices end; they start where the previous claim's end.
    end: usize,
    /// What it asks for, then what it gets, in Wh.
    quantity: u64,
    /// What rounding its share down cut off, in 1 / asked Wh.
    remainder: u64,
}

impl Level<'_> {
    /// Shares `available` Wh, at most `asked`, and writes the outcomes.
    pub(super) fn ration(&self, available: u64, seed: &Seed, outcomes: &mut [Outcome]) {
        if available == self.asked {
            for index in &self.indices {
                outcomes[*index as usize] = Outcome::Filled;
            }
            return;
        }
        let mut claims = self.claims();
        let mut given = 0;
        for claim in &mut claims {
            (claim.quantity, claim.remainder) = share(claim.quantity, available, self.asked);
            given += claim.quantity;
        }
        // Fewer Wh are left than claims have a remainder, since every remainder is below 1 Wh.
        self.hand_out((available - given) as usize, &mut claims, seed);
        self.serve(&claims, outcomes);
    }

    fn claims(&self) -> Vec<Claim> {
        let mut claims: Vec<Claim> = Vec::with_capacity(self.indices.len());
        let mut before = None;
        for (at, index) in self.indices.iter().enumerate() {
            let order = &self.orders[*index as usize];
            let quantity = order.quantity.wh().unsigned_abs();
            let end = at + 1;
            match claims.last_mut() {
                Some(claim) if before == Some(order.id.participant) => {
                    claim.quantity += quantity;
                    claim.end = end;
                }
                _ => claims.push(Claim { end, quantity, remainder: 0 }),
            }
            before = Some(order.id.participant);
        }
        claims
    }

    /// Gives 1 Wh more to each of `count` claims: those with the largest remainders, equal ones by
    /// lot.
    fn hand_out(&self, count: usize, claims: &mut [Claim], seed: &Seed) {
        if count == 0 {
            return;
        }
        let mut remainders: Vec<u64> = claims.iter().map(|claim| claim.remainder).collect();
        let (_, last, _) = remainders.select_nth_unstable_by(count - 1, |a, b| b.cmp(a));
        let last = *last;
        let mut left = count;
        let mut equal = Vec::new();
        let mut start = 0;
        for (at, claim) in claims.iter_mut().enumerate() {
            if claim.remainder > last {
                claim.quantity += 1;
                left -= 1;
            } else if claim.remainder == last {
                equal.push((at, start));
            }
            start = claim.end;
        }
        if left < equal.len() {
            equal = self.drawn(equal, left, seed);
        }
        for (at, _) in equal {
            claims[at].quantity += 1;
        }
    }

    /// The `count` claims with the lowest lots, of claims given as (position, position of their
    /// first index, any of which names the participant).
    fn drawn(&self, claims: Vec<(usize, usize)>, count: usize, seed: &Seed) -> Vec<(usize, usize)> {
        let lot = |first: usize| seed.lot(self.orders[self.indices[first] as usize].id.participant);
        let mut lots: Vec<_> = claims.into_iter().map(|claim| (lot(claim.1), claim)).collect();
        lots.select_nth_unstable(count);
        lots.truncate(count);
        lots.into_iter().map(|(_, claim)| claim).collect()
    }

    /// Deals each claim's energy out to its orders, the first orders first.
    fn serve(&self, claims: &[Claim], outcomes: &mut [Outcome]) {
        let mut start = 0;
        for claim in claims {
            let mut left = claim.quantity;
            for index in &self.indices[start..claim.end] {
                let asked = self.orders[*index as usize].quantity.wh().unsigned_abs();
                let filled = asked.min(left);
                left -= filled;
                outcomes[*index as usize] = Outcome::of(filled, asked);
            }
            start = claim.end;
        }
    }
}

/// `quantity * available / asked` with its remainder. Most products fit 64 bits, where dividing is
/// faster.
fn share(quantity: u64, available: u64, asked: u64) -> (u64, u64) {
    match quantity.checked_mul(available) {
        Some(product) => (product / asked, product % asked),
        None => {
            let product = u128::from(quantity) * u128::from(available);
            let (quotient, rest) = (product / u128::from(asked), product % u128::from(asked));
            // quantity <= asked, so the quotient is at most `available`; the rest is below `asked`.
            (quotient as u64, rest as u64)
        }
    }
}
