//! A trial: days of a neighbourhood through real replica processes, beside the same days without them.
//!
//! In: a data set, a number of replicas, faults. Out: whether everything came out as the simulation says, and a
//! report that shows it. Refuses to know: how the report looks.
//!
//! ```text
//! simulate -> the reference root
//! init -> processes -> probe (one request at a time, everything counted) -> the days, with faults -> stop
//!      -> audit of every chain -> compare -> report
//! ```

pub mod fault;
mod random;
pub mod plan;
pub mod cluster;
pub mod setup;
mod sampler;
mod growth;
mod liars;
mod history;
mod primitives;
mod director;
mod watcher;
mod probe;
mod predict;
mod remote;
mod compare;

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use community::{Community, Outcome, Settings, ZeroIntelligence, terms};
use consensus::committee::Committee;
use ledger::SlotSummary;

use crate::audit::{self, audit};
use crate::client::{Door, Gateway, Patience};
use crate::config::{Config, Peer};
use crate::founding::fitting_limits;
use crate::harvest::Harvest;
use crate::init::{Deployment, Plan, init};
use crate::people;
use crate::report::{Report, ViewRow};
use crate::simulation::simulate;
use crate::store::chain::Chain;
use crate::store::evidence::EvidenceLog;

use cluster::Cluster;
use compare::{Evidence, Played};
use director::Director;
use remote::Remote;
use sampler::Sampler;
use setup::Setup;
use watcher::Watcher;

/// What is said while a trial runs.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Slots closed.
    pub slots: u32,
    /// The highest view of a replica.
    pub view: u64,
    /// Commands per second since the last word.
    pub rate: f64,
}

/// How long clients wait.
const PATIENCE: Patience =
    Patience { first: Duration::from_secs(1), most: Duration::from_secs(120) };
/// How long replicas may take to reach the end after the last command.
const SETTLING: Duration = Duration::from_secs(60);
/// How long after a run that went wrong: they may never reach the same place.
const SETTLING_BROKEN: Duration = Duration::from_secs(5);

/// Checks a plan of faults without running it.
///
/// # Errors
///
/// One line that says what is wrong with it.
pub fn check_plan(replicas: usize, faults: &[String], slots: u32) -> anyhow::Result<()> {
    plan::plan(faults, Committee::try_new(replicas)?, slots)?;
    Ok(())
}

/// Runs a trial; leaves `chains/` and `history.jsonl` in its folder and returns the rest of the report.
///
/// # Errors
///
/// Bad input, or a machine that does not do what it is asked before the days begin. A run that comes out wrong, a
/// client that gives up or a replica that dies included, is no error: it ends there, and the report says so.
pub fn run(mut setup: Setup, mut say: impl FnMut(Progress)) -> anyhow::Result<Report> {
    let started = Instant::now();
    let committee = Committee::try_new(setup.replicas)?;
    let plan = plan::plan(&setup.faults, committee, setup.slots)?;
    let slots = Some(setup.slots);
    let reference = simulate(&setup.dataset, setup.seed, slots, NonZeroUsize::MIN, |_| {})?;
    let work = WorkFolder::beside(&setup.folder)?;
    let deployment = deploy(&work.0, &setup)?;
    let primitives = primitives::measure(deployment.founding.scope(), &work.0)?;
    let liars: BTreeMap<_, _> =
        plan.liars.iter().map(|(liar, how)| (usize::from(*liar), *how)).collect();
    let configs = deployment.configs.clone();
    let cluster = Cluster::start_lying(&setup.program, configs, liars)?;
    let mut played = play(&setup, plan, cluster, &deployment, &mut say)?;
    let chains = export(&deployment, &mut played, &setup.folder);
    let witness = chains.iter().position(Option::is_some);
    let mut harvest = Harvest::default();
    let mut audits: Vec<Option<audit::Outcome>> = Vec::new();
    for (index, chain) in chains.iter().enumerate() {
        let mut each = |fact: &ledger::Fact| {
            if Some(index) == witness {
                harvest.fold(fact);
            }
        };
        let audited = chain.as_ref().map(|chain| audit(chain, &mut each)).transpose();
        audits.push(audited.unwrap_or_else(|error| {
            played.trouble.push(error.to_string());
            None
        }));
    }
    write_history(&mut played, &setup.folder)?;
    let mut run = std::mem::take(&mut setup.run);
    run.wall_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let (setup, reference, played) = (&setup, &reference, &played);
    let (audits, harvest) = (&audits, &harvest);
    let evidence =
        Evidence { setup, reference, played, committee, audits, harvest, primitives, run };
    Ok(evidence.report())
}

