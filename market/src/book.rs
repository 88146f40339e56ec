//! The book of a slot: all orders, and the point where demand and supply cross.
//!
//! In: the orders of one slot, in any order. Out: how much can trade and the prices around the
//! crossing. Refuses to know: which price inside the crossing is taken, who is rationed, who pays.
//!
//! Units are Wh: `b_1 >= b_2 >= ...` are the prices of the Wh demanded, `a_1 <= a_2 <= ...` those
//! of the Wh offered, and K is the last Wh with `b_K >= a_K`. Nothing is sorted. A histogram of
//! quantity over price buckets shows in which bucket the curves cross; only the orders of that
//! bucket are looked at again, with finer buckets, until a bucket is one price.

use crate::energy::Energy;
use crate::error::MarketError;
use crate::ids::{OrderId, ParticipantId};
use crate::money::Price;
use crate::order::{Order, Side};
use crate::tariff::Tariff;

/// Orders one book may hold: more than every connection point of a large city, and with the largest
/// quantity each (10^16 Wh) every sum still fits 64 bits.
pub const MAX_ORDERS: usize = 10_000_000;

/// A checked book, each order packed into 64 bits: price key, side, quantity.
pub(crate) struct Book {
    entries: Vec<Entry>,
    /// Whether the orders came in ascending order of their identifiers.
    ascending: bool,
    /// The lowest offer and the highest bid.
    best: Best,
}

/// The best price key of each side, `None` for an empty side.
#[derive(Clone, Copy, Default)]
struct Best {
    bid: Option<u32>,
    offer: Option<u32>,
}

impl Best {
    fn count(&mut self, entry: Entry) {
        let key = entry.key();
        match entry.side() {
            0 => self.bid = self.bid.max(Some(key)),
            _ => self.offer = Some(self.offer.map_or(key, |offer| offer.min(key))),
        }
    }
}

/// Where demand and supply cross.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crossing {
    /// K, in Wh, above zero.
    pub(crate) volume: Energy,
    /// `b_K`.
    pub(crate) last_bid: Price,
    /// `a_K`.
    pub(crate) last_offer: Price,
    /// `b_(K+1)`, if more is demanded.
    pub(crate) next_bid: Option<Price>,
    /// `a_(K+1)`, if more is offered.
    pub(crate) next_offer: Option<Price>,
}

impl Book {
    /// Checks and packs the orders.
    ///
    /// # Errors
    ///
    /// [`MarketError::TooManyOrders`], [`MarketError::Quantity`], [`MarketError::PriceOutOfRange`],
    /// or [`MarketError::DuplicateOrder`].
    pub(crate) fn try_new(orders: &[Order]) -> Result<Self, MarketError> {
        check_size(orders.len())?;
        let mut entries = Vec::with_capacity(orders.len());
        let mut best = Best::default();
        let (mut ascending, mut before) = (true, None);
        for order in orders {
            order.check_range()?;
            let entry = Entry::new(order);
            best.count(entry);
            ascending &= before < Some(order.id);
            before = Some(order.id);
            entries.push(entry);
        }
        if !ascending {
            refuse_duplicates(orders)?;
        }
        Ok(Self { entries, ascending, best })
    }

    /// The packed orders, in the order in which they came.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Whether the orders came in ascending order of their identifiers.
    pub(crate) fn is_ascending(&self) -> bool {
        self.ascending
    }

    /// Whether somebody stands on both sides.
    pub(crate) fn has_both_sides(&self) -> bool {
        self.best.bid.is_some() && self.best.offer.is_some()
    }

    /// Whether somebody on the other side accepts the price of `entry`.
    pub(crate) fn crosses(&self, entry: Entry) -> bool {
        match (entry.side(), self.best) {
            (0, Best { offer: Some(offer), .. }) => offer <= entry.key(),
            (1, Best { bid: Some(bid), .. }) => entry.key() <= bid,
            _ => false,
        }
    }

    /// The book of the orders at `indices`, in that order.
    pub(crate) fn part(&self, indices: impl Iterator<Item = usize>) -> Self {
        let entries: Vec<Entry> = indices.map(|index| self.entries[index]).collect();
        let mut best = Best::default();
        entries.iter().for_each(|entry| best.count(*entry));
        Self { entries, ascending: false, best }
    }

