//! `gridquorum node`: one replica, until it is told to stop.
//!
//! In: a configuration file, SIGTERM and SIGINT. Out: one line when both ports are open. Refuses to know: what a
//! replica does.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::verdict::Verdict;
use crate::config::Config;
use crate::service::{Listeners, ServiceError, serve};

/// Run one replica until it is told to stop (SIGTERM or SIGINT), finishing what it has taken in.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: gridquorum node --config region/replica-0/config.toml")]
pub(super) struct Node {
    /// Configuration file, as `init` writes it.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// A risk that the configuration takes although other machines can reach this replica: async-durability or
    /// unsigned-clients. Without it such a replica does not start.
    #[arg(long, value_name = "RISK")]
    allow: Vec<String>,
}

/// Runs the command. Prints one line once both ports are open.
pub(super) fn run(args: &Node) -> anyhow::Result<Verdict> {
    let config = Config::read(&args.config)?;
    if let Some(risk) = config.risks().iter().find(|r| !args.allow.iter().any(|a| a == r.name())) {
        let (file, name) = (args.config.display(), risk.name());
        anyhow::bail!(
            "{file}: replicas that others can reach need --allow {name} for this setting"
        );
    }
    // One thread for sockets and protocol: a message that is handed from one thread to another costs more than most
    // messages do. Signatures in bulk and the disk have threads of their own.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(async {
        let listeners = Listeners::bind(&config).await.map_err(|error| {
            let place = match &error {
                ServiceError::Bind { address, .. } => config.place_of(*address),
                _ => args.config.display().to_string(),
            };
            anyhow::Error::from(error).context(place)
        })?;
        let (stop, stopped) = watch::channel(false);
        let mut terminate = signal(SignalKind::terminate()).context("signals")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("signals")?;
        let own = config.own();
        let mut out = std::io::stdout();
        writeln!(
            out,
            "replica {} of {} ready: replicas at {}, clients at {}",
            config.id,
            config.replicas.len(),
            own.peers,
            own.clients
        )?;
        out.flush()?;
        let service = serve(config, listeners, stopped);
        tokio::pin!(service);
        tokio::select! {
            ended = &mut service => return ended.map_err(anyhow::Error::from),
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // The service listens to this; it is gone only if it has ended.
        let _ = stop.send(true);
        service.await.map_err(anyhow::Error::from)
    })?;
    Ok(Verdict::Holds)
}
