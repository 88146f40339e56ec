//! Four replicas and a client in one thread, on a network that passes what a test says.
//!
//! In: operations and questions. Out: what the client takes for true. Refuses to know: time; ticks pass while it waits.

use std::time::Duration;

use super::*;
use crate::client::{Client, ClientAction, ClientEvent};
use crate::request::{Replies, Reply};

/// Four replicas and a client on a network that passes what `passes` says.
pub(super) struct World {
    pub(super) replicas: Vec<(Replica, Journal, Vec<Decision>)>,
    pub(super) client: Client,
    post: VecDeque<(u16, u16, Message)>,
    replies: VecDeque<(u16, Reply)>,
    pub(super) passes: fn(u16, u16, &Message) -> bool,
    /// Which replicas answer clients.
    pub(super) answers: fn(u16) -> bool,
    /// Whether replica 3 runs out of patience with the primary.
    pub(super) suspects: bool,
    done: Option<Vec<u8>>,
}

impl World {
    pub(super) fn new(
        config: fn(u16) -> Config,
        passes: fn(u16, u16, &Message) -> bool,
        answers: fn(u16) -> bool,
    ) -> Self {
        let Config { committee, limits, .. } = config(0);
        let reads = limits.spec().reads;
        let replicas = (0..REPLICAS).map(|id| Replica::new(config(id), Vec::new()));
        let signer = Signer::symbolic(scope(), 1_001);
        let patience = Duration::from_millis(100);
        let client = Client::new(signer, committee, Timestamp::ZERO, patience).with_reads(reads);
        let replicas = replicas.map(|r| (r, Journal::default(), Vec::new())).collect();
        let (post, replies) = (VecDeque::new(), VecDeque::new());
        let mut world =
            Self { replicas, client, post, replies, passes, answers, suspects: false, done: None };
        (0..REPLICAS).for_each(|id| world.happen(id, Event::Started));
        world
    }

    /// Something happens to one replica, and its questions are answered at once.
    pub(super) fn happen(&mut self, at: u16, event: Event<Message>) {
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

    pub(super) fn tell(&mut self, event: ClientEvent) {
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
    pub(super) fn settle(&mut self) {
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
    pub(super) fn submit(&mut self, operation: &[u8]) -> Option<Vec<u8>> {
        self.done = None;
        let (operation, attachment) = (operation.to_vec(), Vec::new());
        self.tell(ClientEvent::Submit { operation, attachment });
        self.wait()
    }

    pub(super) fn read(&mut self, operation: &[u8]) -> Option<Vec<u8>> {
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
            if tick == 10 && self.suspects {
                self.happen(3, Event::Expired(Timer::View)); // alone, it changes nothing
            }
        }
        self.client.abandon();
        self.done.clone()
    }

    pub(super) fn executed(&self) -> Vec<u64> {
        self.replicas.iter().map(|(replica, ..)| replica.standing().executed.get()).collect()
    }
}

pub(super) fn passes_all(_: u16, _: u16, _: &Message) -> bool {
    true
}
