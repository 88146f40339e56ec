//! `gridquorum init`: a new deployment in a folder.
//!
//! In: a number of replicas, their address and first port. Out: a folder that `node` can start from. Refuses to know:
//! what keys and certificates are made of.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use consensus::committee::Committee;
use ledger::{Author, Charter};

use super::charter;
use super::output::Fields;
use super::verdict::Verdict;
use crate::founding::fitting_limits;
use crate::init::{Plan, init};

/// Make keys, certificates and one configuration file per replica.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: gridquorum init --replicas 4 --out region\n\
    then on each machine: gridquorum node --config region/replica-0/config.toml\n\n\
    The terms, each of which a line of --charter FILE replaces:\n  \
    name = \"gridquorum\"\n  retail = \"0.30\"                 currency/kWh\n  \
    feed_in = \"0.08\"                currency/kWh\n  \
    kappa = \"0.5\"                   where in the gain the auction's price lies\n  \
    connection_limit_wh = 1000000   per slot\n  \
    [rule.nrgx-safe]                or [rule.nrgx] with q, r, a\n  \
    top = \"0.19\"\n  r = \"0.50\"\n  alpha = \"0.10\"\n\
    Above the first [ also: rule = \"sdr\", \"mid-market\" or \"bill-sharing\", in place of it")]
pub(super) struct Init {
    /// Number of replicas, at least 4.
    #[arg(long, default_value_t = 4)]
    replicas: u16,
    /// Folder to make; must not exist.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Address that all replicas listen on; edit the configurations to spread them over machines.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// First port; replica I uses ports P + 2I for replicas and P + 2I + 1 for clients.
    #[arg(long, value_name = "P", default_value_t = 7_400)]
    port: u16,
    /// Terms of the region (TOML) over the default ones.
    #[arg(long, value_name = "FILE")]
    charter: Option<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &Init, json: bool) -> anyhow::Result<Verdict> {
    let port = |offset: u32| {
        u16::try_from(u32::from(args.port) + offset).with_context(|| {
            format!("--port {} leaves no room for {} replicas", args.port, args.replicas)
        })
    };
    let addresses = (0..u32::from(args.replicas)).map(|id| {
        let at = |port| SocketAddr::new(args.address, port);
        Ok((at(port(2 * id)?), at(port(2 * id + 1)?)))
    });
    let terms = match &args.charter {
        Some(path) => charter::read(path)?,
        None => community::terms::charter(Author::new([0; 32])),
    };
    let plan = Plan {
        addresses: addresses.collect::<anyhow::Result<_>>()?,
        operator: None,
        charter: |dso| Charter { dso, ..terms.clone() },
        limits: fitting_limits(Committee::try_new(usize::from(args.replicas))?),
    };
    let made = init(&args.out, &plan)?;
    let mut fields = Fields::new();
    fields.text("folder", &args.out.display().to_string());
    fields.integer("replicas", i64::from(args.replicas));
    fields.text("genesis", &args.out.join("genesis.json").display().to_string());
    fields.text("network", &made.founding.network_name());
    fields.text("operator_key", &made.operator_key.display().to_string());
    fields.text("first_config", &made.configs[0].display().to_string());
    fields.print(json)?;
    Ok(Verdict::Holds)
}
