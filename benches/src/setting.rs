//! What every experiment is told, and where it writes.
//!
//! In: options. Out: tables and figures. Refuses to know: what is measured.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use node::report::figure::{Figure, Size};

use crate::table::{Column, Table};

/// What every experiment is told.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The program that runs a replica with `node --config FILE`.
    pub program: PathBuf,
    /// Only cells whose name contains this.
    pub only: String,
    /// Runs of each cell; the median counts.
    pub runs: u32,
    /// Load before anything is measured.
    pub warm_up: Duration,
    /// How long is measured.
    pub measured: Duration,
}

impl Setting {
    /// The cells that were asked for.
    ///
    /// # Errors
    ///
    /// If there are none.
    pub fn chosen<C>(
        &self,
        cells: impl IntoIterator<Item = C>,
        name: impl Fn(&C) -> String,
    ) -> anyhow::Result<Vec<C>> {
        let chosen: Vec<C> =
            cells.into_iter().filter(|cell| name(cell).contains(&self.only)).collect();
        anyhow::ensure!(!chosen.is_empty(), "--only {:?}: no cell has that in its name", self.only);
        Ok(chosen)
    }
}

/// Where an experiment writes, beside the terminal.
#[derive(Debug, Default)]
pub struct Output {
    csv: Option<File>,
    svg: Option<(PathBuf, File)>,
}

impl Output {
    /// Opens the files, which must not exist.
    ///
    /// # Errors
    ///
    /// If they do, or cannot be made.
    pub fn open(csv: Option<&Path>, svg: Option<&Path>) -> anyhow::Result<Self> {
        let create =
            |path: &Path| File::create_new(path).with_context(|| path.display().to_string());
        let svg = svg.map(|path| create(path).map(|file| (path.to_owned(), file)));
        Ok(Self { csv: csv.map(create).transpose()?, svg: svg.transpose()? })
    }

    /// Begins the table.
    ///
    /// # Errors
    ///
    /// If the CSV file cannot be written.
    pub fn table(&mut self, columns: &'static [Column]) -> io::Result<Table> {
        Table::begin(columns, self.csv.take())
    }

    /// Draws the figure of the experiment, if one was asked for; each further one stands beside it, in a file whose
    /// name ends with `beside`.
    ///
    /// # Errors
    ///
    /// If the file cannot be written, or exists.
    pub fn draw(&mut self, beside: &str, figure: &Figure) -> anyhow::Result<()> {
        let Some((path, file)) = &mut self.svg else { return Ok(()) };
        let text = figure.file(Size::WIDE);
        if beside.is_empty() {
            return Ok(file.write_all(text.as_bytes())?);
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let path = path.with_file_name(format!("{stem}-{beside}.svg"));
        let file = File::create_new(&path).with_context(|| path.display().to_string());
        Ok(file?.write_all(text.as_bytes())?)
    }
}
