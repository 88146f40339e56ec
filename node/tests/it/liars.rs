//! One lying replica among four processes: the others go on, agree, and can prove the lies that were signed.

use std::collections::BTreeSet;

use consensus::adversary::Adversary;
use ledger::{Command, slot_market};
use market::Slot;
use node::audit::audit;

use crate::world::{World, bid};

/// Each adversary in turn takes the place of the primary, that of whichever replica that is by then. Every command is
/// answered, the honest replicas reach one state, their chains pass the audit, and nobody honest is ever accused. The
/// equivocator, which signs contradictions, is.
#[test]
fn whoever_lies_the_others_go_on_and_agree() {
    let mut convicted = BTreeSet::new();
    for adversary in Adversary::ALL {
        let name = adversary.name();
        let mut world = World::start(&format!("liar-{name}"));
        world.enrol(2);
        let liar = 0;
        world.cluster.kill(liar).expect("it runs");
        world.cluster.spawn_liar(liar, name).expect("it starts again");
        for slot in 0..2 {
            for home in 0..2 {
                let receipt = world.submit(&world.home(home), bid(slot, 5));
                assert!(receipt.is_ok_and(|receipt| receipt.is_accepted()), "{name}");
            }
            let slot = Slot::new(slot);
            for command in
                [slot_market::Command::CloseGate { slot }, slot_market::Command::CloseSlot { slot }]
            {
                let receipt = world.submit(&world.operator(), Command::SlotMarket(command));
                assert!(receipt.is_ok_and(|receipt| receipt.is_accepted()), "{name}");
            }
        }
        let (statuses, chains) = (honest(&world), [1, 2, 3].map(|replica| world.data(replica)));
        for status in &statuses {
            assert_eq!(status.root, statuses[0].root, "{name}: one root");
            assert!(status.accused.keys().all(|accused| *accused == 0), "{name}: {status:?}");
            convicted.extend(status.accused.keys().map(|_| name));
        }
        let (cluster, _folder) = world.take_apart();
        drop(cluster);
        for chain in chains {
            let outcome = audit(&chain, |_| {}).expect("a chain");
            assert!(outcome.holds, "{name}: {:?}", outcome.findings);
        }
    }
    assert!(convicted.contains("equivocator"), "convicted: {convicted:?}");
}

/// Where the honest replicas stand once all three have closed the last slot.
fn honest(world: &World) -> Vec<node::talk::Status> {
    for _ in 0..200 {
        let statuses: Vec<_> = (1..4).filter_map(|replica| world.status(replica)).collect();
        let done = |status: &node::talk::Status| status.closed == Some(Slot::new(1));
        if statuses.len() == 3 && statuses.iter().all(done) {
            return statuses;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("an honest replica does not get there");
}
