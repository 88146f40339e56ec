//! How long a healed core of honest replicas may take, and what a replica waits for that takes longer.
//!
//! In: where replicas stand when the storm ends. Out: a bound in virtual time; a sentence. Refuses to know: how the
//! time is spent.

use std::time::Duration;

use crate::limits::Limits;
use crate::protocol::Standing;

/// A cluster at the end of the storm.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    /// Replicas.
    pub n: u64,
    /// Replicas that go on and are honest.
    pub core: u64,
    /// The highest view among them.
    pub view: u64,
    /// The most positions one of them is behind another.
    pub gap: u64,
    /// Requests that are to be executed.
    pub open: u64,
    /// How long a client waits at first.
    pub patience: Duration,
    /// The longest that a message, a sync or an answer of the application takes now.
    pub slowest: Duration,
    /// Whether liars go on too.
    pub lying: bool,
}

/// A client doubles its patience at most this often (`client`).
const PATIENCE_DOUBLINGS: u32 = 6;
/// A replica that waits for nothing says where it stands every so many ticks (`classic::catch_up`).
const IDLE_TICKS: u32 = 10;
/// Deliveries, syncs and answers between a request and its reply, with one lost turn of asking for a batch.
const STEPS: u32 = 24;

impl Storm {
    /// How long it may take until all requests are executed and the core stands at one position.
    ///
    /// - Nobody of the core backed off more often than there were views. Among n - core + 1 views in a row one is led
    ///   by the core; each costs at most the patience with its primary and the patience for its beginning, doubled
    ///   each time; one more, because the core need not enter the first of them together.
    /// - The first request waits for the longest patience of a client; each further one for a client's patience and
    ///   its steps. While liars go on, each of the n - core may be primary again for each request.
    /// - Whoever is behind hears of it with an idle turn and fetches a bounded number of decisions per tick.
    pub fn bound(&self, limits: &Limits) -> Duration {
        let views = u32::try_from(self.n - self.core + 2).unwrap_or(u32::MAX);
        let backed_off = u32::try_from(self.view).unwrap_or(u32::MAX);
        let round = |attempt: u32| limits.view_timeout(attempt) * 2;
        let leaders: Duration =
            (0..views).map(|i| round(backed_off.saturating_add(i).saturating_add(1))).sum();
        let step = self.slowest * STEPS + limits.status_interval() * 2;
        let open = u32::try_from(self.open).unwrap_or(u32::MAX);
        let relapses = if self.lying { (1..views).map(round).sum() } else { Duration::ZERO };
        let requests = (self.patience + step + relapses) * open;
        let turns = u32::try_from(self.gap / limits.spec().fetch_decisions as u64 + 1);
        let behind = (limits.status_interval() + self.slowest * 4) * turns.unwrap_or(u32::MAX);
        let idle = limits.status_interval() * (IDLE_TICKS + 1) * views;
        leaders + self.patience * (1 << (PATIENCE_DOUBLINGS + 1)) + requests + behind + idle
    }
}

/// What a replica waits for, as a sentence.
pub fn blocked(at: u16, standing: Option<&Standing>, frontier: u64) -> String {
    let Some(Standing { view, active, executed, stable, primary, waiting }) = standing else {
        return format!("replica {at} does not run");
    };
    let place = format!("replica {at}, executed {executed}, stable {stable}");
    if !active {
        format!("{place}: waits for view {view} to begin, by replica {primary} or a later one")
    } else if executed.get() < frontier {
        format!("{place}: waits in view {view} for decisions up to {frontier}")
    } else if *waiting > 0 {
        format!("{place}: waits in view {view} for replica {primary} to order {waiting} requests")
    } else {
        format!("{place}: waits in view {view} for requests")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::setup::Setup;

    /// Four replicas, three of them the core, in view 1, time-outs of 200 ms: views cost 2 x 200 ms x (4 + 8 + 16),
    /// patience 128 x 100 ms, ten requests 100 ms + 24 ms + 100 ms each, one turn of 54 ms, 33 ticks of 50 ms.
    #[test]
    fn the_bound_is_the_sum_of_what_may_be_waited_for() {
        let (patience, slowest) = (Duration::from_millis(100), Duration::from_millis(1));
        let storm =
            Storm { n: 4, core: 3, view: 1, gap: 3, open: 10, patience, slowest, lying: false };
        let bound = storm.bound(&Setup::calm(4).limits);
        assert_eq!(bound.as_millis(), 11_200 + 12_800 + 2_240 + 54 + 1_650);
    }
}
