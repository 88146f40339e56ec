//! Every way in which one replica of four can be two, while the network is split differently in each view.
//!
//! In: a number of views. Out: for each scenario, whether safety held at every step, and whether the honest three came
//! together afterwards. Refuses to know: what the twins say; both are honest.
//!
//! Source: Twins (Bano and others 2021). A scenario names the identity that is two, and for each of the first views a
//! split of the five instances into two sides; messages do not cross it. The paper also enumerates leaders: here the
//! view names its leader, so choosing who is two is choosing when the twins lead. In later views
//! nothing is split; and after a while the honest three are joined whatever their view, and must converge while the
//! twins stay as they are.

mod canonical;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use consensus::adversary::{Adversary, Brief, Member};
use consensus::classic::Config;
use consensus::classic::message::Message;
use consensus::ids::{Digest, ReplicaId};
use consensus::keys::Signer;
use consensus::limits::{Limits, LimitsSpec};
use consensus::sim::Cluster;
use consensus::sim::journal::Journal;
use consensus::sim::scenario::said;
use consensus::sim::setup::Setup;

use crate::replica::Subject;
use crate::swarm::quietly;

pub use canonical::{REPLICAS, Split, all, canonical};

/// How long the views with walls last at most: patience 20 ms, doubled with each.
const APART: Duration = Duration::from_millis(600);

/// What the scenarios did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Scenarios without symmetric ones.
    pub played: u64,
    /// All of them.
    pub total: u64,
    /// Those that failed, and how.
    pub failures: Vec<(Split, String)>,
    /// Scenarios in which somebody proved that the twins said two things.
    pub accused: u64,
    /// Scenarios in which something was decided after a view change.
    pub changed: u64,
    /// Scenarios in which honest replicas executed something while the network was split.
    pub busy: u64,
}

impl Report {
    fn add(&mut self, split: &Split, played: Result<Played, String>) {
        self.played += 1;
        match played {
            Ok(Played { accused, changed, busy }) => {
                self.accused += u64::from(accused);
                self.changed += u64::from(changed);
                self.busy += u64::from(busy);
            }
            Err(failure) => self.failures.push((split.clone(), failure)),
        }
    }

    fn merge(&mut self, other: Self) {
        self.played += other.played;
        self.failures.extend(other.failures);
        self.failures.sort();
        self.accused += other.accused;
        self.changed += other.changed;
        self.busy += other.busy;
    }

    /// Whether nothing failed, and the twins were caught at least once.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty() && self.accused > 0 && self.busy > 0
    }
}

/// What was seen in one scenario.
#[derive(Clone, Copy, Debug)]
struct Played {
    accused: bool,
    changed: bool,
    busy: bool,
}

/// Plays every scenario of so many views, up to symmetry, with replicas `P`.
pub fn run<P: Subject>(rounds: usize, threads: usize) -> Report {
    let splits = canonical(rounds);
    let next = AtomicUsize::new(0);
    let work = || {
        quietly(|| {
            let mut report = Report::default();
            while let Some(split) = splits.get(next.fetch_add(1, Ordering::Relaxed)) {
                report.add(split, play::<P>(split));
            }
            report
        })
    };
    let mut report = Report { total: all(rounds).count() as u64, ..Report::default() };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            report.merge(worker.join().expect("failures are caught"));
        }
    });
    report
}

fn setup(split: &Split) -> Setup {
    let calm = Setup::calm(usize::from(REPLICAS));
    let spec = LimitsSpec {
        batch_requests: 2,
        window: 8,
        checkpoint_interval: 4,
        view_timeout_ms: 20,
        status_interval_ms: 10,
        fetch_decisions: 8,
        ..LimitsSpec::default()
    };
    Setup {
        limits: Limits::try_new(spec).expect("these limits fit together"),
        clients: 2,
        requests: 2,
        patience: Duration::from_millis(10),
        liars: [ReplicaId::new(split.twin)].into(),
        walls: split.walls.iter().map(|wall| u64::from(*wall)).collect(),
        ..calm
    }
}

fn play<P: Subject>(split: &Split) -> Result<Played, String> {
    let brief = |setup: &Setup, id: ReplicaId, signer: Signer, genesis: Digest| {
        let (committee, limits) = (setup.committee, setup.limits.clone());
        let config = Config { id, committee, limits, signer, genesis };
        let adversary = (id.get() == split.twin).then_some(Adversary::Twins);
        Brief { config, adversary, seed: 0, walls: setup.walls.clone() }
    };
    let mut cluster: Cluster<Member<P>, Journal> =
        Cluster::new(setup(split), 1, Journal::default(), brief, Message::name);
    let core: BTreeSet<_> =
        (0..REPLICAS).filter(|id| *id != split.twin).map(ReplicaId::new).collect();
    let played = catch_unwind(AssertUnwindSafe(|| {
        cluster.run(APART);
        let busy = cluster.oracle().decided() > 0;
        cluster.converge(&core, true).map(|_| busy)
    }));
    match played {
        Ok(Ok(busy)) => Ok(Played {
            accused: cluster.tally().of("event", "accusation") > 0,
            changed: cluster.oracle().view > 0,
            busy,
        }),
        Ok(Err(reasons)) => Err(format!("liveness: {}", reasons.join("; "))),
        Err(panic) => Err(said(panic.as_ref())),
    }
}
