//! A run as text: what the cluster is like, who lies, and each fault that is injected.
//!
//! In: text, or numbers. Out: the run's outcome, the same each time. Refuses to know: why this run is of interest.
//!
//! ```text
//! gridquorum scenario
//! seed 17
//! replicas 4
//! liar 0 equivocator 5
//! lost message 3 from 0 to 1
//! death of 2 before action 57 as torn-tail for 300000
//! ```
//!
//! Lines that begin with `#` are remarks. What is not said is as in [`Scenario::default`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::time::Duration;

use crate::adversary::draw::Draw;
use crate::adversary::{Adversary, Brief, Member};
use crate::classic::Config;
use crate::classic::evidence::Evidence;
use crate::classic::message::Message;
use crate::classic::record::Record;
use crate::ids::{Digest, ReplicaId};
use crate::keys::Signer;
use crate::limits::{Limits, LimitsSpec};
use crate::protocol::Protocol;

use super::branch::Branches;
use super::cluster::Cluster;
use super::fault::{Faults, Injection};
use super::journal::Journal;
use super::leaving::Driver;
use super::setup::Setup;
use super::tally::Tally;

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// Decides delays, what liars do, who is in the core, and faults that are not written down.
    pub seed: u64,
    /// Sizes and times by name.
    pub numbers: BTreeMap<&'static str, u64>,
    /// Who lies, how, and the seed of the lies.
    pub liars: BTreeMap<u16, (Adversary, u64)>,
    /// How often what goes wrong.
    pub faults: Faults,
    /// Exactly what goes wrong, instead.
    pub script: Option<Vec<Injection>>,
}

/// The numbers of a scenario: name, value if nothing is said, and the least and the most that makes sense.
const NUMBERS: [(&str, u64, u64, u64); 15] = [
    ("replicas", 4, 4, 63),
    ("clients", 3, 1, 64),
    ("requests", 8, 1, 10_000),
    ("batch", 2, 1, 512),
    ("window", 16, 4, 256),
    ("checkpoint", 4, 1, 128),
    ("pipeline", 2, 1, 64),
    ("pending", 64, 1, 16_384),
    ("view-ms", 200, 10, 10_000),
    ("delay-us", 1_000, 1, 1_000_000),
    ("work-us", 100, 1, 1_000_000),
    ("sync-us", 300, 0, 1_000_000),
    // What waits for a sync, see `leaving::Driver::of`; 2 and 3 are mistakes.
    ("driver", 0, 0, 3),
    ("storm-ms", 1_000, 0, 100_000),
    // Whether liars go on while the core is to converge.
    ("lying", 0, 0, 1),
];

impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 0,
            numbers: NUMBERS.into_iter().map(|(name, value, ..)| (name, value)).collect(),
            liars: BTreeMap::new(),
            faults: Faults::default(),
            script: None,
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Which rule broke, or what is waited for; none if all is well.
    pub failure: Option<String>,
    /// The digest of everything that happened.
    pub trace: Digest,
    /// How much happened.
    pub events: u64,
    /// Positions decided.
    pub decided: u64,
    /// The highest view in which anything was decided.
    pub view: u64,
    /// Every fault that was injected.
    pub injected: Vec<Injection>,
    /// How often what happened.
    pub tally: Tally,
    /// What came of which event.
    pub branches: Branches,
}

impl Scenario {
    /// One of the numbers.
    ///
    /// # Panics
    ///
    /// If there is no such number.
    pub fn number(&self, name: &str) -> u64 {
        *self.numbers.get(name).unwrap_or_else(|| panic!("a scenario has no '{name}'"))
    }

    /// The same scenario with another value of a number.
    ///
    /// # Panics
    ///
    /// If there is no such number.
    #[must_use]
    pub fn with(mut self, name: &str, value: u64) -> Self {
        let held = self.numbers.get_mut(name);
        *held.unwrap_or_else(|| panic!("a scenario has no '{name}'")) = value;
        self
    }

    fn size(&self, name: &str) -> usize {
        usize::try_from(self.number(name)).expect("sizes are small")
    }

    fn setup(&self) -> Setup {
        let spec = LimitsSpec {
            batch_requests: self.size("batch"),
            batch_bytes: 2_048,
            operation_bytes: 64,
            attachment_bytes: 32,
            pipeline: self.number("pipeline"),
            window: self.number("window"),
            checkpoint_interval: self.number("checkpoint"),
            pending: self.size("pending").max(self.size("batch")),
            view_timeout_ms: self.number("view-ms"),
            status_interval_ms: self.number("view-ms") / 4,
            fetch_decisions: 8,
            reads: false,
            snapshots: false,
        };
        let liars = self.liars.keys().map(|id| ReplicaId::new(*id)).collect();
        Setup {
            limits: Limits::try_new(spec).expect("the bounds of a scenario fit together"),
            clients: self.size("clients"),
            requests: u32::try_from(self.number("requests")).unwrap_or(u32::MAX),
            delay_spread_us: self.number("delay-us"),
            work_us: self.number("work-us"),
            sync_us: self.number("sync-us"),
            driver: Driver::of(self.number("driver")),
            faults: self.faults.clone(),
            script: self.script.clone(),
            liars,
            ..Setup::calm(self.size("replicas"))
        }
    }

