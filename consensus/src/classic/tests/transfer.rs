//! A replica that cannot execute its way forward takes a state from others, and only a true one.

use bytes::Bytes;

use super::world::{World, passes_all};
use super::*;
use crate::classic::message::{Chunk, Manifest, Offer};
use crate::classic::transfer::name;
use crate::client_table::Clients;
use crate::reject::Unasked;
use crate::wire::encode;

fn handing_over(id: u16) -> Config {
    let config = config(id);
    let spec = LimitsSpec { snapshots: true, ..config.limits.spec().clone() };
    Config { limits: Limits::try_new(spec).expect("these limits fit together"), ..config }
}

/// What every replica certifies at position 12, after a journal of which `parts` are the chunks.
fn manifest(parts: &[&'static [u8]]) -> Manifest {
    let table = Bytes::from(encode(&Clients::default()));
    let digests = |chunks: &[Bytes]| chunks.iter().map(name).collect();
    let parts: Vec<Bytes> = parts.iter().map(|part| Bytes::from_static(part)).collect();
    let head = parts
        .concat()
        .get(..32)
        .map_or(Digest::NULL, |head| Digest::new(head.try_into().expect("32 bytes")));
    let votes = (0..3).map(|id| {
        let (seq, clients) = (SeqNum::new(12), Clients::default().digest());
        sign(id, Checkpoint { seq, state: head, clients, from: ReplicaId::new(id) })
    });
    let (seq, clients) = (SeqNum::new(12), Clients::default().digest());
    let certificate = CheckpointCertificate { seq, state: head, clients, votes: votes.collect() };
    Manifest { certificate, state: digests(&parts), clients: digests(&[table]) }
}

/// Replica `from` vouches for the state that consists of `parts`.
pub(super) fn offer(from: u16, parts: &[&'static [u8]]) -> Message {
    Message::Offer(sign(from, Offer { manifest: manifest(parts), from: ReplicaId::new(from) }))
}

/// Replica `from` sends `sent` where the chunk `asked` was asked for.
pub(super) fn chunk(from: u16, asked: &'static [u8], sent: &'static [u8]) -> Message {
    let (seq, digest) = (SeqNum::new(12), name(&Bytes::from_static(asked)));
    let bytes = Bytes::from_static(sent);
    Message::Chunk(sign(from, Chunk { seq, digest, bytes, from: ReplicaId::new(from) }))
}

/// A journal's digest, in two halves, and its length 5.
const PARTS: [&[u8]; 3] = [&[1; 16], &[2; 16], &5_u64.to_le_bytes()];

/// Replica 3 that was told of a position further ahead than its window, and asked what a state consists of.
fn asking() -> Replica {
    let mut replica = Replica::new(handing_over(3), Vec::new());
    step(&mut replica, Event::Started);
    step(&mut replica, received(status(0, 12, 0, false)));
    let deeds = step(&mut replica, Event::Expired(Timer::Status));
    let asked = Missing::Manifest(SeqNum::ZERO);
    assert!(sent(&deeds).contains(&&fetch(3, asked)), "{deeds:?}");
    replica
}

/// The chunks that were asked for, with whom.
fn asked(deeds: &[Deed]) -> Vec<(u16, Digest)> {
    let mut asked = Vec::new();
    for deed in deeds {
        if let Action::Send { to, message: Message::Fetch(fetch) } = deed
            && let Missing::Chunk(_, digest) = fetch.what
        {
            asked.push((to.get(), digest));
        }
    }
    asked
}

/// Replica 3 that fetches the state of `PARTS`, vouched for by 1 and 2, and what it asked for.
fn fetching() -> (Replica, Vec<(u16, Digest)>) {
    let mut replica = asking();
    assert!(asked(&step(&mut replica, received(offer(1, &PARTS)))).is_empty(), "one may lie");
    let deeds = step(&mut replica, received(offer(2, &PARTS)));
    assert_eq!(names(&deeds)[0], "persist", "what is fetched is durable first");
    (replica, asked(&deeds))
}

fn table() -> Message {
    let bytes = Bytes::from(encode(&Clients::default()));
    let (seq, digest) = (SeqNum::new(12), name(&bytes));
    Message::Chunk(sign(1, Chunk { seq, digest, bytes, from: ReplicaId::new(1) }))
}

/// A weak certificate is f+1 = 2 equal manifests; the chunks are asked of both vouchers, each once.
#[test]
fn a_manifest_needs_two_vouchers_and_chunks_are_asked_of_both() {
    let mut replica = asking();
    step(&mut replica, received(offer(1, &PARTS)));
    let lie = step(&mut replica, received(offer(0, &PARTS[..2])));
    assert!(asked(&lie).is_empty(), "two different manifests");
    let (_, asked) = fetching();
    let whom: std::collections::BTreeSet<_> = asked.iter().map(|(to, _)| *to).collect();
    assert_eq!((asked.len(), whom), (4, [1, 2].into()));
}

/// A chunk that is not what its digest names is refused with the name of its sender; with the next tick another voucher
/// is asked for it.
#[test]
pub(super) fn a_wrong_chunk_names_its_sender() {
    let (mut replica, first) = fetching();
    let expected = name(&Bytes::from_static(PARTS[0]));
    let got = name(&Bytes::from_static(b"lie"));
    let (liar, _) = *first.iter().find(|(_, digest)| *digest == expected).expect("asked for");
    let from = ReplicaId::new(liar);
    let reject = refuse(&replica, received(chunk(liar, PARTS[0], b"lie")));
    assert_eq!(reject, Reject::BadChunk { from, expected, got });
    let again = asked(&step(&mut replica, Event::Expired(Timer::Status)));
    let other = again.iter().find(|(_, digest)| *digest == expected).expect("asked again");
    assert_ne!(other.0, liar);
}

/// Offers, chunks, exports and installations to no question; an offer that does not lead forward.
#[test]
pub(super) fn states_that_nobody_asked_for_are_refused() {
    let seq = SeqNum::new(12);
    let idle = replica(3);
    let unasked = Reject::Unasked(Unasked::Offer(seq));
    assert_eq!(refuse(&idle, received(offer(1, &PARTS))), unasked);
    assert_eq!(refuse(&asking(), received(offer(1, &[]))), unasked, "an empty state is none");
    let digest = name(&Bytes::from_static(PARTS[0]));
    let unasked = Reject::Unasked(Unasked::Chunk(digest));
    assert_eq!(refuse(&idle, received(chunk(1, PARTS[0], PARTS[0]))), unasked);
    let (mut twice, _) = fetching();
    step(&mut twice, received(chunk(1, PARTS[0], PARTS[0])));
    assert_eq!(refuse(&twice, received(chunk(1, PARTS[0], PARTS[0]))), unasked);
    let exported = Event::Exported { seq, chunks: Vec::new() };
    assert_eq!(refuse(&idle, exported), Reject::Unasked(Unasked::Export(seq)));
    let installed = Event::Installed { seq, state: Digest::NULL };
    assert_eq!(refuse(&idle, installed), Reject::Unasked(Unasked::Installed(seq)));
}

/// An interruption loses nothing that was verified: after a crash in the middle only the rest is asked for, and after a
/// crash at the end the state is installed first.
#[test]
fn verified_chunks_survive_a_crash() {
    let mut records = Vec::new();
    let persisted = |deeds: &[Deed], records: &mut Vec<Record>| {
        for deed in deeds {
            if let Action::Persist { record } = deed {
                records.push(record.clone());
            }
        }
    };
    let mut replica = asking();
    for message in [offer(1, &PARTS), offer(2, &PARTS), chunk(1, PARTS[0], PARTS[0])] {
        persisted(&step(&mut replica, received(message)), &mut records);
    }
    assert_eq!(records.len(), 2, "a manifest and a chunk");

    let mut middle = Replica::new(handing_over(3), records.clone());
    assert_eq!(middle.records().len(), records.len());
    step(&mut middle, Event::Started);
    let rest = asked(&step(&mut middle, Event::Expired(Timer::Status)));
    let had = name(&Bytes::from_static(PARTS[0]));
    assert!(rest.len() == 3 && rest.iter().all(|(_, digest)| *digest != had), "{rest:?}");
    for message in [chunk(2, PARTS[1], PARTS[1]), chunk(0, PARTS[2], PARTS[2])] {
        persisted(&step(&mut middle, received(message)), &mut records);
    }
    let deeds = step(&mut middle, received(table()));
    persisted(&deeds, &mut records);
    assert!(names(&deeds).contains(&"install"));

    let mut end = Replica::new(handing_over(3), records);
    let deeds = drive(&mut end, &mut Journal::default(), Event::Started);
    assert!(names(&deeds).contains(&"install"), "{deeds:?}");
    assert_eq!(end.standing().executed, SeqNum::new(12));
    assert_eq!(end.standing().stable, SeqNum::new(12));
    let again = Replica::new(handing_over(3), end.records());
    assert_eq!(again.records(), end.records(), "the state is kept for the next restart");
}

/// Replica 3 misses 20 positions, of which nobody hands out decisions: it takes the state at the stable checkpoint,
/// then executes what follows, and answers clients like the others.
#[test]
fn a_replica_takes_a_state_that_nobody_can_replay() {
    let mut world = World::new(handing_over, |_, to, _| to != 3, |_| true);
    for _ in 0..20 {
        world.submit(b"\0a").expect("replicas 0, 1 and 2 go on");
    }
    assert_eq!(world.executed(), [20, 20, 20, 0]);
    world.passes = |_, _, message| !matches!(message, Message::Decisions(_));
    world.answers = |from| from == 3 || from == 1;
    for round in 0..3 {
        assert!(world.submit(b"\0b").is_some(), "round {round}: replica 3 is needed");
    }
    assert_eq!(world.executed()[3], 23);
    let lengths: Vec<_> = world.replicas.iter().map(|(_, journal, _)| journal.length).collect();
    assert_eq!(lengths, [23; 4]);
    let kept = world.replicas[3].0.clients();
    assert_eq!(kept, world.replicas[1].0.clients(), "the client table is part of the state");
    world.passes = passes_all;
    assert!(world.submit(b"\0c").is_some());
}
