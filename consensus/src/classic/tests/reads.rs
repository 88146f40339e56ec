//! Reads: answered from a quorum of states without being ordered, and what that costs ordered operations.

use super::world::{World, passes_all};
use super::*;
use crate::client::ClientEvent;
use crate::reject::Unasked;
use crate::request::Read;

fn reading(id: u16) -> Config {
    let config = config(id);
    let spec = LimitsSpec { reads: true, ..config.limits.spec().clone() };
    Config { limits: Limits::try_new(spec).expect("these limits fit together"), ..config }
}

fn read(client: u64, timestamp: u64, operation: &[u8]) -> Signed<Read> {
    let signer = Signer::symbolic(scope(), 1_000 + client);
    let timestamp = Timestamp::new(timestamp);
    signer.sign(Read { request: Request::new(signer.public_key(), timestamp, operation.to_vec()) })
}

/// The primary, 0, says nothing to replica 3.
fn leaves_out(from: u16, to: u16, _: &Message) -> bool {
    (from, to) != (0, 3)
}

/// As [`leaves_out`], and decisions are not forwarded to replica 3.
fn cuts_off(from: u16, to: u16, message: &Message) -> bool {
    leaves_out(from, to, message) && !matches!(message, Message::Decisions(_))
}

/// Berger, Reiser, Bessani 2021: with reads on a client waits for a quorum, here 3. A primary that keeps f = 1 honest
/// replica out of the loop and does not answer leaves it with two answers, and nobody changes the view.
/// Decision forwarding ends that; without reads two answers are enough.
#[test]
fn a_replica_left_out_by_the_primary_answers_all_the_same() {
    let others = |from| from != 0;
    let mut attacked = World::new(reading, cuts_off, others);
    attacked.suspects = true;
    assert_eq!(attacked.submit(b"\0a"), None, "the attack works where decisions are not forwarded");
    assert_eq!(attacked.executed(), [1, 1, 1, 0]);
    assert!(attacked.replicas.iter().take(3).all(|(r, ..)| r.standing().view == View::ZERO));

    let mut remedied = World::new(reading, leaves_out, others);
    remedied.suspects = true;
    assert_eq!(remedied.submit(b"\0a"), Some(b"\0a".to_vec()));
    assert_eq!(remedied.executed(), [1, 1, 1, 1]);

    let mut ordered = World::new(config, cuts_off, others);
    assert_eq!(ordered.submit(b"\0a"), Some(b"\0a".to_vec()));
    assert_eq!(ordered.executed(), [1, 1, 1, 0]);
}

/// OSDI '99, 5.1.3: a read costs one round trip and no position, and sees what was done before it.
#[test]
fn a_read_is_answered_by_a_quorum_without_being_ordered() {
    let mut world = World::new(reading, passes_all, |_| true);
    let before = world.read(b"\0q").expect("answered");
    assert_eq!(before, Journal::default().query(b"\0q"));
    world.submit(b"\0a").expect("executed");
    let after = world.read(b"\0q").expect("answered");
    assert_eq!(after, world.replicas[0].1.query(b"\0q"));
    assert_ne!(after, before, "the state moved on");
    assert_eq!(world.executed(), [1; 4], "only the operation took a position");
}

/// One replica is silent and one is behind: two equal answers are no quorum, though they are f+1; the read is
/// ordered.
#[test]
fn a_read_without_a_quorum_is_ordered() {
    let mut world = World::new(reading, passes_all, |_| true);
    world.passes = |_, to, _| to != 3;
    world.submit(b"\0a").expect("replicas 0, 1 and 2 answer");
    assert_eq!(world.executed(), [1, 1, 1, 0]);
    world.answers = |from| from != 0;
    world.passes = passes_all;
    assert_eq!(world.read(b"\0q"), Some(b"\0q".to_vec()), "the journal's answer to an order");
    assert_eq!(world.executed()[1..], [2, 2, 2]);
}

/// Off is off: at the replica and at the client. With reads on, one question per client is in the application's hands,
/// and only the answer to that one is passed on.
#[test]
pub(super) fn reads_are_refused_by_name() {
    let question = || Message::Read(read(1, 5, b"\0q"));
    assert_eq!(refuse(&replica(1), received(question())), Reject::ReadsOff);
    let mut off = World::new(config, passes_all, |_| true);
    let refused = off.client.step(ClientEvent::Read { operation: vec![0] });
    assert_eq!(refused, Err(crate::client::ClientReject::ReadsOff));

    let mut replica = Replica::new(reading(1), Vec::new());
    step(&mut replica, Event::Started);
    let long = Message::Read(read(1, 5, &[0; 65]));
    let too_large = Reject::TooLarge { what: "question", got: 65, max: 64 };
    assert_eq!(refuse(&replica, received(long)), too_large);
    assert_eq!(names(&step(&mut replica, received(question()))), ["query"]);
    let client = read(1, 5, b"").request.client();
    let (got, last) = (Timestamp::new(5), Timestamp::new(5));
    let twice = Reject::StaleRequest { client, got, last };
    assert_eq!(refuse(&replica, received(question())), twice);
    for other in 2..=3 {
        step(&mut replica, received(Message::Read(read(other, 1, b"\0q"))));
    }
    let fourth = Message::Read(read(4, 1, b"\0q"));
    assert_eq!(refuse(&replica, received(fourth)), Reject::Overloaded(3));

    let answered = |timestamp, length| Event::Answered {
        client,
        timestamp: Timestamp::new(timestamp),
        result: vec![0; length],
    };
    let unasked = Reject::Unasked(Unasked::Read(Timestamp::new(4)));
    assert_eq!(refuse(&replica, answered(4, 1)), unasked);
    let max = Limits::RESULT_BYTES;
    let too_large = Reject::TooLarge { what: "result", got: max + 1, max };
    assert_eq!(refuse(&replica, answered(5, max + 1)), too_large);
    assert_eq!(names(&step(&mut replica, answered(5, max))), ["reply"]);
    let unasked = Reject::Unasked(Unasked::Read(Timestamp::new(5)));
    assert_eq!(refuse(&replica, answered(5, 1)), unasked, "it was answered");
}
