//! Slots worked by hand.

use market::tier::{Item, TierSum};
use market::{
    Fee, FeederId, Fees, Money, Outcome, ParticipantId, Rates, Rejection, Side, Tariff, Tier,
    TierMarket, Zone,
};

use super::regions::{fees, limit, market, with_feeder_limit};
use super::{cleared, parts, price, wh};
use crate::books::order;

/// Feeders 0 and 1 below one aggregator, feeder 2 below another; fees of 0.01, 0.02 and 0.04 in two
/// lines.
///
/// - Feeder 0: home 1 bids 300 Wh at 0.30, home 2 offers 500 Wh at 0.10. The bid is worth 0.29
///   after the fee; 300 Wh trade, and the 200 Wh that are left hold the price at 0.10.
/// - Feeder 2: home 4 bids 1,000 Wh at 0.22, home 5 offers 100 Wh at 0.20. The 900 Wh that are left
///   hold the price at 0.22 - 0.01.
/// - Aggregator 0: home 3 of feeder 1 bids 400 Wh at 0.25, worth 0.23; feeder 0 sends up 200 Wh at
///   0.10. The price is 0.23.
/// - Nothing is left to sell on the grid.
#[test]
fn three_feeders_clear_from_below() {
    let part = |name: &str, [feeder, aggregator, grid]: [i64; 3]| Fee {
        name: name.to_owned(),
        rates: Rates { feeder: price(feeder), aggregator: price(aggregator), grid: price(grid) },
    };
    let lines = [part("network", [5_000, 15_000, 30_000]), part("market", [5_000, 5_000, 10_000])];
    let fees = Fees::try_new(lines.to_vec()).expect("rising");
    let market = market(&[0, 0, 1, 2, 2], &[0, 0, 1], fees.clone());
    let orders = [
        order(Side::Bid, 1, 0, 300_000, 300),
        order(Side::Offer, 2, 0, 100_000, 500),
        order(Side::Bid, 3, 0, 250_000, 400),
        order(Side::Bid, 4, 0, 220_000, 1_000),
        order(Side::Offer, 5, 0, 200_000, 100),
    ];
    let clearing = cleared(&market, &orders);
    let part = |filled| Outcome::Part { filled: wh(filled) };
    let filled = Outcome::Filled;
    assert_eq!(clearing.outcomes, [filled, filled, part(200), part(100), filled]);
    assert_eq!(parts(&clearing, 0), [(Tier::Feeder, 300, 100_000)]);
    let sold = [(Tier::Feeder, 300, 100_000), (Tier::Aggregator, 200, 230_000)];
    assert_eq!(parts(&clearing, 1), sold);
    assert_eq!(parts(&clearing, 2), [(Tier::Aggregator, 200, 230_000)]);
    assert_eq!(parts(&clearing, 3), [(Tier::Feeder, 100, 210_000)]);
    assert_eq!(parts(&clearing, 4), [(Tier::Feeder, 100, 210_000)]);

    // 0.4 kWh on feeders, 0.2 kWh below the aggregator: network 0.4 x 0.005 + 0.2 x 0.015, market
    // 0.6 x 0.005.
    let accounts = &clearing.accounts;
    assert_eq!(accounts.fees, [5_000_000, 3_000_000].map(Money::from_nano));
    assert_eq!((accounts.congestion, accounts.utility), (Money::ZERO, Money::ZERO));
    let sum = |tier, energy| TierSum { tier, bought: wh(energy), sold: wh(energy) };
    assert_eq!(clearing.tiers[1..3], [sum(Tier::Feeder, 400), sum(Tier::Aggregator, 200)]);

    // Home 3 pays 0.2 kWh x (0.23 + 0.015 + 0.005); home 2 gets 0.3 x 0.10 + 0.2 x 0.23.
    let bills = clearing.bills(&orders, &fees).expect("small");
    let lines: Vec<_> = bills[2].lines.iter().map(|l| (l.item, l.amount.nano())).collect();
    let network = (Item::Fee(0), -3_000_000);
    assert_eq!(lines, [(Item::Bought, -46_000_000), network, (Item::Fee(1), -1_000_000)]);
    assert_eq!(bills[1].participant, ParticipantId::new(2));
    assert_eq!((bills[1].energy, bills[1].amount), (wh(-500), Money::from_nano(76_000_000)));
}

/// Three offers of 100 Wh at 0.05, 0.09 and 0.12 behind an export limit, one bid of 300 Wh at 0.30
/// on the other feeder, no fees. The bid wants more than comes, so the price outside is 0.30.
///
/// - Limit 150 Wh: the second offer is cut in two, so 0.09 is the only price at which exactly this
///   much is offered. The rent is 0.21 x 0.15 kWh.
/// - Limit 200 Wh: any price from 0.09 to 0.12 will do, the middle is 0.105.
/// - Limit 300 Wh: nothing is cut off.
#[test]
fn a_full_export_gives_the_feeder_its_own_price() {
    let open = market(&[0, 0, 0, 1], &[0, 0], fees(0, 0, 0));
    let orders = [
        order(Side::Offer, 1, 0, 50_000, 100),
        order(Side::Offer, 2, 0, 90_000, 100),
        order(Side::Offer, 3, 0, 120_000, 100),
        order(Side::Bid, 4, 0, 300_000, 300),
    ];
    let behind = |export| with_feeder_limit(&open, 0, limit(None, Some(export)));
    let clearing = cleared(&behind(150), &orders);
    assert_eq!(parts(&clearing, 0), [(Tier::Aggregator, 100, 90_000)]);
    assert_eq!(parts(&clearing, 1), [(Tier::Aggregator, 50, 90_000)]);
    let cut_off = Outcome::Rejected { reason: Rejection::LimitReached };
    assert_eq!(clearing.outcomes[2], cut_off);
    assert_eq!(parts(&clearing, 3), [(Tier::Aggregator, 150, 300_000)]);
    assert_eq!(clearing.accounts.congestion, Money::from_nano(31_500_000));
    assert_eq!(clearing.congestion[0].zone, Zone::Feeder(FeederId::new(0)));

    let clearing = cleared(&behind(200), &orders);
    assert_eq!(parts(&clearing, 1), [(Tier::Aggregator, 100, 105_000)]);
    assert_eq!(clearing.accounts.congestion, Money::from_nano(195_000 * 200));

    let clearing = cleared(&behind(300), &orders);
    assert_eq!(clearing, cleared(&open, &orders));
    assert_eq!(clearing.congestion, []);
}

