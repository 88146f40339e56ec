//! A history as a trial leaves it: one line for each command that was sent, and one for how it ended.
//!
//! In: lines of JSON. Out: operations with their times, or the first line that makes no sense. Refuses to know: whether
//! the answers are right.
//!
//! A line has `time_us`, `process`, `participant` (none for the operator), `type`, `operation` (which one of its
//! process) and `value`. The types are `invoke` with a command, `ok` with a receipt, `fail` (it had no effect and
//! never will) and `info` (nobody knows), both with a reason. A process has one operation at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, Read};

use ledger::{Command, Receipt};
use market::ParticipantId;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::region::{Actor, Operation, Outcome};
use super::search::Timed;

/// Operations in a history at most: 30 days of 1,000 homes.
pub const MAX_OPERATIONS: usize = 10_000_000;
/// Bytes in a line at most.
const MAX_LINE: u64 = 16 << 10;

/// What happened, as a line says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Invoke,
    Ok,
    Fail,
    Info,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    time_us: u64,
    process: String,
    participant: Option<ParticipantId>,
    #[serde(rename = "type")]
    kind: Kind,
    operation: u64,
    value: serde_json::Value,
}

/// A command that was sent.
#[derive(Debug)]
pub struct Sent {
    /// Whose, as the history calls it.
    pub process: String,
    /// Which of its commands.
    pub number: u64,
    /// What was asked and answered, and when.
    pub timed: Timed<Operation>,
}

/// Why a history cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A line that is too long or no line of a history.
    #[error("line {line}: {reason}")]
    Form {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A line that does not follow from those before it.
    #[error("line {line}: operation {operation} of {process} {what}")]
    Order {
        /// Which, from 1.
        line: usize,
        /// Of the line.
        operation: u64,
        /// Of the line.
        process: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// More operations than are judged.
    #[error("more than {MAX_OPERATIONS} operations")]
    TooLong,
}

/// Reads a history.
///
/// # Errors
///
/// The first line that makes no sense.
pub fn read(mut lines: impl BufRead) -> Result<Vec<Sent>, HistoryError> {
    let mut gathered = Gathered::default();
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut text)?;
        if text.is_empty() {
            break;
        }
        let form = |reason: String| HistoryError::Form { line: number, reason };
        if text.len() as u64 == MAX_LINE {
            return Err(form(format!("longer than {MAX_LINE} bytes")));
        }
        let line: Line = serde_json::from_slice(&text).map_err(|error| form(error.to_string()))?;
        gathered.add(number, line)?;
    }
    let Gathered { sent, failed, .. } = gathered;
    let told = sent.into_iter().enumerate().filter(|(index, _)| !failed.contains(index));
    Ok(told.map(|(_, sent)| sent).collect())
}

#[derive(Default)]
struct Gathered {
    sent: Vec<Sent>,
    /// The operation that each process waits for.
    open: BTreeMap<String, usize>,
    /// Operations that had no effect.
    failed: BTreeSet<usize>,
}

impl Gathered {
    fn add(&mut self, number: usize, line: Line) -> Result<(), HistoryError> {
        if line.kind == Kind::Invoke {
            return self.invoke(number, line);
        }
        let wrong = |what| HistoryError::Order {
            line: number,
            operation: line.operation,
            process: line.process.clone(),
            what,
        };
        let index =
            self.open.remove(&line.process).ok_or_else(|| wrong("ends, but none is open"))?;
        let Sent { number: open, timed, .. } = &mut self.sent[index];
        if *open != line.operation {
            return Err(wrong("ends while another is open"));
        }
        if line.time_us < timed.invoked {
            return Err(wrong("ends before it begins: the clock was set back"));
        }
        match line.kind {
            Kind::Ok => {
                timed.answered = Some(line.time_us);
                timed.operation.outcome = Outcome::Receipt(value::<Receipt>(number, line.value)?);
            }
            Kind::Fail => {
                self.failed.insert(index);
            }
            Kind::Info | Kind::Invoke => {}
        }
        Ok(())
    }

    fn invoke(&mut self, number: usize, line: Line) -> Result<(), HistoryError> {
        let Line { time_us: invoked, process, participant, operation, .. } = line;
        if self.sent.len() == MAX_OPERATIONS {
            return Err(HistoryError::TooLong);
        }
        if self.open.insert(process.clone(), self.sent.len()).is_some() {
            let what = "begins while another is open";
            return Err(HistoryError::Order { line: number, operation, process, what });
        }
        let command = value::<Command>(number, line.value)?;
        let actor = participant.map_or(Actor::Operator, Actor::Home);
        let outcome = Outcome::Unknown;
        let timed =
            Timed { operation: Operation { actor, command, outcome }, invoked, answered: None };
        self.sent.push(Sent { process, number: operation, timed });
        Ok(())
    }
}

fn value<T: DeserializeOwned>(line: usize, value: serde_json::Value) -> Result<T, HistoryError> {
    serde_json::from_value(value)
        .map_err(|error| HistoryError::Form { line, reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = concat!(
        r#"{"time_us":1,"process":"operator","participant":null,"type":"invoke","operation":0,"#,
        r#""value":{"SlotMarket":"Open"}}"#
    );
    const OPENED: &str = concat!(
        r#"{"time_us":2,"process":"operator","participant":null,"type":"ok","operation":0,"#,
        r#""value":{"Opened":{"slot":0}}}"#
    );

    fn said(lines: &[&str]) -> Result<Vec<Sent>, String> {
        read(lines.join("\n").as_bytes()).map_err(|error| error.to_string())
    }

    /// What ended well has an answer, what nobody knows has none, and what failed is not there.
    #[test]
    fn endings_are_told_apart() {
        let sent = said(&[OPEN, OPENED]).expect("fine");
        assert_eq!((sent[0].timed.invoked, sent[0].timed.answered), (1, Some(2)));
        assert!(matches!(
            sent[0].timed.operation.outcome,
            Outcome::Receipt(Receipt::Opened { .. })
        ));
        let other =
            |kind| OPENED.replace(r#""ok""#, kind).replace(r#"{"Opened":{"slot":0}}"#, "\"why\"");
        let unknown = said(&[OPEN, &other(r#""info""#)]).expect("fine");
        assert_eq!(unknown[0].timed.operation.outcome, Outcome::Unknown);
        assert!(said(&[OPEN, &other(r#""fail""#)]).expect("fine").is_empty());
        assert_eq!(said(&[OPEN]).expect("a run that broke off")[0].timed.answered, None);
    }

    /// A history that contradicts itself is refused with the line, and never judged.
    #[test]
    fn what_makes_no_sense_is_refused() {
        let cases: [(&[&str], &str); 7] = [
            (&[OPEN, OPEN], "line 2: operation 0 of operator begins while another is open"),
            (&[OPENED], "line 1: operation 0 of operator ends, but none is open"),
            (
                &[OPEN, &OPENED.replace(r#""operation":0"#, r#""operation":1"#)],
                "line 2: operation 1 of operator ends while another is open",
            ),
            (
                &[OPEN, &OPENED.replace(r#""time_us":2"#, r#""time_us":0"#)],
                "line 2: operation 0 of operator ends before it begins: the clock was set back",
            ),
            (&[OPEN, "{}"], "line 2: missing field `time_us` at line 1 column 2"),
            (&[&OPEN.replace("Open", "Shut")], "line 1: unknown variant `Shut`"),
            (&[&" ".repeat(20_000)], "line 1: longer than 16384 bytes"),
        ];
        for (lines, expected) in cases {
            let refused = said(lines).expect_err("makes no sense");
            assert!(refused.starts_with(expected), "{refused}");
        }
    }
}
