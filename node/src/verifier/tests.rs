//! What the gate refuses before it looks at signatures, and how many it looks at.

use community::terms;
use consensus::classic::message::ViewChange;
use consensus::classic::prepared::{PrePrepare, Prepare, PreparedCertificate};
use consensus::ids::{Digest, SeqNum, Timestamp, View};
use consensus::keys::{ClientAuthentication, Signer};
use consensus::request::{Proposal, Request};
use ledger::{Command, Genesis, slot_market};

use super::*;
use crate::executor::Executor;
use crate::founding::FoundingFile;
use crate::hex::Hex32;
use crate::people;

const SEED: u64 = 9;

fn founding() -> Founding {
    let operator = people::author_of(people::operator_seed(SEED));
    let region = Genesis::try_new(terms::charter(operator)).expect("the terms fit together");
    let anywhere = consensus::keys::Scope::new(consensus::ids::NetworkId::new(Digest::NULL));
    let key = |seed: u8| Hex32(*Signer::ed25519(anywhere, [seed; 32]).public_key().bytes());
    let replicas = (1..=4).map(key).collect();
    Founding::try_new(FoundingFile { region, replicas, limits: Default::default() })
        .expect("four keys and the usual limits")
}

fn gate() -> (Verifier, Arc<Metrics>, mpsc::Receiver<Input>) {
    gate_for(ClientAuthentication::Signature)
}

fn gate_for(clients: ClientAuthentication) -> (Verifier, Arc<Metrics>, mpsc::Receiver<Input>) {
    let (driver, input) = mpsc::channel(10_000);
    let metrics = Arc::new(Metrics::default());
    let admitted = Executor::new(&founding()).admitted();
    let keyring = founding().keyring().with_clients(clients);
    (Verifier::new(&founding(), keyring, admitted, metrics.clone(), driver), metrics, input)
}

fn checks(metrics: &Metrics) -> u64 {
    [Count::VoteChecks, Count::RequestChecks, Count::OtherChecks]
        .map(|c| metrics.read(c))
        .iter()
        .sum()
}

/// A view change of replica 3, which signs whatever it likes, with `prepares` votes of its own in each of
/// `certificates` certificates.
fn view_change(certificates: u64, prepares: usize) -> Bytes {
    let signer = Signer::ed25519(founding().scope(), [4; 32]);
    let (from, view, digest) = (ReplicaId::new(3), View::ZERO, Digest::NULL);
    let certificate = |seq| {
        let seq = SeqNum::new(seq);
        let vote = signer.sign(Prepare { view, seq, digest, from });
        let pre_prepare = signer.sign(PrePrepare { view, seq, digest, from });
        PreparedCertificate { pre_prepare, prepares: vec![vote; prepares] }
    };
    let prepared = (1..=certificates).map(certificate).collect();
    let vote =
        ViewChange { view: View::new(1), stable: SeqNum::ZERO, checkpoint: None, prepared, from };
    wire::encode(&Message::ViewChange(Arc::new(signer.sign(vote)))).into()
}

/// A frame full of genuine votes costs no signature check when it holds more of them than such a message can; one of
/// the greatest honest size is looked at.
#[tokio::test]
async fn too_many_votes_are_refused_unread() {
    let (gate, metrics, mut input) = gate();
    // A quorum of 4 is 3: a certificate holds 2 PREPAREs beside the pre-prepare; the window is 256.
    for (certificates, prepares) in [(1, 100_000), (257, 2), (1, 3)] {
        gate.take(ReplicaId::new(3), vec![view_change(certificates, prepares)]).await;
    }
    assert_eq!((metrics.read(Count::Misshapen), checks(&metrics)), (3, 0));
    gate.take(ReplicaId::new(3), vec![view_change(256, 2)]).await;
    assert_eq!(checks(&metrics), 1 + 256 * 3);
    assert!(input.try_recv().is_ok(), "what it claims is the protocol's business");
}

/// Large and small frames of one peer reach the driver in the order in which they came.
#[tokio::test]
async fn a_large_frame_does_not_let_a_small_one_pass() {
    let (gate, _, mut input) = gate();
    let signer = Signer::ed25519(founding().scope(), [4; 32]);
    let (from, view, digest) = (ReplicaId::new(3), View::ZERO, Digest::NULL);
    let vote = signer.sign(Prepare { view, seq: SeqNum::new(1), digest, from });
    let large = view_change(256, 2);
    assert!(large.len() > LARGE);
    gate.take(from, vec![large]).await;
    gate.take(from, vec![wire::encode(&Message::Prepare(vote)).into()]).await;
    let mut name = || match input.try_recv() {
        Ok(Input::Messages(_, messages)) => messages[0].name(),
        Err(_) => "nothing",
    };
    assert_eq!((name(), name()), ("view-change", "prepare"));
}

/// A batch of requests longer than [`LARGE`], passed on by itself.
fn batch() -> Bytes {
    let requests = (0..40).map(|number| submission([66; 32], number, vec![0; 500])).collect();
    wire::encode(&Message::Proposal(Proposal::new(ReplicaId::new(3), Vec::new(), requests).into()))
        .into()
}