fn play(
    setup: &Setup,
    plan: plan::Plan,
    cluster: Cluster,
    deployment: &Deployment,
    say: &mut impl FnMut(Progress),
) -> anyhow::Result<Played> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start")?;
    let committee = deployment.founding.committee();
    let cluster = Arc::new(Mutex::new(cluster));
    let plan::Plan { faults, liars } = plan;
    let tolerated = committee.faults() - liars.len(); // as the plan was checked
    let director = Director::new(cluster.clone(), faults, tolerated);
    let gateway = {
        let _inside = runtime.enter();
        open_gateway(deployment)?
    };
    let scope = deployment.founding.scope();
    let homes = setup.dataset.homes();
    let who = (setup.seed, homes);
    let mut remote =
        Remote::new(runtime.handle().clone(), gateway, director, committee, scope, who)
            .paced(setup.pace);
    let watcher = remote.watcher();
    watcher.wait_for_all()?;
    let sampler = Sampler::start(cluster.clone());
    let mut community = Community::try_new(
        setup.dataset.clone(),
        people::cast(setup.seed, homes),
        Box::new(ZeroIntelligence),
        Settings::from_seed(setup.seed),
    )?;
    let mut views = Vec::new();
    let mut closed = Vec::new();
    let mut reporter = Reporter { watcher: watcher.clone(), since: Instant::now(), before: 0 };
    let slots = Some(setup.slots);
    let ran = community::run(&mut community, &mut remote, terms::tariff(), slots, |summary| {
        let mut rows = watcher.views(summary.slot);
        rows.retain(|row| !liars.contains_key(&row.replica));
        say(reporter.progress(summary, &rows));
        views.extend(rows);
        closed.push(*summary);
    });
    let (outcome, mut trouble) = match ran {
        Ok(outcome) => (outcome, Vec::new()),
        Err(error) => {
            let homes = community.flows();
            (Outcome { slots: closed, homes, orders: 0, refused: 0 }, vec![error.to_string()])
        }
    };
    let mut remains = remote.finish();
    if let Some(probe) = remains.probe.as_mut().filter(|_| !liars.is_empty()) {
        probe.disturbance = Some("a replica lies");
    }
    let processes = sampler.finish();
    let lock = || cluster.lock().unwrap_or_else(PoisonError::into_inner);
    trouble.extend(lock().check().err().map(|error| error.to_string()));
    let is_honest = |replica| !liars.keys().any(|liar| usize::from(*liar) == replica);
    let up = (0..setup.replicas).map(|replica| is_honest(replica) && lock().is_up(replica));
    let up: Vec<bool> = up.collect();
    let patience = if trouble.is_empty() { SETTLING } else { SETTLING_BROKEN };
    let statuses = watcher.settle(&up, patience);
    let starts = lock().starts().to_vec();
    let cluster = Arc::into_inner(cluster).context("a fault is still under way")?;
    let stopped = cluster.into_inner().unwrap_or_else(PoisonError::into_inner).stop();
    trouble.extend(stopped.err().map(|error| error.to_string()));
    trouble.dedup();
    Ok(Played { outcome, remains, liars, statuses, starts, views, processes, trouble })
}

/// Says how far the run is.
struct Reporter {
    watcher: Watcher,
    since: Instant,
    before: u64,
}

