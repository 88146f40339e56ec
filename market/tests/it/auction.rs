//! The uniform-price auction: invariants on drawn books, an oracle, and books worked by hand.

use std::collections::BTreeMap;

use market::matching::naive;
use market::{
    Clearing, Energy, Kappa, MarketError, Order, OrderId, Outcome, Price, Rejection, Side, clear,
    clear_k_double,
};
use proptest::prelude::*;

use crate::books::{SEED, book, books, order, seeds};

fn fills(orders: &[Order], clearing: &Clearing) -> BTreeMap<OrderId, i64> {
    let rows = orders.iter().zip(&clearing.outcomes);
    rows.map(|(order, outcome)| (order.id, outcome.filled(order.quantity).wh())).collect()
}

proptest! {
    /// Price, volume and every single fill are those of the brute-force auction.
    #[test]
    fn agrees_with_brute_force(orders in books(40), seed in seeds(), kappa in (0..=4_u64)) {
        let kappa = Kappa::try_new(kappa, 4).expect("a quotient in [0, 1]");
        let clearing = clear(&orders, kappa, &seed).expect("a valid book");
        let expected = naive::uniform(&orders, kappa, &seed);
        prop_assert_eq!(clearing.price.map(Price::micro_per_kwh), expected.price);
        prop_assert_eq!(clearing.volume.wh(), expected.volume);
        let mut got = fills(&orders, &clearing);
        got.retain(|_, fill| *fill > 0);
        prop_assert_eq!(got, expected.fills);
    }
}
