//! One faulty replica among honest ones: safety must hold, whatever it does.
//!
//! In: an honest replica, and the name of an adversary. Out: a replica that lies in that way, to be driven like any
//! other. Refuses to know: the keys of others; whatever it says in their names is refused where it arrives.
//!
//! | adversary | what it does |
//! |---|---|
//! | `silent` | says nothing to some or all |
//! | `equivocator` | says two things |
//! | `replayer` | says old things again |
//! | `censor` | leaves out clients and replicas; those left out catch up |
//! | `usurper` | claims other views and voices |
//! | `mutator` | says slightly wrong things |
//! | `twins` | is two honest replicas |
//!
//! Each of them lies in every phase: ordering, view change, checkpoints, catching up. `tests/it/liars.rs` counts.

pub mod draw;
pub mod mouth;
pub mod lies;
pub mod silent;
pub mod equivocator;
pub mod replayer;
pub mod censor;
pub mod usurper;
pub mod mutator;
pub mod twins;

use std::fmt;
use std::str::FromStr;

use crate::action::Action;
use crate::classic::Config;
use crate::classic::evidence::Evidence;
use crate::classic::message::Message;
use crate::classic::record::Record;
use crate::event::Event;
use crate::ids::ReplicaId;
use crate::protocol::{Actions, Protocol, Standing};
use crate::reject::Reject;
use crate::request::Submission;

use censor::Censor;
use draw::Draw;
use equivocator::Agreed;
use lies::{Lies, Meant};
use mouth::{Deed, Deeds, Mouth};
use silent::Silent;
use twins::Twins;

/// A way to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Adversary {
    /// See [`silent`].
    Silent,
    /// See [`equivocator`].
    Equivocator,
    /// See [`replayer`].
    Replayer,
    /// See [`censor`].
    Censor,
    /// See [`usurper`].
    Usurper,
    /// See [`mutator`].
    Mutator,
    /// See [`twins`].
    Twins,
}

impl Adversary {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Silent,
        Self::Equivocator,
        Self::Replayer,
        Self::Censor,
        Self::Usurper,
        Self::Mutator,
        Self::Twins,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Equivocator => "equivocator",
            Self::Replayer => "replayer",
            Self::Censor => "censor",
            Self::Usurper => "usurper",
            Self::Mutator => "mutator",
            Self::Twins => "twins",
        }
    }
}

impl fmt::Display for Adversary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no adversary has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no adversary is called '{0}'; there are silent, equivocator, replayer, censor, usurper, mutator, twins"
)]
pub struct UnknownAdversary(pub String);

impl FromStr for Adversary {
    type Err = UnknownAdversary;

    fn from_str(name: &str) -> Result<Self, UnknownAdversary> {
        let found = Self::ALL.into_iter().find(|adversary| adversary.name() == name);
        found.ok_or_else(|| UnknownAdversary(name.to_owned()))
    }
}

/// What a replica that may lie is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// What it would be made from if it were honest.
    pub config: Config,
    /// How it lies, if it does.
    pub adversary: Option<Adversary>,
    /// Decides the details of its lies.
    pub seed: u64,
    /// For twins, whom the second one talks to in each of the first views; empty: drawn. Bit i stands for replica i;
    /// the twins' own bit says that both talk to the rest.
    pub walls: Vec<u64>,
}

/// Views in which twins that draw their walls are apart.
const WALLS: u64 = 4;

/// A replica that may lie: the honest one, or one that wraps it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Member<P> {
    /// It does not.
    Honest(P),
    /// It does.
    Liar(Box<Liar<P>>),
    /// It is two.
    Twins(Box<Twins<P>>),
}

/// An honest replica, and the mouth that speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Liar<P> {
    inner: P,
    mouth: Mouth,
    tactic: Tactic,
    lies: Lies,
}

/// How it lies, with what it has to remember for that.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Tactic {
    Silent(Silent),
    Censor(Censor),
    Equivocator(Agreed),
    Replayer,
    Usurper,
    Mutator,
}

