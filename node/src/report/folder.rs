//! The folder of a report: `report.html`, `run.json` and `csv/`, all of it or nothing.
//!
//! In: the data, a folder. Out: files. Refuses to know: how the page looks, and what else lies in
//! the folder: the replicas' chains and the history are written by others.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::data::{Found, Report};
use super::page::page;
use super::tables::{Table, tables};

/// The page.
const PAGE: &str = "report.html";
/// The data, all of it.
const DATA: &str = "run.json";
/// The folder of tables.
const TABLES: &str = "csv";
/// Where files are written before they get their places.
const UNDER_WAY: &str = ".report-under-way";

/// The data with the verdict over it.
#[derive(Serialize)]
struct Data<'r> {
    verdict: Found,
    #[serde(flatten)]
    report: &'r Report,
}

/// Why a report was not written. The folder is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Something of that name is there already.
    #[error("{0}: exists already, a report goes into a folder without one")]
    Taken(PathBuf),
    /// The disk did not do what it was asked.
    #[error("{path}: cannot be written: {source}")]
    File {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The data cannot be written as JSON.
    #[error("{DATA}: cannot be encoded: {0}")]
    Json(#[from] serde_json::Error),
    /// A table cannot be written as CSV.
    #[error("{TABLES}: cannot be encoded: {0}")]
    Table(#[from] csv::Error),
    /// The page cannot be put together.
    #[error("{PAGE}: cannot be put together: {0}")]
    Page(#[from] askama::Error),
}

/// Writes `report` into the folder `dir`, which exists: `report.html`, `run.json` and one CSV per
/// figure and table in `csv/`. Files get their names when all of them are complete, the page last.
///
/// # Errors
///
/// [`WriteError`]; nothing of the report is in the folder then.
pub fn write(report: &Report, dir: &Path) -> Result<(), WriteError> {
    for name in [UNDER_WAY, TABLES, DATA, PAGE] {
        let path = dir.join(name);
        if path.symlink_metadata().is_ok() {
            return Err(WriteError::Taken(path));
        }
    }
    let under_way = dir.join(UNDER_WAY);
    let written = fill(report, &under_way).and_then(|()| publish(&under_way, dir));
    if under_way.exists() {
        // Empty after success. After an error the error matters more than what cannot be removed.
        let _ = fs::remove_dir_all(&under_way);
    }
    written
}

/// Writes everything below `under_way`.
fn fill(report: &Report, under_way: &Path) -> Result<(), WriteError> {
    let tables = tables(report);
    let folder = under_way.join(TABLES);
    fs::create_dir_all(&folder)
        .map_err(|source| WriteError::File { path: folder.clone(), source })?;
    for table in &tables {
        write_table(table, &folder)?;
    }
    let data = Data { verdict: report.found(), report };
    write_file(&under_way.join(DATA), &serde_json::to_vec_pretty(&data)?)?;
    write_file(&under_way.join(PAGE), page(report, &tables)?.as_bytes())
}

fn write_table(table: &Table, folder: &Path) -> Result<(), WriteError> {
    write_file(&folder.join(table.name), &table.bytes()?)
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let write = || {
        let mut file = fs::File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| WriteError::File { path: path.to_owned(), source })
}

/// Gives everything below `under_way` its place in `dir`, or takes it away again.
fn publish(under_way: &Path, dir: &Path) -> Result<(), WriteError> {
    let places = [TABLES, DATA, PAGE].map(|name| (under_way.join(name), dir.join(name)));
    for (index, (from, to)) in places.iter().enumerate() {
        if let Err(source) = fs::rename(from, to) {
            for (back, done) in &places[..index] {
                // What cannot be taken back lies there without a page that speaks of it.
                let _ = fs::rename(done, back);
            }
            return Err(WriteError::File { path: to.clone(), source });
        }
    }
    Ok(())
}

#[cfg(test)]
mod invented;
#[cfg(test)]
mod tests;
