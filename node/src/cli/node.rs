//! `gridquorum node`: one replica, until it is told to stop.
//!
//! In: a configuration file and the risks that it may take. Out: what the process prints. Refuses to know: what a
//! replica does.

use std::path::PathBuf;

use consensus::adversary::{Adversary, Brief, Member};
use consensus::classic::{Config as ReplicaConfig, Replica};
use consensus::ids::ReplicaId;
use consensus::protocol::Protocol;

use super::verdict::Verdict;
use crate::config::{Config, Risk};
use crate::process::{self, ProcessError};
use crate::service::{ServiceError, Works};

/// Decides the details of a lying replica's lies, so that it lies alike in every run.
const LIES: u64 = 1;

/// Run one replica until it is told to stop (SIGTERM or SIGINT), finishing what it has taken in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: gridquorum node --config region/replica-0/config.toml")]
pub(super) struct Node {
    /// Configuration file, as `init` writes it.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// A risk that the configuration takes although other machines can reach this replica. Without it such a replica
    /// does not start.
    #[arg(long, value_name = "RISK")]
    allow: Vec<Risk>,
    /// Have the replica lie, to see whether the others stand it: silent, equivocator, replayer, censor, usurper,
    /// mutator or twins. It lies in its own name only.
    #[arg(long, value_name = "NAME")]
    adversary: Option<Adversary>,
}

/// No walls in any view: both twins talk to everybody, as when one replica's folder runs on two machines. A drawn wall
/// may leave one of them with nobody to talk to, and then nothing is lied about.
fn nowhere(twins: ReplicaId) -> Vec<u64> {
    vec![1 << (twins.get() % 64)]
}

/// Runs the command. Prints one line once both ports are open.
pub(super) fn run(args: &Node) -> anyhow::Result<Verdict> {
    let config = Config::read(&args.config)?;
    if let Some(risk) = config.risks().into_iter().find(|risk| !args.allow.contains(risk)) {
        let (place, setting, name) = (config.place_of_risk(risk), risk.setting(), risk.name());
        anyhow::bail!(
            "{place}: {setting} on a replica that other machines can reach; expected addresses on the loopback \
             interface, the safe setting, or --allow {name}"
        );
    }
    let works = Works::of_region(&config.founding);
    let places: Vec<_> = [config.own().peers, config.own().clients]
        .into_iter()
        .map(|address| (address, config.place_of(address)))
        .collect();
    let ended = match args.adversary {
        None => process::run(Replica::new, works, config),
        Some(adversary) => {
            let make = |config: ReplicaConfig, records| {
                let (adversary, walls) = (Some(adversary), nowhere(config.id));
                Member::<Replica>::new(Brief { config, adversary, seed: LIES, walls }, records)
            };
            process::run(make, works, config)
        }
    };
    ended.map_err(|error| {
        let place = match &error {
            ProcessError::Service(ServiceError::Bind { address, .. }) => {
                places.iter().find(|(other, _)| other == address).map(|(_, place)| place.clone())
            }
            _ => None,
        };
        match place {
            Some(place) => anyhow::Error::from(error).context(place),
            None => anyhow::Error::from(error),
        }
    })?;
    Ok(Verdict::Holds)
}
