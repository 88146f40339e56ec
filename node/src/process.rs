//! A replica as a process: from a checked configuration until a signal.
//!
//! In: a configuration, what to run, SIGTERM and SIGINT. Out: one line when both ports are open. Refuses to know: what
//! a replica does.

use std::io::{self, Write};
use std::time::Duration;

use consensus::classic::Config as ReplicaConfig;
use consensus::classic::record::Record;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::application::Application;
use crate::config::Config;
use crate::driver::Classic;
use crate::service::{Listeners, ServiceError, Works, serve_as};

/// Why a process could not start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The runtime, a signal, or the line on standard output.
    #[error("cannot start: {0}")]
    Start(#[from] io::Error),
    /// The replica.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// How long a thread for signatures is kept without work: its memory is not given back after each burst.
const KEPT: Duration = Duration::from_secs(600);

/// Runs one replica, which `make` makes, until the process is told to stop. Prints one line once both ports are open.
///
/// # Errors
///
/// [`ProcessError`].
pub fn run<P: Classic, A: Application>(
    make: impl FnOnce(ReplicaConfig, Vec<Record>) -> P,
    works: Works<A>,
    config: Config,
) -> Result<(), ProcessError> {
    // One thread for sockets and protocol: a message that is handed from one thread to another costs more than most
    // messages do. Signatures in bulk and the disk have threads of their own.
    // More of them than processors would only share the processors, each with memory of its own.
    let bulk = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    let runtime = Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(bulk)
        .thread_keep_alive(KEPT)
        .build()?;
    runtime.block_on(async {
        let listeners = Listeners::bind(&config).await?;
        let (stop, stopped) = watch::channel(false);
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        announce(&config)?;
        let service = serve_as(make, works, config, listeners, stopped);
        tokio::pin!(service);
        tokio::select! {
            ended = &mut service => return Ok(ended?),
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        // The service listens to this; it is gone only if it has ended.
        let _ = stop.send(true);
        Ok(service.await?)
    })
}

fn announce(config: &Config) -> io::Result<()> {
    let (own, count) = (config.own(), config.replicas.len());
    let mut out = io::stdout();
    writeln!(
        out,
        "replica {} of {count} ready: replicas at {}, clients at {}",
        config.id, own.peers, own.clients
    )?;
    out.flush()
}
