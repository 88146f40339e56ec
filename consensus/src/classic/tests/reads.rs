//! Reads: answered from a quorum of states without being ordered, and what that costs ordered operations.

use super::*;
use crate::client::{Client, ClientAction, ClientEvent};
use crate::reject::Unasked;
use crate::request::{Read, Replies, Reply};
use std::time::Duration;

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

/// Four replicas and a client on a network that passes what `passes` says.
struct World {
    replicas: Vec<(Replica, Journal, Vec<Decision>)>,
    client: Client,
    post: VecDeque<(u16, u16, Message)>,
    replies: VecDeque<(u16, Reply)>,
    passes: fn(u16, u16, &Message) -> bool,
    /// Which replicas answer clients.
    answers: fn(u16) -> bool,
    done: Option<Vec<u8>>,
}

impl World {
    fn new(reads: bool, passes: fn(u16, u16, &Message) -> bool, answers: fn(u16) -> bool) -> Self {
        let config = |id| if reads { reading(id) } else { config(id) };
        let committee = config(0).committee;
        let replicas = (0..REPLICAS).map(|id| Replica::new(config(id), Vec::new()));
        let signer = Signer::symbolic(scope(), 1_001);
        let patience = Duration::from_millis(100);
        let client = Client::new(signer, committee, Timestamp::ZERO, patience).with_reads(reads);
        let replicas = replicas.map(|r| (r, Journal::default(), Vec::new())).collect();
        let (post, replies) = (VecDeque::new(), VecDeque::new());
        let mut world = Self { replicas, client, post, replies, passes, answers, done: None };
        (0..REPLICAS).for_each(|id| world.happen(id, Event::Started));
        world
    }

    /// Something happens to one replica, and its questions are answered at once.
    fn happen(&mut self, at: u16, event: Event<Message>) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let (replica, journal, chain) = &mut self.replicas[usize::from(at)];
            let mut deeds = Vec::new();
            let _ = replica.step(event, &mut deeds); // what is refused changes nothing
            for deed in deeds {
                events.extend(answer(replica, journal, &deed));
                match deed {
                    Action::Send { to, message } => self.post.push_back((at, to.get(), message)),
                    Action::Broadcast { message } => {
                        let others = (0..REPLICAS).filter(|to| *to != at);
                        self.post.extend(others.map(|to| (at, to, message.clone())));
                    }
                    Action::Reply { reply } => self.replies.push_back((at, reply)),
                    Action::Execute { decision, .. } | Action::Skip { decision } => {
                        chain.push(decision.as_ref().clone());
                    }
                    Action::Recall { to, first, most } => {
                        let wanted = chain.iter().filter(|d| d.seq() >= first).take(most);
                        let decisions = wanted.cloned().collect();
                        events.push_back(Event::Recalled { to, decisions });
                    }
                    _ => {}
                }
            }
        }
    }

    fn tell(&mut self, event: ClientEvent) {
        for action in self.client.step(event).unwrap_or_default() {
            let everybody = 0..REPLICAS;
            match action {
                ClientAction::Send { to, submission } => {
                    self.happen(to.get(), received(Message::Request(submission)));
                }
                ClientAction::Broadcast { submission } => everybody
                    .for_each(|to| self.happen(to, received(Message::Request(submission.clone())))),
                ClientAction::Ask { read } => {
                    everybody.for_each(|to| self.happen(to, received(Message::Read(read.clone()))));
                }
                ClientAction::Done { result, .. } => self.done = Some(result),
                ClientAction::Arm { .. } | ClientAction::Disarm => {}
            }
        }
    }

    /// Delivers everything that is on its way.
    fn settle(&mut self) {
        loop {
            while let Some((from, to, message)) = self.post.pop_front() {
                if (self.passes)(from, to, &message) {
                    self.happen(to, received(message));
                }
            }
            let Some((from, reply)) = self.replies.pop_front() else { return };
            if (self.answers)(from) {
                let replies = Replies { from: ReplicaId::new(from), replies: vec![reply] };
                let keys = (0..REPLICAS).map(|id| signer(id).public_key()).collect();
                let signed = Keyring::symbolic(scope(), keys).verify(sign(from, replies));
                let answer = signed.expect("signed by its author").answers().next();
                self.tell(ClientEvent::Received(answer.expect("one answer")));
            }
        }
    }

    /// The user submits an operation and waits for 40 ticks; the client's patience ends with every fourth.
    fn submit(&mut self, operation: &[u8]) -> Option<Vec<u8>> {
        self.done = None;
        let (operation, attachment) = (operation.to_vec(), Vec::new());
        self.tell(ClientEvent::Submit { operation, attachment });
        self.wait()
    }

    fn read(&mut self, operation: &[u8]) -> Option<Vec<u8>> {
        self.done = None;
        self.tell(ClientEvent::Read { operation: operation.to_vec() });
        self.wait()
    }

    fn wait(&mut self) -> Option<Vec<u8>> {
        for tick in 1..=40 {
            self.settle();
            if self.done.is_some() {
                break;
            }
            for id in 0..REPLICAS {
                self.happen(id, Event::Expired(Timer::Status));
            }
            if tick % 4 == 0 {
                self.tell(ClientEvent::Expired);
            }
            if tick == 10 {
                self.happen(3, Event::Expired(Timer::View)); // alone, it changes nothing
            }
        }
        self.client.abandon();
        self.done.clone()
    }

    fn executed(&self) -> Vec<u64> {
        self.replicas.iter().map(|(replica, ..)| replica.standing().executed.get()).collect()
    }
}

/// The primary, 0, says nothing to replica 3.
fn leaves_out(from: u16, to: u16, _: &Message) -> bool {
    (from, to) != (0, 3)
}

/// As [`leaves_out`], and decisions are not forwarded to replica 3.
fn cuts_off(from: u16, to: u16, message: &Message) -> bool {
    leaves_out(from, to, message) && !matches!(message, Message::Decisions(_))
}

fn passes_all(_: u16, _: u16, _: &Message) -> bool {
    true
}

/// Berger, Reiser, Bessani 2021: with reads on a client waits for a quorum, here 3. A primary that keeps f = 1 honest
/// replica out of the loop and does not answer leaves it with two answers, and nobody changes the view.
/// Decision forwarding ends that; without reads two answers are enough.
#[test]
fn a_replica_left_out_by_the_primary_answers_all_the_same() {
    let others = |from| from != 0;
    let mut attacked = World::new(true, cuts_off, others);
    assert_eq!(attacked.submit(b"\0a"), None, "the attack works where decisions are not forwarded");
    assert_eq!(attacked.executed(), [1, 1, 1, 0]);
    assert!(attacked.replicas.iter().take(3).all(|(r, ..)| r.standing().view == View::ZERO));

    let mut remedied = World::new(true, leaves_out, others);
    assert_eq!(remedied.submit(b"\0a"), Some(b"\0a".to_vec()));
    assert_eq!(remedied.executed(), [1, 1, 1, 1]);

    let mut ordered = World::new(false, cuts_off, others);
    assert_eq!(ordered.submit(b"\0a"), Some(b"\0a".to_vec()));
    assert_eq!(ordered.executed(), [1, 1, 1, 0]);
}

/// OSDI '99, 5.1.3: a read costs one round trip and no position, and sees what was done before it.
#[test]
fn a_read_is_answered_by_a_quorum_without_being_ordered() {
    let mut world = World::new(true, passes_all, |_| true);
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
    let mut world = World::new(true, passes_all, |_| true);
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
    let mut off = World::new(false, passes_all, |_| true);
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
