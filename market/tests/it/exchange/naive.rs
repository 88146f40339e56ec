//! The coin exchange by linear scans: the rules restated, no ordered maps, no ranks.

use market::Side;
use market::exchange::{CoinOrder, Fill, Leftover, State};

/// An order and what became of it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) order: CoinOrder,
    pub(super) left: i64,
    pub(super) state: &'static str,
}

/// Every order there ever was, by ticket; nothing is ever taken out.
#[derive(Clone, Debug, Default)]
pub(super) struct Naive {
    pub(super) rows: Vec<Row>,
    /// Bid, offer, micro-coins.
    pub(super) trades: Vec<(usize, usize, i64)>,
}

impl Naive {
    pub(super) fn place(&mut self, order: CoinOrder) {
        self.rows.push(Row { order, left: order.quantity.micro(), state: "new" });
        self.run(self.rows.len() - 1);
        self.again();
    }

    pub(super) fn cancel(&mut self, ticket: usize) {
        self.rows[ticket].state = "cancelled";
        self.again();
    }

    pub(super) fn state(&self, ticket: usize) -> State {
        let row = &self.rows[ticket];
        let left = market::Coins::from_micro(row.left);
        match row.state {
            "resting" => State::Resting { left },
            "filled" => State::Filled,
            "discarded" => State::Discarded { left },
            "cancelled" => State::Cancelled { left },
            other => panic!("order {ticket} is {other}"),
        }
    }

    fn run(&mut self, taker: usize) {
        for (maker, quantity) in self.would_meet(taker) {
            for end in [taker, maker] {
                self.rows[end].left -= quantity;
                if self.rows[end].left == 0 {
                    self.rows[end].state = "filled";
                }
            }
            let is_bid = self.rows[taker].order.side == Side::Bid;
            let (bid, offer) = if is_bid { (taker, maker) } else { (maker, taker) };
            self.trades.push((bid, offer, quantity));
        }
        let row = &mut self.rows[taker];
        if row.left > 0 {
            let rests = row.order.leftover == Leftover::Rests;
            row.state = if rests { "resting" } else { "discarded" };
        }
    }

    /// Tries every waiting order that wants all, the oldest first, from the start after each success.
    fn again(&mut self) {
        let waiting = |row: &Row| row.state == "resting" && row.order.fill == Fill::Whole;
        loop {
            let able = (0..self.rows.len())
                .find(|at| waiting(&self.rows[*at]) && !self.would_meet(*at).is_empty());
            match able {
                Some(taker) => self.run(taker),
                None => return,
            }
        }
    }

    /// One scan over everything for each counterparty: the best price among those not looked at
    /// yet, the first of equal ones.
    pub(super) fn would_meet(&self, taker: usize) -> Vec<(usize, i64)> {
        let own = &self.rows[taker];
        let mut wanted = own.left;
        let mut seen = vec![false; self.rows.len()];
        let mut met = Vec::new();
        while wanted > 0 {
            let mut best: Option<usize> = None;
            for (at, row) in self.rows.iter().enumerate() {
                let gain = match own.order.side {
                    Side::Bid => {
                        own.order.price.micro_per_coin() - row.order.price.micro_per_coin()
                    }
                    Side::Offer => {
                        row.order.price.micro_per_coin() - own.order.price.micro_per_coin()
                    }
                };
                let stands = row.state == "resting" && row.order.side != own.order.side;
                if seen[at] || !stands || gain < 0 {
                    continue;
                }
                let price = row.order.price.micro_per_coin();
                let beats = |other: usize| {
                    let rival = self.rows[other].order.price.micro_per_coin();
                    if own.order.side == Side::Bid { price < rival } else { price > rival }
                };
                if best.is_none_or(beats) {
                    best = Some(at);
                }
            }
            let Some(at) = best else { break };
            seen[at] = true;
            let there = self.rows[at].left;
            if there <= wanted {
                met.push((at, there));
                wanted -= there;
            } else if self.rows[at].order.fill == Fill::Partial {
                met.push((at, wanted));
                wanted = 0;
            }
        }
        if wanted > 0 && own.order.fill == Fill::Whole { Vec::new() } else { met }
    }
}
