//! A cluster of replica processes on this machine: started, killed, paused, continued, stopped.
//!
//! In: a deployment on disk and the program to run. Out: processes. Refuses to know: why one is to be killed.
//! Whatever happens, no process outlives the value that holds it.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use consensus::adversary::Adversary;
use rustix::process::{Pid, Signal, kill_process};

/// How long a replica may take to stop when asked.
const STOPPING: Duration = Duration::from_secs(10);

/// Why a process could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No free port.
    #[error("no free port on this machine: {0}")]
    Port(io::Error),
    /// A process did not start.
    #[error("replica {replica} did not start: {why}")]
    Start {
        /// Which.
        replica: usize,
        /// What it said.
        why: String,
    },
    /// A signal could not be sent.
    #[error("replica {replica}: {source}")]
    Signal {
        /// Which.
        replica: usize,
        /// What the machine said.
        source: io::Error,
    },
    /// A replica stopped with a failure.
    #[error("replica {replica} ended with {status}")]
    Ended {
        /// Which.
        replica: usize,
        /// Its status.
        status: String,
    },
}

/// Replica processes, some of which may be down.
#[derive(Debug)]
pub struct Cluster {
    program: PathBuf,
    configs: Vec<PathBuf>,
    processes: Vec<Option<Child>>,
    starts: Vec<u32>,
    /// Whoever lies from the start, and how; it goes on when it is started again.
    liars: BTreeMap<usize, Adversary>,
}