impl Reporter {
    #[allow(clippy::cast_precision_loss, reason = "a rate for the eye")]
    fn progress(&mut self, summary: &SlotSummary, views: &[ViewRow]) -> Progress {
        let commands = self.watcher.commands();
        let seconds = self.since.elapsed().as_secs_f64().max(1e-6);
        let rate = (commands - self.before) as f64 / seconds;
        (self.since, self.before) = (Instant::now(), commands);
        let view = views.iter().map(|row| row.view).max().unwrap_or(0);
        Progress { slots: summary.slot.get() + 1, view, rate }
    }
}

fn deploy(work: &Path, setup: &Setup) -> anyhow::Result<Deployment> {
    let plan = Plan {
        addresses: cluster::free_addresses(setup.replicas)?,
        operator: Some(people::operator_seed(setup.seed)),
        charter: terms::charter,
        limits: fitting_limits(Committee::try_new(setup.replicas)?),
    };
    Ok(init(&work.join("deployment"), &plan)?)
}

fn open_gateway(deployment: &Deployment) -> anyhow::Result<Gateway> {
    let config = Config::read(&deployment.configs[0])?;
    let door = |peer: &Peer| Door { address: peer.clients, certificate: peer.certificate.clone() };
    let doors = config.replicas.iter().map(door).collect();
    Ok(Gateway::start(&deployment.founding, doors, PATIENCE)?)
}

/// Copies every chain into the report, as far as it can be copied; returns those of honest replicas that were up at the
/// end. A liar's lies apart: an audit of the report is not to believe it.
fn export(deployment: &Deployment, played: &mut Played, folder: &Path) -> Vec<Option<PathBuf>> {
    let mut chains = Vec::new();
    for ((index, config), status) in (0_u16..).zip(&deployment.configs).zip(&played.statuses) {
        let source = config.with_file_name("data");
        let lies = played.liars.contains_key(&index);
        let target = folder.join(compare::chain_of(index, lies));
        match export_one(&source, &target) {
            Err(_) if lies => chains.push(None),
            Ok(()) => chains.push(status.is_some().then_some(target)),
            Err(error) => {
                played.trouble.push(format!("the chain of replica {index}: {error:#}"));
                chains.push(None);
            }
        }
    }
    chains
}

/// Copies the chain and the evidence of the replica whose data lies in `data`.
fn export_one(data: &Path, target: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(target).with_context(|| target.display().to_string())?;
    let copy = |source: &Path, name: &str| {
        let copied = std::fs::copy(source.join(name), target.join(name));
        copied.map(drop).with_context(|| target.join(name).display().to_string())
    };
    let chain = data.join("chain");
    let opened = Chain::open(&chain); // a killed replica may have left half an entry
    for name in ["genesis.json", "blocks.log", "checkpoints.log", "private.log"] {
        copy(&chain, name)?;
    }
    let kept = EvidenceLog::open(data).map(drop);
    copy(data, "evidence.log")?;
    kept?;
    opened?; // what cannot be opened is copied all the same: somebody will want to look at it
    Ok(())
}

fn write_history(played: &mut Played, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join("history.jsonl");
    let file = std::fs::File::create(&path).with_context(|| path.display().to_string())?;
    let mut out = std::io::BufWriter::new(file);
    played.remains.history.write(&mut out).with_context(|| path.display().to_string())?;
    Ok(())
}

/// A folder for keys and replicas' data, removed when the trial is over. It is hidden and lies beside the report, so
/// that both are on one file system, and what is durable there is said of that one.
struct WorkFolder(PathBuf);

impl WorkFolder {
    fn beside(report: &Path) -> anyhow::Result<Self> {
        let name = report.file_name().unwrap_or_default().to_string_lossy();
        for number in 0_u32..1_000 {
            let path = report.with_file_name(format!(".{name}-replicas-{number}"));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| path.display().to_string()),
            }
        }
        anyhow::bail!("{}: no free name for a working folder beside it", report.display())
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        // What cannot be removed lies hidden beside the report.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
