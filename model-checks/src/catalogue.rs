//! The models with their claims and bounds, and how one is run.
//!
//! In: a name. Out: how many states there are, and what did not hold. Refuses to know: how that is
//! printed.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;

use stateright::{Checker, Expectation, Model};

use crate::classic::{Bounds, Classic, Crash, Detail, Faulty, Move, World};
use crate::replica::Subject;
use crate::trace;

/// A model of the catalogue.
#[derive(Clone, Debug)]
pub struct Check {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it claims, as a sentence.
    pub claim: &'static str,
    /// What it says nothing about, beyond [`NOT_COVERED`].
    pub not_covered: &'static [&'static str],
    /// The bounds that are explored each time.
    pub quick: Bounds,
    /// Larger ones, for those who have the time.
    pub full: &'static [Bounds],
}

/// What an exploration found.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Distinct states.
    pub states: usize,
    /// Distinct messages, machines, and steps of the shipped code that were run.
    pub size: (usize, usize, usize),
    /// What must always hold and did not, with a trace.
    pub violations: Vec<Counterexample>,
    /// What must happen somewhere and did not.
    pub unreached: Vec<&'static str>,
}

impl Verdict {
    /// Whether everything that was claimed holds.
    pub fn holds(&self) -> bool {
        self.violations.is_empty() && self.unreached.is_empty()
    }
}

const BASE: Bounds =
    Bounds { faulty: Faulty::Nobody, crash: Crash::Never, last_view: 1, detail: Detail::StandIns };

/// What none of the models says anything about.
pub const NOT_COVERED: [&str; 5] = [
    "more than one position, checkpoints and the window, batches of several requests",
    "liveness: nothing says that anything is ever executed",
    "the status timer: votes are not repeated and questions not asked; the answers, batches and \
     decisions, arrive unasked instead, decisions from the Byzantine replica only",
    "views after the last one, in which nobody loses patience",
    "real keys, sockets, disks and clocks; an application that answers late or refuses",
];

/// All models, in the order in which they are run.
pub fn all() -> Vec<Check> {
    vec![
        Check {
            name: "equivocating-primary",
            claim: "Three honest replicas agree whatever the primary of view 0 signs: two batches, \
                    votes for both, view changes with every claim it can prove.",
            not_covered: &["crashes, except with --full"],
            quick: Bounds { faulty: Faulty::Byzantine(0), ..BASE },
            full: &[Bounds { faulty: Faulty::Byzantine(0), crash: Crash::At(2), ..BASE }],
        },
        Check {
            name: "lying-new-primary",
            claim: "Three honest replicas agree whatever the primary of view 1 signs: votes in view 0, \
                    NEW-VIEWs on any quorum that follow from it or do not, two batches of its own.",
            not_covered: &["crashes, except with --full"],
            quick: Bounds { faulty: Faulty::Byzantine(1), ..BASE },
            full: &[Bounds { faulty: Faulty::Byzantine(1), crash: Crash::At(2), ..BASE }],
        },
        Check {
            name: "lying-backup",
            claim: "Three honest replicas, the primary of view 0 and of view 1 among them, agree \
                    whatever a backup signs.",
            not_covered: &["crashes, except with --full"],
            quick: Bounds { faulty: Faulty::Byzantine(3), ..BASE },
            full: &[],
        },
        Check {
            name: "silent-replica",
            claim: "Three honest replicas, each of them needed for every quorum, agree through four \
                    views.",
            not_covered: &["crashes", "a replica that lies"],
            quick: Bounds { faulty: Faulty::Silent(3), last_view: 3, ..BASE },
            full: &[],
        },
        Check {
            name: "restart",
            claim: "Four honest replicas agree, and none contradicts itself, although the next primary \
                    crashes once, between any two actions, and starts again from its disk.",
            not_covered: &[
                "lying replicas",
                "a second crash, torn or lost writes: what was persisted is there",
            ],
            quick: Bounds { crash: Crash::At(1), ..BASE },
            full: &[Bounds { crash: Crash::Anywhere, ..BASE }],
        },
    ]
}

/// The model with this name.
///
/// # Errors
///
/// [`UnknownName`] if there is none.
pub fn find(name: &str) -> Result<Check, UnknownName> {
    let known = || all().into_iter().map(|check| check.name);
    let found = all().into_iter().find(|check| check.name == name);
    found.ok_or_else(|| UnknownName::new("model", name, known()))
}

/// A name that stands for nothing, and those that stand for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName(String);

impl UnknownName {
    /// There is no `what` called `name`, but there are `known`.
    pub fn new(what: &str, name: &str, known: impl Iterator<Item = &'static str>) -> Self {
        let known = known.collect::<Vec<_>>().join(", ");
        Self(format!("there is no {what} '{name}'; there are: {known}"))
    }
}

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownName {}

/// What `work` returns, and how many seconds it took.
#[expect(
    clippy::disallowed_types,
    reason = "a report says how long a check took; nothing else does"
)]
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = std::time::Instant::now();
    let done = work();
    (done, start.elapsed().as_secs_f64())
}

/// Explores everything within `bounds` with replicas `P`.
pub fn explore<P: Subject>(bounds: Bounds) -> Verdict {
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let checker = Classic::<P>::new(bounds).checker().threads(threads).spawn_bfs().join();
    let model = checker.model();
    let mut verdict = Verdict {
        states: checker.unique_state_count(),
        size: model.size(),
        violations: Vec::new(),
        unreached: Vec::new(),
    };
    let mut discoveries = checker.discoveries();
    for property in model.properties() {
        let found = discoveries.remove(property.name);
        match (property.expectation, found) {
            (Expectation::Sometimes, None) => verdict.unreached.push(property.name),
            (Expectation::Always, Some(path)) => {
                let trace = trace::lines(model, &path.into_actions());
                verdict.violations.push((property.name, trace));
            }
            _ => {}
        }
    }
    verdict
}

/// What does not hold, and a trace of how that comes.
pub type Counterexample = (&'static str, Vec<String>);

/// The shortest way to break anything that must always hold, with replicas `P`, as a trace.
///
/// A search of its own, breadth first: the checker looks on for a while after it has found a way, and
/// then reports the last one.
pub fn counterexample<P: Subject>(bounds: Bounds) -> Option<Counterexample> {
    let model = Classic::<P>::new(bounds);
    let mut properties = model.properties();
    properties.retain(|property| property.expectation == Expectation::Always);
    let mut origins: BTreeMap<World, Option<(World, Move)>> = BTreeMap::new();
    let mut open: VecDeque<World> = model.init_states().into();
    origins.extend(open.iter().map(|world| (*world, None)));
    while let Some(world) = open.pop_front() {
        if let Some(broken) = properties.iter().find(|p| !(p.condition)(&model, &world)) {
            return Some((broken.name, trace::lines(&model, &way_to(world, &origins))));
        }
        for (step, next) in model.next_steps(&world) {
            if let Entry::Vacant(new) = origins.entry(next) {
                new.insert(Some((world, step)));
                open.push_back(next);
            }
        }
    }
    None
}

/// The moves from the first world to `world`.
fn way_to(mut world: World, origins: &BTreeMap<World, Option<(World, Move)>>) -> Vec<Move> {
    let mut moves = Vec::new();
    while let Some((before, step)) = &origins[&world] {
        moves.push(step.clone());
        world = *before;
    }
    moves.reverse();
    moves
}
