//! Options that `trial` and `simulate` share: which homes, which days, where the report goes.
//!
//! In: options as typed. Out: a data set, a number of slots, a fresh folder. Refuses to know: what is run.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use community::{Dataset, terms};
use market::Slot;

use crate::machine;
use crate::report::{Report, RunInfo};
use crate::trace::unix_us;

/// Which homes and which days.
#[derive(Debug, clap::Args)]
pub(super) struct Days {
    /// Folder with household data, plain or as .gz: homes_15min.csv (HAMLET), homes_hourly.csv (CityLearn), a CSV
    /// file per home with INTERVAL and POWER(W) (gsy-e), or bdew2025_quarter_hour.csv for a crowd that follows the
    /// standard profile; a seeded synthetic neighbourhood without it.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Number of homes: 50 synthetic ones, or as many as the data has, unless given.
    #[arg(long, value_name = "N")]
    homes: Option<u32>,
    /// Number of days: 1 in `trial`, all of the data in `simulate`, unless given.
    #[arg(long, value_name = "D", value_parser = clap::value_parser!(u32).range(1..=3_660))]
    days: Option<u32>,
    /// Seed of the synthetic neighbourhood, of keys, bids and salts.
    #[arg(long, value_name = "S", default_value_t = u64::from(terms::SEED))]
    pub(super) seed: u64,
    /// Folder for the report; must not exist. A fresh numbered folder under `reports` unless given.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
}

/// What the options amount to.
pub(super) struct Chosen {
    pub(super) dataset: Dataset,
    pub(super) slots: u32,
    pub(super) described: String,
}

impl Days {
    /// Opens the data set. `days` is how many days to run unless an option says so; all of the data for none.
    pub(super) fn open(&self, days: Option<u32>) -> anyhow::Result<Chosen> {
        let days = self.days.or(days);
        let (dataset, name) = match &self.data {
            Some(folder) => {
                let dataset = Dataset::open(folder, self.homes, self.seed)?;
                let name = folder.file_name().map_or_else(
                    || "household data".to_owned(),
                    |name| name.to_string_lossy().into_owned(),
                );
                (dataset, name)
            }
            None => {
                let homes = self.homes.unwrap_or(terms::HOMES);
                let days = days.unwrap_or(terms::DAYS);
                (Dataset::synthetic(homes, days, self.seed)?, "synthetic neighbourhood".to_owned())
            }
        };
        let all = dataset.slots();
        if let Some(asked) = self.days.filter(|days| *days > all.div_ceil(Slot::PER_DAY)) {
            let (there, name) = (all.div_ceil(Slot::PER_DAY), &name);
            bail!("--days {asked}: {name} has {there} days ({all} slots of 15 minutes)");
        }
        let slots = days.map_or(all, |days| (days * Slot::PER_DAY).min(all));
        let described = format!("{name}, {} homes, {slots} slots", dataset.homes());
        Ok(Chosen { dataset, slots, described })
    }

    /// Makes the folder for the report: the one asked for, or a fresh numbered one.
    pub(super) fn make_folder(&self, kind: &str) -> anyhow::Result<PathBuf> {
        let Some(path) = &self.report else { return numbered_folder(kind) };
        if path.exists() {
            bail!("--report {}: exists already; name a folder that does not", path.display());
        }
        std::fs::create_dir_all(path).with_context(|| format!("--report {}", path.display()))?;
        Ok(path.clone())
    }

    /// Refuses a report folder that exists, before anything is computed.
    pub(super) fn check_folder(&self) -> anyhow::Result<()> {
        match &self.report {
            Some(path) if path.exists() => {
                bail!("--report {}: exists already; name a folder that does not", path.display())
            }
            _ => Ok(()),
        }
    }
}

fn numbered_folder(kind: &str) -> anyhow::Result<PathBuf> {
    let base = Path::new("reports");
    std::fs::create_dir_all(base).context("reports")?;
    for number in 1_u32..100_000 {
        let path = base.join(format!("{kind}-{number}"));
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
    }
    bail!("reports: no number is free; remove old reports or name a folder with --report")
}

/// What is known about a run before it starts.
pub(super) fn describe(kind: &str, seed: u64, chosen: &Chosen, guarantees: &str) -> RunInfo {
    let tariff = terms::tariff();
    let arguments = std::env::args().skip(1).collect::<Vec<_>>().join(" ");
    RunInfo {
        kind: kind.to_owned(),
        command: format!("gridquorum {arguments}"),
        commit: machine::COMMIT.to_owned(),
        machine: machine::described(),
        started: utc(unix_us() / 1_000_000),
        dataset: chosen.described.clone(),
        seed,
        homes: chosen.dataset.homes(),
        slots: chosen.slots,
        retail: tariff.retail().micro_per_kwh(),
        feed_in: tariff.feed_in().micro_per_kwh(),
        rule: terms::rule().to_string(),
        guarantees: guarantees.to_owned(),
        ..RunInfo::default()
    }
}

/// Unix seconds as ISO 8601 in UTC.
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since 1 March of year 0, in cycles of 400 years of 146,097 days.
    let day = days + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest % 3_600 / 60, rest % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Writes the report, and removes the folder again if that fails.
pub(super) fn write_report(report: &Report, folder: &Path) -> anyhow::Result<()> {
    let written = crate::report::write(report, folder);
    if written.is_err() {
        // If it cannot be removed either, the error below says why.
        let _ = std::fs::remove_dir_all(folder);
    }
    written.with_context(|| folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report that cannot be written whole leaves nothing: here, since something has its name already.
    #[test]
    fn a_report_that_fails_leaves_no_folder() {
        let name = format!("gridquorum-run-test-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(folder.join("run.json")).expect("the temporary folder is writable");
        assert!(write_report(&Report::default(), &folder).is_err());
        assert!(!folder.exists());
    }

    #[test]
    fn seconds_become_dates() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(utc(1_613_343_600), "2021-02-14T23:00:00Z");
        assert_eq!(utc(4_102_444_799), "2099-12-31T23:59:59Z");
    }
}
