//! The committed seeds, replayed: each target still holds on every input that was ever worth keeping.
//!
//! `GRIDQUORUM_BLESS=1 cargo test -p model-checks fuzz` writes the decode seeds anew from a run of the simulator.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use consensus::classic::message::Propose;
use consensus::classic::{Config, Replica};
use consensus::ids::{Digest, ReplicaId};
use consensus::keys::Signer;
use consensus::sim::Cluster;
use consensus::sim::journal::Journal;
use consensus::sim::setup::Setup;
use ledger::{Commitment, Hash, MeterId, Refusal, members, slot_market, transfer};
use market::{Money, Slot};

use super::*;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target)
}

fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder(target)).expect("the seeds are committed");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.expect("readable");
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, std::fs::read(entry.path()).expect("readable"))
    };
    entries.map(read).collect()
}

/// One of everything that a cluster with a dead primary says and remembers, and one of every command.
fn worth_keeping() -> Vec<(String, Vec<u8>)> {
    let setup = Setup { clients: 2, requests: 6, ..Setup::calm(4) };
    let config = |setup: &Setup, id: ReplicaId, signer: Signer, genesis: Digest| Config {
        id,
        committee: setup.committee,
        limits: setup.limits.clone(),
        signer,
        genesis,
    };
    let mut world: Cluster<Replica, _> =
        Cluster::new(setup, 1, Journal::default(), config, Message::name);
    world.run(Duration::from_millis(8));
    world.crash(ReplicaId::ZERO, None);
    world.run(Duration::from_secs(60));
    let mut kept = Vec::new();
    let mut keep = |kind: u8, name: &str, bytes: Vec<u8>| {
        kept.push((name.to_owned(), [&[kind], bytes.as_slice()].concat()));
    };
    for record in world.records(ReplicaId::new(1)) {
        let bytes = wire::encode(record);
        let (name, message) = match record.clone() {
            Record::Voted { pre_prepare, proposal: Some(proposal) } => {
                ("voted", Message::Propose(Propose { pre_prepare, proposal }))
            }
            Record::Voted { proposal: None, .. } | Record::Manifest(_) | Record::Chunk(_) => {
                continue;
            }
            Record::Prepared(certificate) => {
                ("prepared", Message::Prepare(certificate.prepares[0].clone()))
            }
            Record::Left(vote) => ("left", Message::ViewChange(vote)),
            Record::Entered(new_view) => ("entered", Message::NewView(new_view)),
            Record::Stable(certificate) => ("stable", Message::Stable(certificate)),
        };
        keep(0, message.name(), wire::encode(&message));
        keep(1, name, bytes);
    }
    for (name, receipt) in receipts() {
        keep(2, name, wire::encode(&receipt));
    }
    for (name, command) in commands() {
        keep(3, name, command.encode());
    }
    kept
}

