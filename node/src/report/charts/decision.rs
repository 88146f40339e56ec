//! One decision, message by message.
//!
//! In: messages with times. Out: the diagram, and a row per phase. Refuses to know: the protocol;
//! kinds are shown under the names that they came with.

use crate::report::data::MessageRow;
use crate::report::exhibit::{Exhibit, Frame};
use crate::report::figure::{Lane, Message, Sequence};

/// Lanes up to which the messages of a decision can be told apart; with n replicas there are about
/// 2 n^2 messages.
const REPLICAS_MAX: usize = 16;

/// One kind of messages in a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::report) struct Phase {
    /// The kind.
    pub(in crate::report) kind: String,
    /// Number of messages.
    pub(in crate::report) messages: usize,
    /// When the first left, in microseconds since the request left.
    pub(in crate::report) first_us: i64,
    /// When the last was handled.
    pub(in crate::report) last_us: i64,
}

/// The kinds of messages in the order in which they first occur.
pub(in crate::report) fn phases(messages: &[MessageRow]) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    for message in messages {
        match phases.iter_mut().find(|phase| phase.kind == message.kind) {
            Some(phase) => {
                phase.messages += 1;
                phase.first_us = phase.first_us.min(message.sent_us);
                phase.last_us = phase.last_us.max(message.received_us);
            }
            None => phases.push(Phase {
                kind: message.kind.clone(),
                messages: 1,
                first_us: message.sent_us,
                last_us: message.received_us,
            }),
        }
    }
    phases
}

/// The diagram; nothing without messages.
pub(in crate::report) fn diagram(messages: &[MessageRow]) -> Option<Exhibit> {
    if messages.is_empty() {
        return None;
    }
    let mut replicas: Vec<u16> =
        messages.iter().flat_map(|message| [message.from, message.to]).flatten().collect();
    replicas.sort_unstable();
    replicas.dedup();
    let many = replicas.len() > REPLICAS_MAX;
    replicas.truncate(REPLICAS_MAX);

    let kinds: Vec<String> = phases(messages).into_iter().map(|phase| phase.kind).collect();
    let lane = |who: Option<u16>| match who {
        None => Some(0),
        Some(replica) => replicas.binary_search(&replica).ok().map(|index| index + 1),
    };
    let drawn = messages.iter().filter_map(|message| {
        Some(Message {
            kind: kinds.iter().position(|kind| *kind == message.kind)?,
            from: lane(message.from)?,
            to: lane(message.to)?,
            sent: message.sent_us as f64 / 1e3,
            received: message.received_us as f64 / 1e3,
        })
    });
    let messages = drawn.collect();
    let client = Lane { name: "client".to_owned(), short: "client".to_owned() };
    let named = replicas
        .iter()
        .map(|replica| Lane { name: format!("replica {replica}"), short: replica.to_string() });
    let sequence = Sequence {
        title: "The messages of one decision".to_owned(),
        time: "Time since the request left (ms)".to_owned(),
        lanes: std::iter::once(client).chain(named).collect(),
        kinds,
        messages,
    };
    let all = if many {
        format!(" Only the first {REPLICAS_MAX} replicas are drawn.")
    } else {
        String::new()
    };
    let sentence = format!(
        "Every message of one decision of this run, at the times at which it was sent and handled. \
         The farther a line runs along the time axis, the longer its message took; what lies \
         between two phases is signing, checking, writing to disk and waiting.{all}"
    );
    let frame =
        Frame { heading: "One decision, message by message", sentence, data: "decision.csv" };
    Some(Exhibit::messages(frame, &sequence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: &str, sent_us: i64, received_us: i64) -> MessageRow {
        MessageRow { kind: kind.into(), from: Some(0), to: Some(1), sent_us, received_us }
    }

    #[test]
    fn a_phase_lasts_from_its_first_message_to_its_last() {
        let messages =
            [message("prepare", 4, 7), message("commit", 8, 20), message("prepare", 5, 9)];
        let rows: Vec<_> = phases(&messages)
            .into_iter()
            .map(|phase| (phase.kind, phase.messages, phase.first_us, phase.last_us))
            .collect();
        assert_eq!(rows, [("prepare".to_owned(), 2, 4, 9), ("commit".to_owned(), 1, 8, 20)]);
        assert!(diagram(&[]).is_none());
    }

    // On a phone time runs down and lanes have short names on top of them.
    #[test]
    fn phones_have_short_names() {
        let exhibit = diagram(&[message("prepare", 4, 7)]).expect("there is a message");
        assert!(exhibit.wide.contains(">replica 1<") && !exhibit.wide.contains(">1<"));
        assert!(exhibit.narrow.contains(">1<") && !exhibit.narrow.contains(">replica 1<"));
    }
}