    /// Where the curves cross, `None` if nothing can trade.
    pub(crate) fn crossing(&self) -> Option<Crossing> {
        let (high, low) = (self.best.bid?, self.best.offer?);
        if high < low {
            return None;
        }
        let pivot = Pivot::find(&self.entries, low, high);
        let around = Around::find(&self.entries, pivot.key);
        let (supply, demand) = (pivot.offered_below, pivot.demanded_above);
        let volume = (supply + pivot.offered_at).min(demand + pivot.demanded_at);
        // K is never below `supply` or `demand`: whatever is offered below the pivot has a taker at
        // or above it.
        let at = Some(pivot.key);
        let pick = |at_pivot, beside| if at_pivot { at } else { beside };
        let key = |key: Option<u32>| key.map(price);
        Some(Crossing {
            volume: Energy::from_wh(volume as i64),
            last_bid: key(pick(volume > demand, around.bid_above))?,
            last_offer: key(pick(volume > supply, around.offer_below))?,
            next_bid: key(pick(volume < demand + pivot.demanded_at, around.bid_below)),
            next_offer: key(pick(volume < supply + pivot.offered_at, around.offer_above)),
        })
    }
}

/// One order in 64 bits: price key (31 bits, above), side (1 bit), quantity (31 bits).
#[derive(Clone, Copy)]
pub(crate) struct Entry(u64);

impl Entry {
    const OFFER: u64 = 1 << 31;
    const QUANTITY: u64 = Self::OFFER - 1;

    /// `order` was checked: its price key has 31 bits, its quantity 30.
    fn new(order: &Order) -> Self {
        let key = order.price.micro_per_kwh() + Tariff::MAX_PRICE.micro_per_kwh();
        let side = if order.side == Side::Offer { Self::OFFER } else { 0 };
        Self((key as u64) << 32 | side | order.quantity.wh() as u64)
    }

    /// The price, counted in micro-currency from the lowest one there is.
    fn key(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// 0 for a bid, 1 for an offer.
    pub(crate) fn side(self) -> usize {
        (self.0 >> 31 & 1) as usize
    }

    /// The quantity in Wh.
    pub(crate) fn quantity(self) -> u64 {
        self.0 & Self::QUANTITY
    }

    /// How good the price is for the other side, comparable within one side only: rises with the
    /// price of a bid, falls with that of an offer.
    pub(crate) fn merit(self) -> u32 {
        merit(self.side(), self.key())
    }
}

/// The merit of an order of `side` at `price`.
pub(crate) fn merit_of(side: Side, price: Price) -> u32 {
    let key = price.micro_per_kwh() + Tariff::MAX_PRICE.micro_per_kwh();
    merit(usize::from(side == Side::Offer), key as u32)
}

fn merit(side: usize, key: u32) -> u32 {
    key ^ (side as u32).wrapping_neg()
}

fn price(key: u32) -> Price {
    Price::from_micro_per_kwh(i64::from(key) - Tariff::MAX_PRICE.micro_per_kwh())
}

/// The lowest price at which everything offered up to it covers everything demanded above it.
struct Pivot {
    key: u32,
    offered_below: u64,
    offered_at: u64,
    demanded_above: u64,
    demanded_at: u64,
}

impl Pivot {
    /// Searches in `low ..= high`, the lowest offer and the highest bid.
    fn find(entries: &[Entry], mut low: u32, mut high: u32) -> Self {
        let mut histogram = Histogram::for_orders(entries.len());
        let (mut offered_below, mut demanded_above) = (0, 0);
        let mut crossing: Vec<Entry>;
        let mut candidates = entries;
        loop {
            let shift = histogram.count(candidates, low, high);
            let bucket = histogram.pivot(&mut offered_below, &mut demanded_above);
            let [demanded_at, offered_at] = histogram.buckets[bucket];
            let first = low + ((bucket as u32) << shift);
            if shift == 0 {
                return Self { key: first, offered_below, offered_at, demanded_above, demanded_at };
            }
            (low, high) = (first, high.min(first + ((1 << shift) - 1)));
            let inside = |entry: &Entry| low <= entry.key() && entry.key() <= high;
            crossing = candidates.iter().copied().filter(inside).collect();
            candidates = &crossing;
        }
    }
}

/// Quantities demanded and offered per price bucket.
struct Histogram {
    /// Demanded, offered.
    buckets: Vec<[u64; 2]>,
    used: usize,
}

impl Histogram {
    /// As many buckets as the first-level cache holds at most, fewer for a small book.
    fn for_orders(orders: usize) -> Self {
        let buckets = orders.next_power_of_two().clamp(64, 2048);
        Self { buckets: vec![[0; 2]; buckets], used: 0 }
    }