    /// Runs it with replicas of type `P`: the storm, then the convergence of a random core of one quorum. A panic of
    /// a replica or of the oracle is the failure; who runs many scenarios silences the panic hook.
    pub fn play<P>(&self) -> Outcome
    where
        P: Protocol<Message = Message, Record = Record, Evidence = Evidence, Config = Config>,
    {
        let brief = |setup: &Setup, id: ReplicaId, signer: Signer, genesis: Digest| {
            let (committee, limits) = (setup.committee, setup.limits.clone());
            let config = Config { id, committee, limits, signer, genesis };
            let lie = self.liars.get(&id.get());
            let (adversary, seed) = (lie.map(|(how, _)| *how), lie.map_or(0, |(_, seed)| *seed));
            Brief { config, adversary, seed, walls: Vec::new() }
        };
        let mut cluster: Cluster<Member<P>, Journal> =
            Cluster::new(self.setup(), self.seed, Journal::default(), brief, Message::name);
        let played = catch_unwind(AssertUnwindSafe(|| self.storm(&mut cluster)));
        let failure = match played {
            Ok(Ok(())) => None,
            Ok(Err(reasons)) => Some(format!("liveness: {}", reasons.join("; "))),
            Err(panic) => Some(said(panic.as_ref())),
        };
        Outcome {
            failure,
            trace: cluster.trace(),
            events: cluster.events(),
            decided: cluster.oracle().decided(),
            view: cluster.oracle().view,
            injected: cluster.injected().to_vec(),
            tally: cluster.tally().clone(),
            branches: cluster.branches().clone(),
        }
    }

    fn storm<P>(&self, cluster: &mut Cluster<Member<P>, Journal>) -> Result<(), Vec<String>>
    where
        P: Protocol<Message = Message, Record = Record, Evidence = Evidence, Config = Config>,
    {
        cluster.run(Duration::from_millis(self.number("storm-ms")));
        let spoilt = cluster.spoilt();
        let everybody = (0..self.number("replicas")).filter_map(|id| u16::try_from(id).ok());
        let mut core: Vec<_> =
            everybody.map(ReplicaId::new).filter(|id| !spoilt.contains(id)).collect();
        let quorum = super::oracle::arithmetic::votes(self.size("replicas"));
        let mut draw = Draw::about(self.seed, [CORE, 0, 0, 0]);
        while core.len() > quorum {
            let gone = draw.below(core.len() as u64);
            core.remove(usize::try_from(gone).expect("an index"));
        }
        let core: BTreeSet<_> = core.into_iter().collect();
        cluster.converge(&core, self.number("lying") == 1).map(drop)
    }
}

/// Names the question who is in the core.
const CORE: u64 = 8;

/// What a panic said, without the words that the assertion macros put before it.
pub fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "a panic without words".to_owned());
    text.trim_start_matches("assertion `left == right` failed: ").to_owned()
}

const HEADING: &str = "gridquorum scenario";

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADING}\nseed {}", self.seed)?;
        for (name, usual, ..) in NUMBERS {
            if self.number(name) != usual {
                writeln!(f, "{name} {}", self.number(name))?;
            }
        }
        for (id, (adversary, seed)) in &self.liars {
            writeln!(f, "liar {id} {adversary} {seed}")?;
        }
        match &self.script {
            Some(script) => script.iter().try_for_each(|injection| writeln!(f, "{injection}")),
            None => writeln!(f, "# drawn: {:?}", self.faults),
        }
    }
}

/// A text that is no scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct NoScenario {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl Scenario {
    /// Takes one line of a scenario.
    fn read(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["seed", seed] => {
                self.seed = seed.parse().map_err(|_| format!("'{seed}' is no seed"))?;
            }
            ["liar", id, adversary, seed] => {
                let id = id.parse().map_err(|_| format!("'{id}' is no replica"))?;
                let adversary = adversary.parse::<Adversary>().map_err(|e| e.to_string())?;
                let seed = seed.parse().map_err(|_| format!("'{seed}' is no seed"))?;
                self.liars.insert(id, (adversary, seed));
            }
            [name, value] if self.numbers.contains_key(name) => {
                let (name, _, least, most) =
                    NUMBERS.into_iter().find(|(known, ..)| known == name).expect("it is known");
                let number = value.parse().ok().filter(|v| (least..=most).contains(v));
                let number = number
                    .ok_or_else(|| format!("{name} is {value}, expected {least} to {most}"))?;
                self.numbers.insert(name, number);
            }
            _ => {
                let injection = line.parse::<Injection>().map_err(|error| error.to_string())?;
                self.script.get_or_insert_default().push(injection);
            }
        }
        Ok(())
    }
}

impl FromStr for Scenario {
    type Err = NoScenario;

    fn from_str(text: &str) -> Result<Self, NoScenario> {
        let mut scenario = Self { script: Some(Vec::new()), ..Self::default() };
        let mut lines = (1..).zip(text.lines().map(str::trim));
        let heading = lines.next().filter(|(_, line)| *line == HEADING);
        if heading.is_none() {
            return Err(NoScenario { line: 1, what: format!("expected '{HEADING}'") });
        }
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            scenario.read(line).map_err(|what| NoScenario { line: number, what })?;
        }
        let faults = super::oracle::arithmetic::liars(scenario.size("replicas"));
        let stranger =
            scenario.liars.keys().any(|id| u64::from(*id) >= scenario.number("replicas"));
        let narrow = scenario.number("window") < 2 * scenario.number("checkpoint")
            || scenario.number("window") < scenario.number("pipeline");
        let what = if stranger || scenario.liars.len() > faults {
            format!("at most {faults} of the replicas may lie")
        } else if narrow {
            "the window holds two checkpoint intervals and the pipeline".to_owned()
        } else {
            return Ok(scenario);
        };
        Err(NoScenario { line: text.lines().count(), what })
    }
}
