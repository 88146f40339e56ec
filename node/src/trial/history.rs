//! What every client did and saw, one line each, for a checker of linearizability.
//!
//! In: operations as they are invoked and as they end. Out: `history.jsonl`: `invoke`, then `ok`, `fail` (was not
//! and will not be executed) or `info` (unknown), with process, operation and time, which `model-checks linear`
//! reads. Refuses to know: what is checked.

use std::io::{self, Write};
use std::time::Instant;

use ledger::{Command, Receipt};
use market::ParticipantId;
use serde::Serialize;

use crate::trace::unix_us;

/// What a line is about.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Value {
    /// What is asked.
    Command(Command),
    /// What was answered.
    Receipt(Receipt),
    /// Why it has no answer.
    Reason(String),
}

/// One line.
#[derive(Clone, Debug, Serialize)]
struct Line {
    /// Microseconds since the epoch, on a clock that never goes back.
    time_us: u64,
    /// Who: `operator` or `home-N`.
    process: String,
    /// The member who speaks; none for the operator.
    participant: Option<ParticipantId>,
    /// `invoke`, `ok`, `fail` or `info`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Which operation of this process, from 0.
    operation: u64,
    /// The command at an invocation, the receipt or the reason at an end.
    value: Value,
}

/// Whose operation a line is about, and which.
#[derive(Clone, Debug)]
pub(super) struct Whose {
    /// `operator` or `home-N`.
    pub(super) process: String,
    /// The member; none for the operator.
    pub(super) participant: Option<ParticipantId>,
    /// Which operation of this process, from 0.
    pub(super) operation: u64,
}

/// All lines of a run, in the order of their times.
#[derive(Clone, Debug)]
pub(super) struct History {
    lines: Vec<Line>,
    /// When it began: once by the clock on the wall, which may be set back, and once by the one that never goes back.
    begun_us: u64,
    begun: Instant,
}

impl Default for History {
    fn default() -> Self {
        Self { lines: Vec::new(), begun_us: unix_us(), begun: Instant::now() }
    }
}

impl History {
    /// Notes what happens now.
    pub(super) fn note(&mut self, whose: &Whose, kind: &'static str, value: Value) {
        let since = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let Whose { process, participant, operation } = whose.clone();
        let time_us = self.begun_us.saturating_add(since);
        self.lines.push(Line { time_us, process, participant, kind, operation, value });
    }

    /// Number of operations that ended this way.
    pub(super) fn count(&self, kind: &str) -> u64 {
        self.lines.iter().filter(|line| line.kind == kind).count() as u64
    }

    /// Writes the lines.
    pub(super) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        for line in &self.lines {
            serde_json::to_writer(&mut *out, line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}