/// Bids of 100 Wh at 0.30 and 0.26 behind an import limit of 100 Wh, 300 Wh offered at 0.08, a fee
/// of 0.02 between feeders. Outside the price is 0.08; inside, exactly 100 Wh are wanted at any
/// price from 0.26 - 0.02 to 0.30 - 0.02, the middle is 0.26, and home 1 pays 0.28. The rent is
/// 0.18 x 0.1 kWh.
#[test]
fn a_full_import_gives_the_feeder_its_own_price() {
    let open = market(&[0, 0, 1], &[0, 0], fees(0, 20_000, 20_000));
    let market = with_feeder_limit(&open, 0, limit(Some(100), None));
    let orders = [
        order(Side::Bid, 1, 0, 300_000, 100),
        order(Side::Bid, 2, 0, 260_000, 100),
        order(Side::Offer, 3, 0, 80_000, 300),
    ];
    let clearing = cleared(&market, &orders);
    assert_eq!(parts(&clearing, 0), [(Tier::Aggregator, 100, 260_000)]);
    assert_eq!(clearing.parts_of(0)[0].rate(), price(280_000));
    assert_eq!(clearing.outcomes[1], Outcome::Rejected { reason: Rejection::LimitReached });
    assert_eq!(parts(&clearing, 2), [(Tier::Aggregator, 100, 80_000)]);
    assert_eq!(clearing.accounts.congestion, Money::from_nano(18_000_000));
    assert_eq!(clearing.accounts.fees, [Money::from_nano(2_000_000)]);
}

/// A home uses its own energy first and pays nothing for it: of 500 Wh wanted at 0.20 and 300 Wh
/// offered at 0.10, 200 Wh are left to buy from the neighbour, who asks 0.15; the bid is left over,
/// so the price is its own less the fee of 0.01.
#[test]
fn a_home_serves_itself_first() {
    let market = market(&[0, 0], &[0], fees(10_000, 10_000, 10_000));
    let orders = [
        order(Side::Bid, 1, 0, 200_000, 500),
        order(Side::Offer, 1, 1, 100_000, 300),
        order(Side::Offer, 2, 0, 150_000, 150),
    ];
    let clearing = cleared(&market, &orders);
    assert_eq!(parts(&clearing, 0), [(Tier::Home, 300, 0), (Tier::Feeder, 150, 190_000)]);
    assert_eq!(parts(&clearing, 1), [(Tier::Home, 300, 0)]);
    let bills = clearing.bills(&orders, &market.fees).expect("small");
    assert_eq!((bills[0].energy, bills[0].amount), (wh(150), Money::from_nano(-30_000_000)));
}

/// With the utility at 0.08 and 0.30: a bid at 0.30 and an offer at 0.08 are worth less to each
/// other than the fee of 0.25, so they trade with it, at its prices and without a fee; a bid below
/// its price does not trade.
#[test]
fn what_is_left_trades_with_the_utility() {
    let tariff = Tariff::try_new(price(80_000), price(300_000)).expect("in order");
    let dear = fees(250_000, 250_000, 250_000);
    let market = TierMarket { utility: Some(tariff), ..market(&[0, 0, 1], &[0, 0], dear) };
    let orders = [
        order(Side::Bid, 1, 0, 300_000, 400),
        order(Side::Offer, 2, 0, 80_000, 100),
        order(Side::Bid, 3, 0, 299_999, 100),
    ];
    let clearing = cleared(&market, &orders);
    assert_eq!(parts(&clearing, 0), [(Tier::Utility, 400, 300_000)]);
    assert_eq!(parts(&clearing, 1), [(Tier::Utility, 100, 80_000)]);
    assert_eq!(clearing.outcomes[2], Outcome::Rejected { reason: Rejection::PriceNotReached });
    // 0.4 x 0.30 - 0.1 x 0.08.
    assert_eq!(clearing.accounts.utility, Money::from_nano(112_000_000));
    assert_eq!(clearing.accounts.fees, [Money::ZERO]);
}

/// 90 Wh for three equal bids of 60, 30 and 90 Wh on two feeders: half of each, shared out between
/// the feeders first.
#[test]
fn a_level_is_shared_out_pro_rata_down_the_tree() {
    let market = market(&[0, 0, 1, 2], &[0, 0, 1], fees(0, 0, 0));
    let orders = [
        order(Side::Bid, 1, 0, 200_000, 60),
        order(Side::Bid, 2, 0, 200_000, 30),
        order(Side::Bid, 3, 0, 200_000, 90),
        order(Side::Offer, 4, 0, 100_000, 90),
    ];
    let clearing = cleared(&market, &orders);
    assert_eq!(super::fills(&orders, &clearing), [30, 15, 45, 90]);
}
