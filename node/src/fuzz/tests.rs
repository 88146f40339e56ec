//! The committed seeds, replayed: the target still holds on every input that was ever worth keeping.
//!
//! `GRIDQUORUM_BLESS=1 cargo test -p node fuzz` writes them anew.

use std::path::{Path, PathBuf};

use consensus::ids::{Digest, NetworkId, ReplicaId, SeqNum, Timestamp, View};
use consensus::keys::{Scope, Signer};
use consensus::request::{Replies, Reply, Request, Submission};
use market::{Money, ParticipantId};

use super::*;
use crate::metrics::Heard;
use crate::talk::{Account, Answer, Hello, Moment, Question, Status, Unwelcome};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/client-port")
}

/// One of everything that is said on the client port.
fn worth_keeping() -> Vec<(&'static str, Vec<u8>)> {
    let signer = Signer::ed25519(Scope::new(NetworkId::new(Digest::NULL)), [7; 32]);
    let (key, timestamp, replica) = (signer.public_key(), Timestamp::new(9), ReplicaId::new(1));
    let request = Request::new(key, timestamp, vec![1, 2, 3]);
    let submission = Submission { request: signer.sign(request), attachment: vec![4, 5] };
    let participant = ParticipantId::new(3);
    let to_replica = |message: &ToReplica| [&[0], wire::encode(message).as_slice()].concat();
    let ask = |question| to_replica(&ToReplica::Ask { id: 6, question });
    let to_client = |message: &ToClient| [&[1], wire::encode(message).as_slice()].concat();
    let answer = |answer| to_client(&ToClient::Answer { id: 6, answer });
    let (client, view, result) = (key.client(), View::ZERO, vec![6]);
    let replies = vec![Reply { view, timestamp, client, result }];
    let replies = Replies { from: replica, replies };
    let (balance, score) = (Money::from_nano(-7), Some(500));
    let moment = Moment { kind: "prepare".to_owned(), author: Some(2), left: true, at_us: 11 };
    let heard = [(2, Heard { messages: 13, ..Heard::default() })].into();
    let counters = [("bytes".to_owned(), 12)].into();
    let status = Status { counters, heard, ..Status::default() };
    vec![
        ("hello", to_replica(&ToReplica::Hello(signer.sign(Hello { key, to: replica })))),
        ("submit", to_replica(&ToReplica::Submit(submission))),
        ("ask-ping", ask(Question::Ping)),
        ("ask-status", ask(Question::Status)),
        ("ask-account", ask(Question::Account(participant))),
        ("ask-trace", ask(Question::Trace(SeqNum::new(8)))),
        ("reply", to_client(&ToClient::Replies(signer.sign(replies)))),
        ("refused", to_client(&ToClient::Refused { client, timestamp, why: Unwelcome::Stale })),
        ("pong", answer(Answer::Pong)),
        ("status", answer(Answer::Status(status))),
        ("account", answer(Answer::Account(Some(Account { participant, balance, score })))),
        ("trace", answer(Answer::Trace(vec![moment]))),
    ]
}

fn decodes(bytes: &[u8]) -> bool {
    match bytes.split_first() {
        Some((0, rest)) => wire::decode::<ToReplica>(rest, CLIENT_FRAME_MAX).is_ok(),
        Some((_, rest)) => wire::decode::<ToClient>(rest, REPLICA_FRAME_MAX).is_ok(),
        None => false,
    }
}

/// The target holds on every seed and on every seed with one byte changed; and one of everything is among them and
/// decodes, so that the round trip is really made.
#[test]
fn the_client_port_holds_on_every_seed() {
    let bless = std::env::var_os("GRIDQUORUM_BLESS").is_some();
    for (name, bytes) in worth_keeping() {
        if bless {
            std::fs::write(folder().join(name), &bytes).expect("writable");
        }
        let seed = std::fs::read(folder().join(name)).expect("the seeds are committed");
        assert!(decodes(&seed), "{name} was kept as a good example and decodes no more");
        assert_eq!(seed, bytes, "{name} is said in other bytes than it was");
    }
    for seed in std::fs::read_dir(folder()).expect("the seeds are committed") {
        let bytes = std::fs::read(seed.expect("readable").path()).expect("readable");
        client_port(&bytes);
        for at in 0..bytes.len() {
            for change in 1..=255 {
                let mut changed = bytes.clone();
                changed[at] = changed[at].wrapping_add(change);
                client_port(&changed);
            }
        }
    }
}