/// Many signatures keep nobody from reading sockets: hundreds of votes are checked on a thread of their own whether or
/// not clients sign; a long batch needs one only where its requests are signed.
#[test]
fn many_signatures_are_checked_apart() {
    use ClientAuthentication::{None as Unsigned, Signature};
    let one_thread = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build();
    one_thread.expect("a runtime").block_on(async {
        for (clients, frame, expected) in [
            (Signature, view_change(256, 2), true),
            (Signature, batch(), true),
            (Signature, view_change(2, 2), false),
            (Unsigned, view_change(256, 2), true),
            (Unsigned, view_change(2, 2), false),
            (Unsigned, batch(), false),
        ] {
            let (gate, _, mut input) = gate_for(clients);
            let length = frame.len();
            // While the only other thread is kept busy, nothing is done but what is done on this one.
            let (release, released) = std::sync::mpsc::channel();
            let busy = tokio::task::spawn_blocking(move || released.recv());
            let mut taken = std::pin::pin!(gate.take(ReplicaId::new(3), vec![frame]));
            let waits = std::future::poll_fn(|context| {
                std::task::Poll::Ready(taken.as_mut().poll(context).is_pending())
            });
            let waits = waits.await;
            assert_eq!(waits, expected, "{length} bytes, {clients:?}");
            release.send(()).expect("somebody waits for it");
            busy.await.expect("no panic").expect("released");
            if waits {
                taken.await;
            }
            assert!(input.try_recv().is_ok(), "{length} bytes, {clients:?}: it arrives");
        }
    });
}

/// What came over a link is counted for whoever is at its other end: here replica 2, which says something of its own,
/// passes on a vote of replica 3, forges one of replica 1 and sends bytes that are nothing. Replica 3 said nothing.
#[tokio::test]
async fn what_a_link_brings_is_counted_by_link() {
    let (gate, metrics, _input) = gate();
    let frame = |key: u8, from: u16| {
        let signer = Signer::ed25519(founding().scope(), [key; 32]);
        let (view, seq, from) = (View::ZERO, SeqNum::new(1), ReplicaId::new(from));
        let vote = signer.sign(Prepare { view, seq, digest: Digest::NULL, from });
        wire::encode(&Message::Prepare(vote)).into()
    };
    // Replica i signs with the seed i + 1.
    let frames = vec![frame(3, 2), frame(4, 3), frame(3, 1), vec![0xff; 9].into()];
    gate.take(ReplicaId::new(2), frames).await;
    let heard = Heard { messages: 4, refused: 2, rejected: 0, of_others: 1 };
    assert_eq!(metrics.heard(), [(2, heard)].into());
}

fn submission(secret: [u8; 32], timestamp: u64, operation: Vec<u8>) -> Submission {
    let signer = Signer::ed25519(founding().scope(), secret);
    let (key, timestamp) = (signer.public_key(), Timestamp::new(timestamp));
    Submission {
        request: signer.sign(Request::new(key, timestamp, operation)),
        attachment: Vec::new(),
    }
}

/// Bytes that are no command are refused, whoever signs them; keys that anybody can make get a few requests in and
/// then have to wait, at no cost for the operator.
#[tokio::test]
async fn strangers_get_little_into_the_chain() {
    let (gate, metrics, _input) = gate();
    let open = Command::SlotMarket(slot_market::Command::Open).encode();
    let operator = people::operator_seed(SEED);
    let garbage = gate.submit(vec![submission(operator, 1, vec![0xff; 100])]).await;
    assert!(matches!(garbage[..], [(_, Unwelcome::Inadmissible)]), "{garbage:?}");
    let mut taken = 0;
    for number in 0..200_u8 {
        let mut secret = [number; 32];
        secret[0] = 77;
        taken += u32::from(gate.submit(vec![submission(secret, 1, open.clone())]).await.is_empty());
    }
    // Checking them takes some time, in which another one or two may come in.
    assert!((STRANGERS_AT_ONCE..STRANGERS_AT_ONCE + 8).contains(&taken), "{taken} were taken");
    assert_eq!(metrics.read(Count::Strangers), u64::from(200 - taken));
    for timestamp in 2..200 {
        let refused = gate.submit(vec![submission(operator, timestamp, open.clone())]).await;
        assert_eq!(refused, []);
    }
}

/// A burst is free, then a step is due per interval; after a rest there is another burst.
#[tokio::test]
async fn a_pace_is_kept() {
    let every = Duration::from_millis(200);
    let mut pace = Pace::new(every, 3);
    assert_eq!([pace.step(), pace.step(), pace.step()], [Duration::ZERO; 3]);
    let waits = [pace.step(), pace.step()];
    assert!(every / 2 < waits[0] && waits[0] <= every, "{waits:?}");
    assert!(every < waits[1] && waits[1] <= 2 * every, "{waits:?}");
    assert!(!pace.try_step());
    tokio::time::sleep(6 * every).await;
    assert!((0..3).all(|_| pace.try_step()) && !pace.try_step());
}
