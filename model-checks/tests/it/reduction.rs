//! The reductions lose nothing: in worlds that can be explored both ways, the same things can happen.

use std::collections::BTreeSet;

use consensus::classic::Replica;
use consensus::classic::message::Message;
use consensus::wire::encode;
use model_checks::classic::{Bounds, Classic, Crash, Detail, Faulty, World};
use stateright::Model;

/// What can be seen of a world: what honest replicas sent and executed.
type Sight = (BTreeSet<Vec<u8>>, Vec<Vec<(u64, Vec<u8>)>>);

/// Everything that can be seen in any world within `bounds`; `essence` is what counts of a message.
fn sights(bounds: Bounds, essence: fn(&Message) -> Vec<u8>) -> BTreeSet<Sight> {
    let model = Classic::<Replica>::new(bounds);
    let mut open: Vec<World> = model.init_states();
    let mut seen: BTreeSet<World> = BTreeSet::new();
    let mut sights = BTreeSet::new();
    while let Some(world) = open.pop() {
        if !seen.insert(world) {
            continue;
        }
        let sent = model.look_at_sent(&world, |sent| sent.iter().map(|m| essence(m)).collect());
        let executed = model.look(&world, |machines| {
            let ran = |m: &model_checks::replica::Machine<Replica>| {
                m.history().ran().values().map(|ran| (ran.view, ran.batch.to_vec())).collect()
            };
            machines.iter().map(|machine| ran(machine)).collect()
        });
        sights.insert((sent, executed));
        open.extend(model.next_states(&world));
    }
    sights
}

/// A message without the names of those who signed its certificates.
fn without_voters(message: &Message) -> Vec<u8> {
    match message {
        Message::ViewChange(vote) => {
            let held: Vec<_> = vote.prepared.iter().map(|c| (c.view(), c.digest())).collect();
            encode(&(7_u8, vote.from, vote.view, held))
        }
        Message::NewView(new_view) => {
            let proposes: Vec<_> = new_view.pre_prepares.iter().map(|p| p.digest).collect();
            encode(&(8_u8, new_view.from, new_view.view, proposes))
        }
        other => encode(other),
    }
}

fn world(faulty: Faulty, last_view: u64, detail: Detail) -> Bounds {
    Bounds { faulty, crash: Crash::Never, last_view, detail }
}

/// Votes delivered one by one, in any order, early ones among them, lead to nothing that quorums
/// delivered at once do not lead to, and the other way round.
#[test]
fn delivering_quorums_at_once_loses_nothing() {
    for (faulty, last_view) in [(Faulty::Silent(3), 1), (Faulty::Silent(0), 1), (Faulty::Nobody, 0)]
    {
        let once = sights(world(faulty, last_view, Detail::EveryQuorum), encode_message);
        let alone = sights(world(faulty, last_view, Detail::OneByOne), encode_message);
        assert!(once.len() > 20, "{faulty:?}: only {} sights", once.len());
        let lost = alone.difference(&once).count();
        let invented = once.difference(&alone).count();
        assert_eq!((lost, invented), (0, 0), "{faulty:?} up to view {last_view}");
    }
}

fn encode_message(message: &Message) -> Vec<u8> {
    encode(message)
}

/// Stand-ins lead to what the quorums they stand for lead to, but for the names in certificates.
#[test]
fn stand_ins_lose_nothing_but_names() {
    for (faulty, last_view) in
        [(Faulty::Nobody, 0), (Faulty::Byzantine(0), 0), (Faulty::Silent(3), 1)]
    {
        let stand_ins = sights(world(faulty, last_view, Detail::StandIns), without_voters);
        let every = sights(world(faulty, last_view, Detail::EveryQuorum), without_voters);
        assert!(every.len() > 20, "{faulty:?}: only {} sights", every.len());
        let lost = every.difference(&stand_ins).count();
        let invented = stand_ins.difference(&every).count();
        assert_eq!((lost, invented), (0, 0), "{faulty:?} up to view {last_view}");
    }
}
