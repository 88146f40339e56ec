//! Tables of measurements: one line per cell, the median of its runs; every run as CSV.
//!
//! In: columns, numbers. Out: lines on the terminal, a CSV file. Refuses to know: what was measured.
//!
//! What was not measured is NaN: a dash on the terminal, nothing in the file. What never came is infinite.

use std::fs::File;
use std::io::{self, Write};

/// Room for the name of a cell.
const NAME: usize = 30;

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the file.
    pub name: &'static str,
    /// Its head on the terminal.
    pub head: &'static str,
    /// Digits after the point, on the terminal.
    pub digits: usize,
}

/// A column.
pub const fn column(name: &'static str, head: &'static str, digits: usize) -> Column {
    Column { name, head, digits }
}

/// A table under way.
#[derive(Debug)]
pub struct Table {
    columns: &'static [Column],
    csv: Option<File>,
}

impl Table {
    /// Prints the head. The first column decides which run is the median.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn begin(columns: &'static [Column], mut csv: Option<File>) -> io::Result<Self> {
        let names: Vec<_> = columns.iter().map(|column| column.name).collect();
        if let Some(csv) = &mut csv {
            writeln!(csv, "cell,{}", names.join(","))?;
        }
        let table = Self { columns, csv };
        let heads = columns.iter().map(|column| format!("{:>1$}", column.head, width(column)));
        println!("{:NAME$}{}", "cell", heads.collect::<String>());
        Ok(table)
    }

    /// Measures a cell `runs` times, at least once, with `once`, and prints the median run with the least and the most
    /// of the first column; returns that run.
    ///
    /// # Errors
    ///
    /// Those of `once`, and if the file cannot be written.
    pub fn cell<T>(
        &mut self,
        name: &str,
        runs: u32,
        mut once: impl FnMut() -> anyhow::Result<(Vec<f64>, T)>,
    ) -> anyhow::Result<(Vec<f64>, T)> {
        let mut measured = Vec::new();
        for _ in 0..runs.max(1) {
            let (row, rest) = once()?;
            if let Some(csv) = &mut self.csv {
                writeln!(csv, "\"{name}\",{}", record(&row))?;
            }
            measured.push((row, rest));
        }
        measured.sort_by(|(one, _), (other, _)| one[0].total_cmp(&other[0]));
        let digits = self.columns[0].digits;
        let (least, most) = (measured[0].0[0], measured[measured.len() - 1].0[0]);
        let median = measured.swap_remove(measured.len() / 2);
        let range = format!("[{} .. {}]", shown(least, digits), shown(most, digits));
        println!("{name:NAME$}{}  {range}", self.line(&median.0));
        Ok(median)
    }

    fn line(&self, row: &[f64]) -> String {
        let cells = self.columns.iter().zip(row);
        cells
            .map(|(column, value)| format!("{:>1$}", shown(*value, column.digits), width(column)))
            .collect()
    }
}

fn width(column: &Column) -> usize {
    2 + column.head.chars().count().max(7)
}

fn shown(value: f64, digits: usize) -> String {
    if value.is_nan() { "-".to_owned() } else { format!("{value:.digits$}") }
}

fn record(row: &[f64]) -> String {
    let value = |value: &f64| if value.is_nan() { String::new() } else { format!("{value:.3}") };
    row.iter().map(value).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] =
        &[column("rate", "commands/s", 0), column("bound_ms", "bound ms", 2)];

    /// Of three runs the one in the middle is shown whole, with what came along with it; all three are in the file.
    #[test]
    fn the_median_run_is_shown_and_all_are_written() {
        let path = std::env::temp_dir().join(format!("gridquorum-table-{}", std::process::id()));
        let file = File::create(&path).expect("the temporary folder is writable");
        let mut table = Table::begin(COLUMNS, Some(file)).expect("the file can be written");
        let mut runs = [(30.0, 'c'), (10.0, 'a'), (20.0, 'b')].into_iter();
        let mut next = || runs.next().map(|(rate, name)| (vec![rate, f64::NAN], name));
        let median = table.cell("x, y", 3, || Ok(next().expect("three runs"))).expect("no failure");
        assert_eq!((median.0[0].to_bits(), median.1), (20.0_f64.to_bits(), 'b'));
        assert_eq!(table.line(&[5.0, f64::NAN]), format!("{:>12}{:>10}", "5", "-"));
        assert_eq!(table.line(&[5.0, f64::INFINITY]), format!("{:>12}{:>10}", "5", "inf"));
        let written = std::fs::read_to_string(&path).expect("it was written");
        let lines = "cell,rate,bound_ms\n\"x, y\",30.000,\n\"x, y\",10.000,\n\"x, y\",20.000,\n";
        assert_eq!(written, lines);
        std::fs::remove_file(path).expect("it is there");
    }
}
