//! What every client did and saw, one line each, for a checker of linearizability.
//!
//! In: operations as they are invoked and as they end. Out: `history.jsonl`: `invoke`, then `ok`, `fail` (was not
//! and will not be executed) or `info` (unknown), with process, operation and time. Refuses to know: what is
//! checked.

use std::io::{self, Write};

use serde::Serialize;

/// One line.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    /// Microseconds since the epoch.
    pub(super) time_us: u64,
    /// Who: `operator` or `home-N`.
    pub(super) process: String,
    /// `invoke`, `ok`, `fail` or `info`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// Which operation of this process, from 0.
    pub(super) operation: u64,
    /// The command at an invocation, the receipt or the reason at an end.
    pub(super) value: String,
}

/// All lines of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    lines: Vec<Line>,
}

impl History {
    pub(super) fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Number of operations that ended this way.
    pub(super) fn count(&self, kind: &str) -> u64 {
        self.lines.iter().filter(|line| line.kind == kind).count() as u64
    }

    /// Writes the lines in order of time.
    pub(super) fn write(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.lines.sort_by_key(|line| line.time_us);
        for line in &self.lines {
            serde_json::to_writer(&mut *out, line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}
