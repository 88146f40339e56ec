//! What a command that ran to its end found.
//!
//! In: nothing. Out: one of two words, and its exit code. Refuses to know: bad input, which never becomes a verdict.

use std::process::ExitCode;

/// Whether what was checked holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All is as claimed.
    Holds,
    /// Something is not.
    Fails,
}

impl Verdict {
    /// 0 if it holds, 1 if not.
    pub(super) fn exit_code(self) -> ExitCode {
        match self {
            Self::Holds => ExitCode::SUCCESS,
            Self::Fails => ExitCode::from(1),
        }
    }
}
