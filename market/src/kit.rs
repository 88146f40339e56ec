//! The property kit: every rule against every invariant that it claims, and against those that it is
//! said to break.
//!
//! In: a rule behind a trait, a number of cases, a seed. Out: what held, what broke, and the case
//! that shows it. Refuses to know: how a rule computes; whatever is checked is added up again here.
//!
//! A new rule implements [`price::Pricing`] or [`auction::Auction`]: its name, what it computes, its
//! claims. Then [`price::examine`] or [`auction::examine`] runs it over drawn and extreme inputs. A
//! claim to keep an invariant fails with the first case that breaks it, a claim to break one fails
//! if no case does; so the tables are true both ways. `GRIDQUORUM_CASES=100000 cargo test --release
//! -p market kit` runs 100,000 cases for each rule.
//!
//! # Auctions
//!
//! | # | invariant | uniform | k-double | pay-as-bid | mcafee | huang | muda |
//! |---|---|---|---|---|---|---|---|
//! | I1 | bought equals sold, no fill above its order | x | x | x | x | x | x |
//! | I2 | all account changes are zero together | x | x | x | x | x | x |
//! | I3 | nobody trades at a worse price than its own | x | x | x | x | x | x |
//! | I4 | prices stay in bounds, sell up to buy | x | x | x | x | x | x |
//! | I5 | more supply never raises a price, a better order never gets less | x | no | no | no | no | no |
//! | I6 | nobody gains by a false price | no | no | no | x | x | x |
//! | I7 | arrival order changes nothing | x | x | no | x | x | x |
//! | I8 | one true outcome per order, a price per fill | x | x | x | x | x | x |
//! | I9 | odd and largest books are ordinary | x | x | x | x | x | x |
//! | I10 | fills scale with quantities | x | x | x | x | x | x |
//! | I11 | splitting an order changes nothing | x | x | x | - | no | x |
//! | I12 | same inputs, same bytes | x | x | x | x | x | x |
//! | W | the largest gain there can be | x | x | no | no | no | no |
//! | I13 | the operator keeps roundings alone | x | x | x | no | no | x |
//!
//! - k-double, I5: one more pair may trade, at a last offer above the last price
//! - pay-as-bid, I5: one more order takes others' partners
//! - mcafee, I5: one more offer may switch to the reduced trade
//! - huang, I5: one more pair raises what sellers get
//! - muda, I5: a half that did not cross may set a higher price
//! - uniform, I6: whoever's bid is part of the price gains by a lower one
//! - k-double, I6: whoever's bid is part of the price gains by a lower one
//! - pay-as-bid, I6: to bid what rests costs less than the truth
//! - mcafee, I6: for whoever has one order
//! - huang, I6: for whoever has one order
//! - pay-as-bid, I7: it is defined by arrival
//! - pay-as-bid, I11: if the parts arrive one after the other
//! - huang, I11: each part gives up as much as the whole
//! - pay-as-bid, W: who comes early trades, not who gains most
//! - mcafee, W: the K-th pair may be given up
//! - huang, W: the critical orders are given up
//! - muda, W: halves trade apart, the longer side by lottery
//! - mcafee, I13: the operator keeps the gap
//! - huang, I13: the operator keeps the gap
//!
//! # Price rules
//!
//! As a region posts them: in whole micro-currency per kWh, inside the bounds that they promise,
//! the published nrgx moved into the tariff. Who is worse off (I3) and what splitting gains (I11)
//! is asked of homes without contracts.
//!
//! | # | invariant | nrgx | nrgx-safe | sdr | sdr, feed-in 0 | mid-market | bill-sharing |
//! |---|---|---|---|---|---|---|---|
//! | I1 | bought equals sold, no fill above its order | x | x | x | x | x | x |
//! | I2 | all account changes are zero together | x | x | x | x | x | x |
//! | I3 | nobody trades at a worse price than its own | x | x | x | x | x | no |
//! | I4 | prices stay in bounds, sell up to buy | x | x | x | x | x | no |
//! | I5 | more supply never raises a price, a better order never gets less | no | x | x | x | x | no |
//! | I7 | arrival order changes nothing | x | x | x | x | x | x |
//! | I9 | odd and largest books are ordinary | x | x | x | x | x | x |
//! | I10 | fills scale with quantities | no | x | x | x | x | x |
//! | I11 | splitting an order changes nothing | x | x | no | no | x | no |
//! | I12 | same inputs, same bytes | x | x | x | x | x | x |
//! | I13 | the operator keeps roundings alone | no | no | x | x | x | x |
//! | I14 | who injects more never earns less | no | x | x | no | x | x |
//! | I15 | own use is worth a sale | x | x | x | x | x | no |
//!
//! - bill-sharing, I3: sellers get less than feed-in, often nothing
//! - bill-sharing, I4: both prices may lie below feed-in, and buy below sell
//! - nrgx, I5: the reward rises with production up to balance, on a full line too (congestion)
//! - bill-sharing, I5: more surplus raises sell, on a full line too (congestion)
//! - nrgx, I10: a is in kWh^2: another region, another bell
//! - sdr, I11: the only buyer lowers both prices by showing production and consumption apart
//! - sdr, feed-in 0, I11: the only buyer lowers both prices by showing production and consumption apart
//! - bill-sharing, I11: in a surplus, showing more production takes more of the income
//! - nrgx, I13: r tc / (tc + tp) and the bell know nothing of each other, nor of the grid
//! - nrgx-safe, I13: the operator's account takes the difference, by rule
//! - nrgx, I14: beyond balance the bell falls faster than energy grows
//! - nrgx-safe, I14: for alpha from 0.385 on, or a feed-in price that is not far below the top
//! - sdr, feed-in 0, I14: the linear form pays x pb (1 - x / d), which falls from x = d / 2 on
//! - nrgx, I15: only because a region moves the buying price up to the selling price
//! - bill-sharing, I15: in a surplus buy is 0 and sell is not

pub mod claim;
pub mod draw;
pub mod book;
pub mod auction;
pub mod region;
pub mod price;
