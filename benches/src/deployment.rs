//! Four replicas in this process: real links, real disk, one gateway in front.
//!
//! In: nothing. Out: a cluster that serves until it is dropped. Refuses to know: what is submitted to it.

use std::path::PathBuf;

use anyhow::Context;
use consensus::ids::Timestamp;
use consensus::keys::Signer;
use consensus::limits::LimitsSpec;
use ledger::{Command, MeterId, members};
use market::{Money, ParticipantId};
use node::client::{Door, Gateway, Patience};
use node::config::Config;
use node::init::{Plan, init};
use node::service::{Listeners, serve};
use node::trial::cluster::free_addresses;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// A running cluster.
#[derive(Debug)]
pub struct Deployment {
    runtime: Runtime,
    gateway: Gateway,
    operator: Signer,
    folder: PathBuf,
    stop: watch::Sender<bool>,
    registered: u32,
}

impl Deployment {
    /// Starts `replicas` replicas on free ports of this machine, with their data in a temporary folder.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from starting.
    pub fn start(replicas: usize) -> anyhow::Result<Self> {
        let folder = std::env::temp_dir().join(format!("gridquorum-bench-{}", std::process::id()));
        let secret = [9; 32];
        let plan = Plan {
            addresses: free_addresses(replicas)?,
            operator: Some(secret),
            charter: community::terms::charter,
            limits: LimitsSpec::default(),
        };
        let made = init(&folder, &plan)?;
        let runtime = Runtime::new().context("cannot start")?;
        let (stop, stopped) = watch::channel(false);
        let mut doors = Vec::new();
        for path in &made.configs {
            let config = Config::read(path)?;
            let own = config.own();
            doors.push(Door { address: own.clients, certificate: own.certificate.clone() });
            let listeners = runtime.block_on(Listeners::bind(&config))?;
            runtime.spawn(serve(config, listeners, stopped.clone()));
        }
        let patience = Patience { first: Duration::from_secs(2), most: Duration::from_secs(60) };
        let gateway = {
            let _inside = runtime.enter();
            Gateway::start(&made.founding, doors, patience)?
        };
        let operator = Signer::ed25519(made.founding.scope(), secret);
        Ok(Self { runtime, gateway, operator, folder, stop, registered: 0 })
    }

    /// Has one more member registered: one signed request, ordered, executed and answered by f+1 replicas.
    ///
    /// # Errors
    ///
    /// If it has no answer.
    pub fn register(&mut self) -> anyhow::Result<()> {
        self.registered += 1;
        let command = Command::Members(members::Command::Register {
            participant: ParticipantId::new(self.registered),
            author: crate::workload::author(self.registered),
            meter: MeterId::new(self.registered),
            deposit: Money::ZERO,
        });
        let (gateway, operator) = (&self.gateway, &self.operator);
        let submit = gateway.submit(operator, Timestamp::ZERO, command.encode(), Vec::new());
        self.runtime.block_on(submit)?;
        Ok(())
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        // The replicas end with the runtime; what they leave on disk is temporary.
        let _ = self.stop.send(true);
        std::thread::sleep(Duration::from_millis(200));
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
