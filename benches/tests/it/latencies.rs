//! Closed and open loops: every request that was due is counted once.

use std::time::Duration;

use benches::experiment::{latency, throughput};
use node::config::Durability;

use crate::small::{alone, setting};

const HALF: Duration = Duration::from_millis(500);

fn cell(rate: Option<f64>) -> latency::Cell {
    latency::Cell { name: String::new(), durability: Durability::Async, rate, bytes: 16 }
}

/// A client that waits for each answer gets one after the other, and none fails.
#[test]
fn one_client_is_answered() {
    let _alone = alone();
    let run = latency::measure(&setting(HALF), &cell(None)).expect("the cluster runs");
    assert!(run.outcome.done > 0, "{run:?}");
    assert_eq!(run.outcome.failed, 0, "{run:?}");
    assert!(run.outcome.quantile_ms(0.5) > 0.0 && run.syncs.iter().all(|sync| !sync.is_zero()));
}

/// An open loop at 200 a second asks 100 times in half a second, give or take five standard deviations, and counts
/// every request as answered or failed.
#[test]
fn an_open_loop_counts_every_arrival() {
    let _alone = alone();
    let run = latency::measure(&setting(HALF), &cell(Some(200.0))).expect("the cluster runs");
    let all = run.outcome.done + run.outcome.failed;
    assert!(all.abs_diff(100) <= 50, "{run:?}");
    assert!(run.outcome.done > 0, "{run:?}");
}

/// A cell of the throughput table, with fewer clients: all are answered, and every replica has a share of the cost.
#[test]
fn a_closed_loop_of_many_clients_is_answered() {
    let _alone = alone();
    let cell = throughput::Cell { clients: 16, ..throughput::CELLS[4] };
    let run = throughput::measure(&setting(HALF), cell).expect("the cluster runs");
    assert!(run.outcome.done > 0 && run.outcome.failed == 0, "{run:?}");
    assert_eq!(run.replica_cpu_us.len(), 4);
}
