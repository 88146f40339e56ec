//! Within one home: what it offers covers what it wants, before anybody else is asked.
//!
//! In: the orders of homes that stand on both sides. Out: what each of them keeps for itself.
//! Refuses to know: prices other than the home's own, fees, feeders.
//!
//! A home's dearest bid takes its cheapest offer for as long as the bid is worth it, so what is
//! left of its bids lies below what is left of its offers. No money moves.

use crate::money::Price;
use crate::order::{Order, Side};
use crate::tier::curve::cost;

/// Nets the orders at the positions `indices` within each participant at the prices that `price`
/// gives them, lowers `left`, and returns what each order keeps at home, as (position, Wh).
pub(super) fn net_homes(
    indices: &[u32],
    orders: &[Order],
    left: &mut [i64],
    price: impl Fn(u32) -> Price,
) -> Vec<(u32, i64)> {
    let order = |index: u32| &orders[index as usize];
    let key = |index: &u32| {
        let order = order(*index);
        (order.id.participant, order.side, cost(order.side, price(*index)), order.id.counter)
    };
    let mut rows = indices.to_vec();
    rows.sort_by_cached_key(key);
    let mut kept = Vec::new();
    for home in rows.chunk_by(|a, b| order(*a).id.participant == order(*b).id.participant) {
        let (bids, offers) =
            home.split_at(home.partition_point(|index| order(*index).side == Side::Bid));
        let (mut bids, mut offers) = (bids.iter(), offers.iter());
        let (mut bid, mut offer) = (bids.next(), offers.next());
        while let (Some(buyer), Some(seller)) = (bid, offer) {
            if price(*buyer) < price(*seller) {
                break;
            }
            let (wanted, given) = (left[*buyer as usize], left[*seller as usize]);
            left[*buyer as usize] -= wanted.min(given);
            left[*seller as usize] -= wanted.min(given);
            bid = if wanted > given { bid } else { bids.next() };
            offer = if given > wanted { offer } else { offers.next() };
        }
        let keeps = |index: &u32| (*index, order(*index).quantity.wh() - left[*index as usize]);
        kept.extend(home.iter().map(keeps).filter(|(_, energy)| *energy > 0));
    }
    kept
}