/// Free pairs of ports on the loopback interface, all different.
///
/// # Errors
///
/// [`ClusterError::Port`].
pub fn free_addresses(replicas: usize) -> Result<Vec<(SocketAddr, SocketAddr)>, ClusterError> {
    // All are held at once, so that none is given twice; another program may still take one before we do.
    let bind = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let held = (0..2 * replicas).map(bind).collect::<Result<Vec<_>, _>>();
    let held = held.map_err(ClusterError::Port)?;
    let addresses = held.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>();
    let addresses = addresses.map_err(ClusterError::Port)?;
    Ok(addresses.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
}

impl Cluster {
    /// Starts one process of `program` per configuration and waits until all are ready.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Start`]; all that started are killed then.
    pub fn start(program: &Path, configs: Vec<PathBuf>) -> Result<Self, ClusterError> {
        Self::start_lying(program, configs, BTreeMap::new())
    }

    /// As [`Cluster::start`], with `liars` among them.
    ///
    /// # Errors
    ///
    /// As [`Cluster::start`].
    pub fn start_lying(
        program: &Path,
        configs: Vec<PathBuf>,
        liars: BTreeMap<usize, Adversary>,
    ) -> Result<Self, ClusterError> {
        let (processes, starts) = (configs.iter().map(|_| None).collect(), vec![0; configs.len()]);
        let program = program.to_owned();
        let mut cluster = Self { program, configs, processes, starts, liars };
        for replica in 0..cluster.configs.len() {
            cluster.spawn(replica)?;
        }
        Ok(cluster)
    }

    /// Whether the process runs.
    pub fn is_up(&self, replica: usize) -> bool {
        self.processes[replica].is_some()
    }

    /// Looks for a replica that ended without being told to; it counts as down from then on. A liar may end when it
    /// likes.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Ended`] for the first such replica.
    pub fn check(&mut self) -> Result<(), ClusterError> {
        for (replica, process) in self.processes.iter_mut().enumerate() {
            let Some(running) = process else { continue };
            let ended =
                running.try_wait().map_err(|source| ClusterError::Signal { replica, source })?;
            if let Some(status) = ended {
                *process = None;
                if self.liars.contains_key(&replica) {
                    continue;
                }
                return Err(ClusterError::Ended { replica, status: status.to_string() });
            }
        }
        Ok(())
    }

    /// How many replicas are down, liars not counted.
    pub fn down(&self) -> usize {
        let honest = (0..self.processes.len()).filter(|replica| !self.liars.contains_key(replica));
        honest.filter(|replica| !self.is_up(*replica)).count()
    }

    /// How often each replica was started.
    pub fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// The process of a running replica.
    pub fn pid(&self, replica: usize) -> Option<u32> {
        self.processes[replica].as_ref().map(Child::id)
    }

    /// The resident memory of a running replica in kB, if the machine tells.
    pub fn memory_kb(&self, replica: usize) -> Option<u64> {
        let process = self.processes[replica].as_ref()?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// The open file descriptors of a running replica, sockets among them, if the machine tells.
    pub fn descriptors(&self, replica: usize) -> Option<u64> {
        let process = self.processes[replica].as_ref()?;
        let entries = std::fs::read_dir(format!("/proc/{}/fd", process.id())).ok()?;
        Some(entries.count() as u64)
    }

    /// Starts a replica that is down, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Start`].
    pub fn spawn(&mut self, replica: usize) -> Result<(), ClusterError> {
        match self.liars.get(&replica).copied() {
            Some(adversary) => self.spawn_liar(replica, adversary.name()),
            None => self.spawn_with(replica, &[]),
        }
    }

    /// Starts a replica that is down as a liar, and waits until it is ready.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Start`].
    pub fn spawn_liar(&mut self, replica: usize, adversary: &str) -> Result<(), ClusterError> {
        self.spawn_with(replica, &["--adversary", adversary])
    }

    fn spawn_with(&mut self, replica: usize, options: &[&str]) -> Result<(), ClusterError> {
        let fail = |why: String| ClusterError::Start { replica, why };
        let mut process = Command::new(&self.program)
            .arg("node")
            .arg("--config")
            .arg(&self.configs[replica])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| fail(error.to_string()))?;
        let stdout = process.stdout.take().expect("its output is piped");
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        self.processes[replica] = Some(process);
        match read {
            Ok(count) if count > 0 => {
                self.starts[replica] += 1;
                Ok(())
            }
            _ => {
                self.kill(replica)?;
                Err(fail("it ended before it was ready".to_owned()))
            }
        }
    }

    /// Kills a replica without a warning.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Signal`].
    pub fn kill(&mut self, replica: usize) -> Result<(), ClusterError> {
        if let Some(mut process) = self.processes[replica].take() {
            let killed = process.kill().and_then(|()| process.wait().map(|_| ()));
            killed.map_err(|source| ClusterError::Signal { replica, source })?;
        }
        Ok(())
    }

    /// Stops a replica in its tracks; it keeps everything it has.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Signal`].
    pub fn pause(&self, replica: usize) -> Result<(), ClusterError> {
        self.signal(replica, Signal::STOP)
    }

    /// Lets a paused replica go on.
    ///
    /// # Errors
    ///
    /// [`ClusterError::Signal`].
    pub fn resume(&self, replica: usize) -> Result<(), ClusterError> {
        self.signal(replica, Signal::CONT)
    }

    /// Asks all replicas to finish and waits for them.
    ///
    /// # Errors
    ///
    /// The first honest one that fails; all are gone then.
    pub fn stop(mut self) -> Result<(), ClusterError> {
        for replica in 0..self.processes.len() {
            self.signal(replica, Signal::CONT)?; // one that is still paused could not hear the next
            self.signal(replica, Signal::TERM)?;
        }
        let deadline = Instant::now() + STOPPING;
        for replica in 0..self.processes.len() {
            let Some(mut process) = self.processes[replica].take() else { continue };
            let status = wait(&mut process, deadline)
                .map_err(|source| ClusterError::Signal { replica, source })?;
            if !self.liars.contains_key(&replica)
                && status.as_deref().is_none_or(|status| status != "exit status: 0")
            {
                let status = status.unwrap_or_else(|| "a kill, since it did not stop".to_owned());
                return Err(ClusterError::Ended { replica, status });
            }
        }
        Ok(())
    }

    fn signal(&self, replica: usize, signal: Signal) -> Result<(), ClusterError> {
        let Some(process) = &self.processes[replica] else { return Ok(()) };
        let pid = Pid::from_child(process);
        kill_process(pid, signal)
            .map_err(|error| ClusterError::Signal { replica, source: error.into() })
    }
}

/// Waits for a process until `deadline`, then kills it; its status, or none if it had to be killed.
fn wait(process: &mut Child, deadline: Instant) -> io::Result<Option<String>> {
    loop {
        if let Some(status) = process.try_wait()? {
            return Ok(Some(status.to_string()));
        }
        if Instant::now() > deadline {
            process.kill()?;
            process.wait()?;
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().flatten() {
            // The process may be gone already; there is nobody left to tell.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
