//! When a message arrives, if it does.
//!
//! In: who sends to whom. Out: delays, one for each time it arrives. Refuses to know: what is in a message.

use crate::adversary::draw::Draw;

use super::plan::Plan;
use super::setup::Setup;

/// Links with the number of messages that went over each.
#[derive(Clone, Debug)]
pub struct Network {
    seed: u64,
    nodes: u16,
    sent: Vec<u32>,
    min_us: u64,
    spread_us: u64,
}

/// Names the question of an ordinary delay.
const DELAY: u64 = 4;

impl Network {
    /// A network of `nodes` nodes.
    pub fn new(setup: &Setup, seed: u64, nodes: u16) -> Self {
        let (min_us, spread_us) = (setup.delay_min_us, setup.delay_spread_us);
        let links = usize::from(nodes) * usize::from(nodes);
        Self { seed, nodes, sent: vec![0; links], min_us, spread_us }
    }

    /// From now on a message takes no longer than this on the way.
    pub fn hurry(&mut self, spread_us: u64) {
        self.spread_us = self.spread_us.min(spread_us);
    }

    /// The longest that a message takes on the way when nothing goes wrong.
    pub fn slowest_us(&self) -> u64 {
        self.min_us + self.spread_us
    }

    /// After what time a message that is sent now arrives, and arrives again.
    pub fn send(&mut self, plan: &mut Plan, now: u64, from: u16, to: u16) -> [Option<u64>; 2] {
        let link = usize::from(from) * usize::from(self.nodes) + usize::from(to);
        let nth = self.sent[link];
        self.sent[link] += 1;
        let mishap = plan.link(now, from, to, nth);
        if mishap.lost || plan.is_cut(now, from, to) {
            return [None, None];
        }
        let question = [DELAY, u64::from(from), u64::from(to), u64::from(nth)];
        let usual = self.min_us + Draw::about(self.seed, question).below(self.spread_us);
        let first = usual + mishap.late + plan.held(now, from, to);
        [Some(first), mishap.again.map(|after| first + after)]
    }
}
