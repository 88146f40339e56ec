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
        let (mut strike, mut outage) = (random.below(60), random.below(800));
        let mut victim = usize::try_from(random.below(4)).expect("one of four");
        if seed % 5 == 0 {
            // Every fifth time the primary, while requests are on their way, for longer than clients and backups are
            // patient.
            strike /= 6;
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

/// What the documentation of the store says may be removed while a replica is stopped: the private parts alone, and
/// the whole chain. Either time the replica comes back from the others, with every block and every part, and nothing
/// that it held before is gone meanwhile.
#[test]
fn a_replica_comes_back_without_its_private_parts_and_without_its_chain() {
    let mut world = World::start("erased");
    world.enrol(2);
    for slot in 0..2 {
        let gate = slot_market::Command::CloseGate { slot: Slot::new(slot) };
        let close = slot_market::Command::CloseSlot { slot: Slot::new(slot) };
        let accepted = |receipt: Result<Receipt, _>| {
            assert!(receipt.is_ok_and(|receipt: Receipt| receipt.is_accepted()));
        };
        accepted(world.submit(&world.home(0), bid(slot, 5)));
        accepted(world.submit(&world.operator(), Command::SlotMarket(gate)));
        for home in 0..2 {
            let (meter, slot) = (ledger::MeterId::new(home), Slot::new(slot));
            let (import, export) = (market::Energy::from_wh(300), market::Energy::ZERO);
            let reading = ledger::Reading { import, export, salt: [9; 32] };
            let commitment = reading.commitment(meter, slot);
            let command = slot_market::Command::SubmitReading { slot, meter, commitment };
            let key = world.home(home);
            let sent = world.gateway.submit(
                &key,
                consensus::ids::Timestamp::ZERO,
                Command::SlotMarket(command).encode(),
                reading.encode(),
            );
            let done = world.runtime.block_on(sent).expect("answered");
            accepted(Ok(consensus::wire::decode(&done.result, Receipt::MAX_BYTES).expect("one")));
        }
        accepted(world.submit(&world.operator(), Command::SlotMarket(close)));
    }
    let at = world.settle(1)[0].executed;
    let chain = world.data(3).join("chain");
    for files in [&["private.log"][..], &["blocks.log", "checkpoints.log", "private.log"]] {
        world.cluster.kill(3).expect("it is there");
        let blocks = std::fs::read(chain.join("blocks.log")).expect("there");
        for file in files {
            std::fs::remove_file(chain.join(file)).expect("there");
        }
        world.cluster.spawn(3).expect("it comes back");
        let statuses = world.settle(at);
        assert!(statuses.iter().all(|status| status.root == statuses[0].root), "one root");
        if files.len() == 1 {
            let now = std::fs::read(chain.join("blocks.log")).expect("there");
            assert!(now.starts_with(&blocks), "no block was cut off");
        }
    }
    let data: Vec<_> = (0..4).map(|replica| world.data(replica)).collect();
    let (cluster, _folder) = world.take_apart();
    cluster.stop().expect("they stop when asked");
    let outcome = audit(&data[3], |_| {}).expect("a chain");
    assert!(outcome.holds && outcome.not_checked.is_empty(), "{outcome:?}");
    assert_eq!((outcome.blocks + outcome.nulls, outcome.readings), (at, 4));
}
