//! What a client accepts, and what it does when nobody answers.

use super::*;
use crate::ids::{ClientId, Digest, NetworkId};
use crate::keys::{Keyring, Scope};
use crate::request::{Replies, Reply};

const PATIENCE: Duration = Duration::from_millis(100);

struct Bench {
    client: Client,
    replicas: Vec<Signer>,
    ring: Keyring,
    me: ClientId,
}

fn bench() -> Bench {
    let scope = Scope::new(NetworkId::new(Digest::of("test", &0_u8)));
    let replicas: Vec<_> = (0..4).map(|name| Signer::symbolic(scope, name)).collect();
    let ring = Keyring::symbolic(scope, replicas.iter().map(Signer::public_key).collect());
    let signer = Signer::symbolic(scope, 100);
    let me = signer.public_key().client();
    let committee = Committee::try_new(4).expect("four replicas");
    Bench { client: Client::new(signer, committee, Timestamp::ZERO, PATIENCE), replicas, ring, me }
}

impl Bench {
    fn submit(&mut self) -> Vec<ClientAction> {
        let event = ClientEvent::Submit { operation: b"buy".to_vec(), attachment: Vec::new() };
        self.client.step(event).expect("nothing outstanding")
    }

    fn reply(&mut self, from: u16, result: &[u8]) -> Result<Vec<ClientAction>, ClientReject> {
        let reply = Reply {
            view: View::new(u64::from(from)),
            timestamp: Timestamp::new(1),
            client: self.me,
            result: result.to_vec(),
        };
        let replies = Replies { from: ReplicaId::new(from), replies: vec![reply] };
        let signed = self.replicas[usize::from(from)].sign(replies);
        let verified = self.ring.verify(signed).expect("signed by its author");
        let answer = verified.answers().next().expect("one answer");
        self.client.step(ClientEvent::Received(answer))
    }
}

/// f+1 = 2 equal answers are needed; one liar with another answer neither helps nor hurts.
#[test]
fn a_result_needs_a_weak_certificate() {
    let mut bench = bench();
    bench.submit();
    assert_eq!(bench.reply(3, b"lie"), Ok(vec![]));
    assert_eq!(bench.reply(1, b"yes"), Ok(vec![]));
    assert_eq!(bench.reply(1, b"yes"), Err(ClientReject::Repeated(ReplicaId::new(1))));
    let done = ClientAction::Done { timestamp: Timestamp::new(1), result: b"yes".to_vec() };
    assert_eq!(bench.reply(2, b"yes"), Ok(vec![ClientAction::Disarm, done]));
    assert_eq!(bench.client.view(), View::new(1), "the lower view of the two that agreed");
    assert_eq!(bench.reply(0, b"yes"), Err(ClientReject::NotMine));
}

/// Whom a client asks first follows the highest view it was told of, and a lower one changes nothing.
#[test]
fn a_word_about_the_view_decides_who_is_asked_first() {
    let mut bench = bench();
    bench.client.believe(View::new(6));
    bench.client.believe(View::new(1));
    assert_eq!(bench.client.view(), View::new(6));
    let actions = bench.submit();
    let [ClientAction::Send { to, .. }, ClientAction::Arm { .. }] = actions.as_slice() else {
        panic!("{actions:?}")
    };
    assert_eq!(*to, ReplicaId::new(2), "6 modulo 4");
}

/// The request goes to the primary alone; silence sends the very same bytes to everybody, ever more patiently.
#[test]
fn silence_widens_the_circle_and_the_patience() {
    let mut bench = bench();
    let actions = bench.submit();
    let ClientAction::Send { to, submission } = actions[0].clone() else {
        panic!("a send comes first")
    };
    assert_eq!(to, ReplicaId::ZERO);
    for attempt in 1..=3 {
        let again = bench.client.step(ClientEvent::Expired).expect("always possible");
        let after = PATIENCE * (1 << attempt);
        let submission = submission.clone();
        assert_eq!(again, [ClientAction::Broadcast { submission }, ClientAction::Arm { after }]);
    }
}

#[test]
fn one_request_is_outstanding_at_a_time() {
    let mut bench = bench();
    bench.submit();
    let before = bench.client.clone();
    let event = ClientEvent::Submit { operation: b"sell".to_vec(), attachment: Vec::new() };
    assert_eq!(bench.client.step(event), Err(ClientReject::Busy(Timestamp::new(1))));
    assert_eq!(bench.client, before);
}
