//! Early messages are bounded per author, and a repeated one costs nothing.

use super::*;
use crate::certificate::Commit;
use crate::ids::{Digest, NetworkId, SeqNum};
use crate::keys::{Keyring, Scope, Signer};

fn vote(seq: u64) -> Verified<Message> {
    let scope = Scope::new(NetworkId::new(Digest::of("test", &0_u8)));
    let signer = Signer::symbolic(scope, 0);
    let (view, seq, from) = (View::new(1), SeqNum::new(seq), ReplicaId::ZERO);
    let commit = signer.sign(Commit { view, seq, digest: Digest::NULL, from });
    let keyring = Keyring::symbolic(scope, vec![signer.public_key()]);
    keyring.verify(Message::Commit(commit)).expect("signed by its author")
}

/// Votes are sent again while they are missed; the repetitions must not push out what came first.
#[test]
fn a_repeated_message_takes_no_room() {
    let mut early = Early::default();
    for _ in 0..=Early::PER_AUTHOR {
        assert!(early.hold(ReplicaId::ZERO, View::new(1), vote(1)));
    }
    assert_eq!(early.take(View::new(1)), [vote(1)]);
}

/// An author fills its own room and nobody else's; what is over the bound is refused.
#[test]
fn an_author_has_bounded_room() {
    let mut early = Early::default();
    let most = Early::PER_AUTHOR as u64;
    let fits = |early: &mut Early, from, seq| early.hold(from, View::new(1), vote(seq));
    assert!((0..most).all(|seq| fits(&mut early, ReplicaId::ZERO, seq)));
    assert!(!fits(&mut early, ReplicaId::ZERO, most));
    assert!(fits(&mut early, ReplicaId::new(1), most));
}

/// What was kept for a view that was skipped is forgotten; what is for a later one stays.
#[test]
fn the_view_that_begins_takes_its_own_messages_only() {
    let mut early = Early::default();
    for view in 1..=3 {
        assert!(early.hold(ReplicaId::ZERO, View::new(view), vote(view)));
    }
    assert_eq!(early.take(View::new(2)), [vote(2)]);
    assert_eq!(early.take(View::new(1)), []);
    assert_eq!(early.take(View::new(3)), [vote(3)]);
}