    /// Counts the entries with `low <= key <= high` and returns how many bits of a key a bucket
    /// spans.
    fn count(&mut self, entries: &[Entry], low: u32, high: u32) -> u32 {
        let width = high - low;
        let mut shift = 0;
        while (width >> shift) as usize >= self.buckets.len() {
            shift += 1;
        }
        self.used = (width >> shift) as usize + 1;
        self.buckets[..self.used].fill([0; 2]);
        for entry in entries {
            let distance = entry.key().wrapping_sub(low);
            if distance <= width {
                self.buckets[(distance >> shift) as usize][entry.side()] += entry.quantity();
            }
        }
        shift
    }

    /// The lowest bucket at which everything offered up to it covers everything demanded above it.
    /// Adds what lies below and above that bucket to the two sums.
    fn pivot(&self, offered_below: &mut u64, demanded_above: &mut u64) -> usize {
        let buckets = &self.buckets[..self.used];
        let mut above = *demanded_above + buckets.iter().map(|[demand, _]| demand).sum::<u64>();
        let mut below = *offered_below;
        for (bucket, [demand, supply]) in buckets.iter().enumerate() {
            above -= demand;
            if below + supply >= above {
                (*offered_below, *demanded_above) = (below, above);
                return bucket;
            }
            below += supply;
        }
        unreachable!("nothing is demanded above the highest bid")
    }
}

/// The price keys next to the pivot.
struct Around {
    bid_below: Option<u32>,
    bid_above: Option<u32>,
    offer_below: Option<u32>,
    offer_above: Option<u32>,
}

impl Around {
    /// One pass without branches, so that it runs at the speed of memory.
    fn find(entries: &[Entry], pivot: u32) -> Self {
        // Keys are below 2^31, so `key + 1` leaves 0 for "none" and `u32::MAX` is free as well.
        let (mut bid_below, mut offer_below) = (0, 0);
        let (mut bid_above, mut offer_above) = (u32::MAX, u32::MAX);
        for entry in entries {
            let (key, is_offer) = (entry.key(), entry.side() == 1);
            let below = if key < pivot { key + 1 } else { 0 };
            let above = if key > pivot { key } else { u32::MAX };
            bid_below = bid_below.max(if is_offer { 0 } else { below });
            offer_below = offer_below.max(if is_offer { below } else { 0 });
            bid_above = bid_above.min(if is_offer { u32::MAX } else { above });
            offer_above = offer_above.min(if is_offer { above } else { u32::MAX });
        }
        let known = |key: u32| (key != u32::MAX).then_some(key);
        Self {
            bid_below: bid_below.checked_sub(1),
            offer_below: offer_below.checked_sub(1),
            bid_above: known(bid_above),
            offer_above: known(offer_above),
        }
    }
}

fn check_size(got: usize) -> Result<(), MarketError> {
    match got {
        0..=MAX_ORDERS => Ok(()),
        _ => Err(MarketError::TooManyOrders { got, max: MAX_ORDERS }),
    }
}

/// Looks for an identifier that occurs twice; only needed when the orders do not ascend.
fn refuse_duplicates(orders: &[Order]) -> Result<(), MarketError> {
    let pack = |id: OrderId| u64::from(id.participant.get()) << 32 | u64::from(id.counter);
    let mut ids: Vec<u64> = orders.iter().map(|order| pack(order.id)).collect();
    ids.sort_unstable();
    match ids.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(MarketError::DuplicateOrder(OrderId {
            participant: ParticipantId::new((pair[0] >> 32) as u32),
            counter: pair[0] as u32,
        })),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bound is the bound; a book of that size would need more memory than a test should take.
    /// Its largest sum, every order at the largest quantity, fits 64 bits.
    #[test]
    fn a_book_has_a_largest_size() {
        assert_eq!(check_size(MAX_ORDERS), Ok(()));
        let (got, max) = (MAX_ORDERS + 1, MAX_ORDERS);
        assert_eq!(check_size(got), Err(MarketError::TooManyOrders { got, max }));
        assert!(
            i64::try_from(MAX_ORDERS)
                .is_ok_and(|orders| { orders.checked_mul(Energy::MAX_PER_SLOT.wh()).is_some() })
        );
    }
}