fn receipts() -> [(&'static str, Receipt); 3] {
    let slot = Slot::new(7);
    [
        ("refused", Receipt::Refused(Refusal::Malformed)),
        ("reading-taken", Receipt::ReadingTaken { meter: MeterId::new(3), slot }),
        ("transfer-admitted", Receipt::TransferAdmitted { slot, counter: 1 }),
    ]
}

fn commands() -> [(&'static str, Command); 4] {
    let (slot, meter) = (Slot::new(7), MeterId::new(3));
    let participant = ParticipantId::new(3);
    let register = members::Command::Register {
        participant,
        author: ledger::Author::new([9; 32]),
        meter,
        deposit: Money::from_nano(1),
    };
    let order = slot_market::Command::PlaceOrder {
        slot,
        side: Side::Bid,
        price: Price::from_micro_per_kwh(210_000),
        quantity: Energy::from_wh(500),
    };
    let commitment = Commitment::new(Hash::new([5; 32]));
    let reading = slot_market::Command::SubmitReading { slot, meter, commitment };
    let amount = Money::from_nano(42);
    let transfer = transfer::Command::Transfer { slot, to: participant, amount };
    [
        ("register", Command::Members(register)),
        ("order", Command::SlotMarket(order)),
        ("reading", Command::SlotMarket(reading)),
        ("transfer", Command::Transfer(transfer)),
    ]
}

fn decodes(bytes: &[u8]) -> bool {
    let Some((kind, rest)) = bytes.split_first() else { return false };
    match kind % 4 {
        0 => wire::decode::<Message>(rest, Limits::MESSAGE_BYTES).is_ok(),
        1 => wire::decode::<Record>(rest, Limits::MESSAGE_BYTES).is_ok(),
        2 => wire::decode::<Receipt>(rest, Limits::MESSAGE_BYTES).is_ok(),
        _ => Command::decode(rest).is_ok(),
    }
}

/// The target holds on every seed and on every seed with one byte changed; and each kind of value has a seed
/// that decodes, so that the round trip is really made.
#[test]
fn decode_holds_on_every_seed() {
    if std::env::var_os("GRIDQUORUM_BLESS").is_some() {
        for (name, bytes) in worth_keeping() {
            std::fs::write(folder("decode").join(name), bytes).expect("writable");
        }
    }
    let mut kinds = BTreeSet::new();
    for (name, bytes) in seeds("decode") {
        decode(&bytes);
        assert!(decodes(&bytes), "{name} was kept as a good example and decodes no more");
        kinds.insert(bytes[0] % 4);
        for at in 0..bytes.len().min(400) {
            let mut changed = bytes.clone();
            changed[at] = changed[at].wrapping_add(1);
            decode(&changed);
        }
    }
    assert_eq!(kinds.len(), 4, "every kind of value has a seed");
}

/// The target holds on every seed; some of them trade, some ration, some do not cross.
#[test]
fn matching_holds_on_every_seed() {
    let (mut traded, mut rationed, mut silent) = (0, 0, 0);
    for (_, bytes) in seeds("matching") {
        matching(&bytes);
        let book = orders(bytes.get(2..).unwrap_or(&[]));
        let clearing = clear(&book, Kappa::HALF, &Seed::new([0; 32])).expect("a small book");
        let part = clearing.outcomes.iter().any(|o| matches!(o, Outcome::Part { .. }));
        traded += u32::from(clearing.volume.is_positive());
        rationed += u32::from(part);
        silent += u32::from(!clearing.volume.is_positive());
    }
    assert!(traded > 2 && rationed > 1 && silent > 1, "{traded}, {rationed}, {silent}");
}

/// The target holds on every seed and on every seed with one byte changed; there are seeds with a surplus, with a
/// lack, with a silent home and with contracts.
#[test]
fn prices_hold_on_every_seed() {
    let (mut surplus, mut lack, mut silent, mut contracted) = (0, 0, 0, 0);
    for (_, bytes) in seeds("prices") {
        prices(&bytes);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] = changed[at].wrapping_add(1);
            prices(&changed);
        }
        let homes = homes(bytes.get(3..).unwrap_or(&[]));
        let net: i64 = homes.iter().map(Home::net).sum();
        surplus += u32::from(net < 0);
        lack += u32::from(net > 0);
        silent += u32::from(homes.iter().any(|home| home.silent));
        contracted += u32::from(homes.iter().any(|home| home.contracted != 0));
        assert_eq!(homes.iter().map(|home| home.contracted).sum::<i64>(), 0);
    }
    let met = [surplus, lack, silent, contracted];
    assert!(met.iter().all(|seeds| *seeds > 0), "{met:?}");
}

/// The target can fail: a value that encodes to other bytes than it came from is found.
#[test]
#[should_panic(expected = "two encodings")]
fn a_second_encoding_is_found() {
    /// Decodes any byte and encodes to zero.
    #[derive(Debug)]
    struct Forgetful;

    impl Serialize for Forgetful {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_u8(0)
        }
    }

    impl<'de> serde::Deserialize<'de> for Forgetful {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            u8::deserialize(deserializer).map(|_| Self)
        }
    }

    round_trip::<Forgetful>(&[7]);
}
