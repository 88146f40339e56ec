//! A closed loop: every client sends one request after the other, as fast as it is answered.
//!
//! In: gateways, how many clients, how long. Out: what came of it. Refuses to know: when a request should have left.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use consensus::ids::Timestamp;
use consensus::keys::{Scope, Signer};
use node::client::Gateway;
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::outcome::Outcome;

/// The key of client `index`.
pub fn client(scope: Scope, index: u32) -> Signer {
    let mut seed = [21; 32];
    seed[..4].copy_from_slice(&index.to_le_bytes());
    Signer::ed25519(scope, seed)
}

/// A closed loop: each of `clients`, spread over the gateways, sends one request of `bytes` bytes after the other. What
/// is answered after `measured` does not count.
pub async fn closed(
    gateways: &[Gateway],
    scope: Scope,
    clients: u32,
    bytes: usize,
    measured: Duration,
) -> Outcome {
    let outcome = Rc::new(RefCell::new(Outcome::new(measured)));
    let end = Instant::now() + measured;
    let tasks = LocalSet::new();
    for (index, gateway) in (0..clients).zip(gateways.iter().cycle()) {
        let (gateway, outcome) = (gateway.clone(), outcome.clone());
        let signer = client(scope, index);
        tasks.spawn_local(async move {
            loop {
                let sent = Instant::now();
                if sent >= end {
                    return;
                }
                let done = gateway.submit(&signer, Timestamp::ZERO, vec![7; bytes], Vec::new());
                let done = done.await;
                let now = Instant::now();
                let mut outcome = outcome.borrow_mut();
                outcome.slowest = outcome.slowest.max(now - sent);
                if now < end {
                    match done {
                        Ok(_) => outcome.answered(now - sent),
                        Err(_) => outcome.failed += 1,
                    }
                }
            }
        });
    }
    tasks.await;
    let outcome = outcome.borrow();
    outcome.clone()
}