impl<P: Protocol<Message = Message>> Liar<P> {
    fn speak(&mut self, deed: Deed, out: &mut Deeds) {
        if let Action::Broadcast { message } | Action::Send { message, .. } = &deed {
            self.mouth.remember(message);
        }
        let (meant, first) = (Meant::by(&deed), out.len());
        match &self.tactic {
            Tactic::Silent(silent) => silent.speak(&self.mouth, deed, out),
            Tactic::Censor(censor) => censor.speak(&self.mouth, deed, out),
            Tactic::Equivocator(_) => equivocator::speak(&mut self.mouth, deed, out),
            Tactic::Mutator => mutator::speak(&mut self.mouth, deed, out),
            Tactic::Replayer | Tactic::Usurper => out.push(deed),
        }
        if let Some(name) = meant.betrayed(&out[first..]) {
            self.lies.tell(name);
        }
    }

    fn hear(&mut self, message: &Message, out: &mut Deeds) {
        self.mouth.remember(message);
        let first = out.len();
        match &mut self.tactic {
            Tactic::Equivocator(agreed) => equivocator::hear(agreed, &self.mouth, message, out),
            Tactic::Replayer => replayer::hear(&mut self.mouth, out),
            Tactic::Usurper => usurper::hear(&mut self.mouth, out),
            Tactic::Silent(_) | Tactic::Censor(_) | Tactic::Mutator => {}
        }
        // An honest replica would have said nothing of its own accord.
        for deed in &out[first..] {
            if let Action::Send { message, .. } = deed {
                self.lies.tell(message.name());
            }
        }
    }
}

impl<P> Member<P>
where
    P: Protocol<Message = Message, Record = Record, Evidence = Evidence, Config = Config>,
{
    /// The replica inside; the first of two.
    pub fn inner(&self) -> &P {
        match self {
            Self::Honest(inner) => inner,
            Self::Liar(liar) => &liar.inner,
            Self::Twins(twins) => twins.first(),
        }
    }

    /// The lies it told since it last started; none if it is honest.
    pub fn lies(&self) -> Option<&Lies> {
        match self {
            Self::Honest(_) => None,
            Self::Liar(liar) => Some(&liar.lies),
            Self::Twins(twins) => Some(twins.lies()),
        }
    }
}

impl<P> Protocol for Member<P>
where
    P: Protocol<Message = Message, Record = Record, Evidence = Evidence, Config = Config>,
{
    type Message = Message;
    type Record = Record;
    type Evidence = Evidence;
    type Config = Brief;

    fn new(brief: Brief, records: Vec<Record>) -> Self {
        let Brief { config, adversary, seed, walls } = brief;
        let mut mouth = Mouth::new(&config, seed);
        let tactic = match adversary {
            None => return Self::Honest(P::new(config, records)),
            Some(Adversary::Twins) => {
                let mut draw = Draw::new(seed);
                let both = 1 << (config.id.get() % 64);
                let mut drawn = || (0..WALLS).map(|_| draw.any() & !both).collect();
                let walls = if walls.is_empty() { drawn() } else { walls };
                return Self::Twins(Box::new(Twins::new(config, records, walls)));
            }
            Some(Adversary::Silent) => Tactic::Silent(Silent::new(&mut mouth)),
            Some(Adversary::Censor) => Tactic::Censor(Censor::new(&mut mouth)),
            Some(Adversary::Equivocator) => Tactic::Equivocator(Agreed::default()),
            Some(Adversary::Replayer) => Tactic::Replayer,
            Some(Adversary::Usurper) => Tactic::Usurper,
            Some(Adversary::Mutator) => Tactic::Mutator,
        };
        let inner = P::new(config, records);
        Self::Liar(Box::new(Liar { inner, mouth, tactic, lies: Lies::default() }))
    }

    fn records(&self) -> Vec<Record> {
        self.inner().records()
    }

    fn step(&mut self, event: Event<Message>, out: &mut Actions<Self>) -> Result<(), Reject> {
        match self {
            Self::Honest(inner) => inner.step(event, out),
            Self::Twins(twins) => {
                twins.happen(event, out);
                Ok(())
            }
            Self::Liar(liar) => {
                let heard = match &event {
                    Event::Received(message) => Some(message.clone().into_inner()),
                    _ => None,
                };
                let mut deeds = Vec::new();
                // A liar passes over what an honest replica refuses.
                let _ = liar.inner.step(event, &mut deeds);
                deeds.into_iter().for_each(|deed| liar.speak(deed, out));
                if let Some(message) = heard {
                    liar.hear(&message, out);
                }
                Ok(())
            }
        }
    }

    fn id(&self) -> ReplicaId {
        self.inner().id()
    }

    fn standing(&self) -> Standing {
        self.inner().standing()
    }

    fn submit(submission: Submission) -> Message {
        P::submit(submission)
    }
}
