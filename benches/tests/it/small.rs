//! The setting of a small run, and one run after the other: clusters share two cores.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use benches::setting::Setting;

/// What measures for so long after so short a warm-up.
pub(crate) fn setting(measured: Duration) -> Setting {
    Setting {
        program: PathBuf::from(env!("CARGO_BIN_EXE_benches")),
        only: String::new(),
        runs: 1,
        warm_up: Duration::from_millis(200),
        measured,
    }
}

/// Waits until no other cluster of these tests runs.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
