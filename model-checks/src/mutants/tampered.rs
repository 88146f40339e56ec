//! Replicas of which one habit is broken: each does what the shipped one does, and then something more or less.
//!
//! In: an event, and what the shipped replica wants done. Out: what the broken one wants done. Refuses to know: the
//! rest. The mistakes are those of other implementations, see `attacks`.

use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use consensus::action::Action;
use consensus::certificate::Checkpoint;
use consensus::classic::evidence::{Evidence as Proof, Pair};
use consensus::classic::message::Message;
use consensus::classic::record::Record;
use consensus::classic::{Config, Replica};
use consensus::event::{Event, Timer};
use consensus::ids::ReplicaId;
use consensus::protocol::{Actions, Protocol};
use consensus::reject::Reject;

use super::wrap::wrap;
use crate::evidence::Evidence;
use crate::replica::Deed;

/// A broken habit.
pub trait Habit: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// Changes what replica `me` wants done after an event.
    fn tamper(me: ReplicaId, event: &Event<Message>, wanted: &mut Vec<Deed>);
}

/// The shipped replica with a broken habit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tampered<H> {
    inner: Replica,
    habit: PhantomData<H>,
}

impl<H: Habit> Protocol for Tampered<H> {
    type Message = Message;
    type Record = Record;
    type Evidence = <Replica as Protocol>::Evidence;
    type Config = Config;

    fn new(config: Config, records: Vec<Record>) -> Self {
        Self { inner: Replica::new(config, records), habit: PhantomData }
    }

    fn step(&mut self, event: Event<Message>, out: &mut Actions<Self>) -> Result<(), Reject> {
        let mut wanted = Vec::new();
        self.inner.step(event.clone(), &mut wanted)?;
        H::tamper(self.inner.id(), &event, &mut wanted);
        out.append(&mut wanted);
        Ok(())
    }

    wrap!();
}

/// It asks nobody for what it misses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proud;

impl Habit for Proud {
    fn tamper(_: ReplicaId, _: &Event<Message>, wanted: &mut Vec<Deed>) {
        wanted.retain(|deed| !matches!(deed, Action::Send { message: Message::Fetch(_), .. }));
    }
}

/// It does not keep null requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nullless;

impl Habit for Nullless {
    fn tamper(_: ReplicaId, _: &Event<Message>, wanted: &mut Vec<Deed>) {
        wanted.retain(|deed| !matches!(deed, Action::Skip { .. }));
    }
}

/// It times a new view as soon as it asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hurried;

impl Habit for Hurried {
    fn tamper(_: ReplicaId, _: &Event<Message>, wanted: &mut Vec<Deed>) {
        let left =
            |deed: &Deed| matches!(deed, Action::Broadcast { message: Message::ViewChange(_) });
        if wanted.iter().any(left) {
            let (timer, after) = (Timer::View, std::time::Duration::from_millis(1));
            wanted.push(Action::Arm { timer, after });
        }
    }
}

/// Its timer goes on when what it waited for is done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Impatient;

impl Habit for Impatient {
    fn tamper(_: ReplicaId, _: &Event<Message>, wanted: &mut Vec<Deed>) {
        wanted.retain(|deed| !matches!(deed, Action::Disarm { timer: Timer::View }));
    }
}

/// It answers each vote with that vote.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parrot;

impl Habit for Parrot {
    fn tamper(_: ReplicaId, event: &Event<Message>, wanted: &mut Vec<Deed>) {
        if let Event::Received(message) = event
            && matches!(**message, Message::Prepare(_) | Message::Commit(_))
        {
            wanted.push(Action::Broadcast { message: message.clone().into_inner() });
        }
    }
}

/// It reports a checkpoint when a position is agreed on, and does not wait for its execution.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Eager;

impl Habit for Eager {
    fn tamper(me: ReplicaId, _: &Event<Message>, wanted: &mut Vec<Deed>) {
        let reports = |deed: &Deed| match deed {
            Action::Execute { decision, .. } => {
                let (seq, digest) = (decision.seq(), decision.certificate.digest);
                let vote = Checkpoint { seq, state: digest, clients: digest, from: me };
                let vote = Evidence::default().signer(me).sign(vote);
                Some(Action::Broadcast { message: Message::Checkpoint(vote) })
            }
            _ => None,
        };
        let more: Vec<Deed> = wanted.iter().filter_map(reports).collect();
        wanted.extend(more);
    }
}

/// It prepares and never commits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hesitant;

impl Habit for Hesitant {
    fn tamper(_: ReplicaId, _: &Event<Message>, wanted: &mut Vec<Deed>) {
        let commits = |deed: &Deed| {
            matches!(
                deed,
                Action::Send { message: Message::Commit(_), .. }
                    | Action::Broadcast { message: Message::Commit(_) }
            )
        };
        wanted.retain(|deed| !commits(deed));
    }
}

/// It accuses replica 0, and nobody else, of what nobody did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Biased;

impl Habit for Biased {
    fn tamper(me: ReplicaId, event: &Event<Message>, wanted: &mut Vec<Deed>) {
        Slanderous::tamper(me, event, wanted);
        let other =
            |deed: &Deed| matches!(deed, Action::Accuse { accused, .. } if accused.get() != 0);
        wanted.retain(|deed| !other(deed));
    }
}

/// It accuses the next replica of what nobody did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slanderous;

impl Habit for Slanderous {
    fn tamper(me: ReplicaId, event: &Event<Message>, wanted: &mut Vec<Deed>) {
        if let Event::Received(message) = event
            && let Message::Commit(vote) = &**message
            && vote.from != me
        {
            let pair = Pair { first: vote.clone(), second: vote.clone() };
            wanted.push(Action::Accuse { accused: vote.from, evidence: Proof::Commits(pair) });
        }
    }
}

/// The shipped replica, which also keeps everything that it ever hears.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hoarder {
    inner: Replica,
    hoard: Vec<Event<Message>>,
}

impl Protocol for Hoarder {
    type Message = Message;
    type Record = Record;
    type Evidence = <Replica as Protocol>::Evidence;
    type Config = Config;

    fn new(config: Config, records: Vec<Record>) -> Self {
        Self { inner: Replica::new(config, records), hoard: Vec::new() }
    }

    fn step(&mut self, event: Event<Message>, out: &mut Actions<Self>) -> Result<(), Reject> {
        self.hoard.push(event.clone());
        self.inner.step(event, out)
    }

    wrap!();
}
