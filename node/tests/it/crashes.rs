//! `kill -9` at any moment: the others go on, the killed one comes back, nothing diverges.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use consensus::sim::random::Random;
use ledger::{Command, Receipt, slot_market};
use market::Slot;
use node::audit::audit;

use crate::world::{World, bid};

/// Twenty times a replica, drawn from a seed, is killed at a moment drawn from it while homes trade, and started
/// again a moment later. Every command is answered, all chains end equal, and each passes the audit.
#[test]
fn twenty_kills_at_any_moment_lose_nothing() {
    const HOMES: u32 = 6;
    const KILLS: u64 = 20;
    let mut world = World::start("kills");
    world.enrol(HOMES);
    let over = AtomicBool::new(false);
    let (mut views, mut slots) = (0, 0);
    for seed in 0..KILLS {
        let mut random = Random::new(seed);
        let (strike, mut outage) = (random.below(60), random.below(800));
        let mut victim = usize::try_from(random.below(4)).expect("one of four");
        if seed % 5 == 0 {
            // Every fifth time the primary, for longer than clients and backups are patient.
            victim = usize::from(world.status(0).expect("all are up").primary);
            outage = 2_500;
        }
        over.store(false, Ordering::Relaxed);
        let homes: Vec<_> = (0..HOMES).map(|home| world.home(home)).collect();
        let slot = u32::try_from(seed).expect("twenty slots");
        let World { runtime, gateway, cluster, .. } = &mut world;
        std::thread::scope(|scope| {
            for home in &homes {
                let (gateway, runtime) = (gateway.clone(), &*runtime);
                scope.spawn(move || {
                    for wh in 1..=8 {
                        let command = bid(slot, wh).encode();
                        let sent = gateway.submit(
                            home,
                            consensus::ids::Timestamp::ZERO,
                            command,
                            Vec::new(),
                        );
                        let done = runtime.block_on(sent).expect("a quorum is up all along");
                        let receipt: Receipt =
                            consensus::wire::decode(&done.result, Receipt::MAX_BYTES)
                                .expect("a receipt");
                        assert!(receipt.is_accepted(), "{receipt:?}");
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(strike));
            cluster.kill(victim).expect("it is there");
            std::thread::sleep(Duration::from_millis(outage));
            cluster.spawn(victim).expect("it comes back");
        });
        for close in [
            slot_market::Command::CloseGate { slot: Slot::new(slot) },
            slot_market::Command::CloseSlot { slot: Slot::new(slot) },
        ] {
            let receipt = world.submit(&world.operator(), Command::SlotMarket(close));
            let receipt = receipt.expect("answered");
            assert!(receipt.is_accepted(), "seed {seed}: {receipt:?}");
        }
        slots += 1;
        // One more than f must not be behind when the next one is killed.
        let at = world.settle(1);
        views = views.max(at.iter().map(|status| status.view).max().unwrap_or(0));
    }
    assert_eq!(slots, KILLS);
    assert!(views >= KILLS / 5, "the primary was among the killed, and replaced: view {views}");
    let statuses = world.settle(1);
    assert!(statuses.iter().all(|status| status.root == statuses[0].root), "one root");
    let executed = statuses[0].executed;
    let data: Vec<_> = (0..4).map(|replica| world.data(replica)).collect();
    let (cluster, _folder) = world.take_apart();
    cluster.stop().expect("they stop when asked");
    for chain in data {
        let outcome = audit(&chain, |_| {}).expect("a chain");
        assert!(outcome.holds, "{:?}", outcome.findings);
        assert_eq!(outcome.blocks + outcome.nulls, executed);
        assert_eq!(outcome.commands, u64::from(HOMES) + 1 + KILLS * (8 * u64::from(HOMES) + 2));
    }
}
