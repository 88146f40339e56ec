//! What the formulas say beside what was measured: messages, signature checks, message delays.
//!
//! In: what the probe counted, what primitives cost, how long requests took. Out: rows, and the check that counts are
//! equal. Refuses to know: how anything was counted.

use std::time::Duration;

use consensus::analysis::cost::Decision;

use crate::metrics::Count;
use crate::report::{Check, Found, Prediction};

use super::primitives::Primitives;
use super::probe::Probe;

/// Whether the counts of one decision are those of the formulas. Counts that were disturbed, or not made, are not
/// checked: neither a success nor a failure.
pub(super) fn counted(probe: Option<&Probe>, replicas: usize) -> Check {
    let open = match probe {
        None => Some("the registration of the homes, during which they are made, did not end"),
        Some(probe) => probe.disturbance,
    };
    let claim = "Messages and signature checks per decision are exactly those of the formulas";
    let check = |found, detail| Check { claim: claim.to_owned(), found, detail };
    if let Some(why) = open {
        return check(Found::NotChecked, format!("the counts are not comparable: {why}"));
    }
    let rows = counts(probe, replicas);
    #[allow(clippy::float_cmp, reason = "both are quotients of the same small integers")]
    let wrong: Vec<_> = rows
        .iter()
        .filter(|row| row.predicted != row.measured)
        .map(|row| format!("{} {} instead of {}", row.what, row.measured, row.predicted))
        .collect();
    if wrong.is_empty() {
        check(Found::of(!rows.is_empty()), format!("{} counts, all equal", rows.len()))
    } else {
        check(Found::Fails, wrong.join(", "))
    }
}

/// Messages and signature checks per decision; nothing if the counts are not comparable.
#[allow(clippy::cast_precision_loss, reason = "counts of a probe are far below 2^52")]
pub(super) fn counts(probe: Option<&Probe>, replicas: usize) -> Vec<Prediction> {
    let Some(probe) = probe.filter(|probe| probe.disturbance.is_none()) else { return Vec::new() };
    let cost = Decision::new(replicas);
    let per = |total: u64| total as f64 / probe.requests.max(1) as f64;
    let gained = |count: Count| per(probe.gained(count));
    let votes = probe.gained(Count::PrePrepares)
        + probe.gained(Count::Prepares)
        + probe.gained(Count::Commits);
    let all = votes + probe.gained(Count::Requests) + probe.replies;
    let exact = |what: &str, formula: &str, predicted: u64, measured: f64| Prediction {
        what: what.to_owned(),
        formula: formula.to_owned(),
        predicted: predicted as f64,
        measured,
        unit: "per decision".to_owned(),
        exact: true,
    };
    let checks = |whose: &str| format!("signature checks of {whose}");
    vec![
        exact("messages", "2n(n-1) + n + 1", cost.messages(), per(all)),
        exact("pre-prepares", "n - 1", cost.pre_prepares(), gained(Count::PrePrepares)),
        exact("prepares", "(n-1)^2", cost.prepares(), gained(Count::Prepares)),
        exact("commits", "n(n-1)", cost.commits(), gained(Count::Commits)),
        exact("replies", "n", cost.replies(), per(probe.replies)),
        exact(&checks("votes"), "2n(n-1)", cost.votes(), gained(Count::VoteChecks)),
        exact(&checks("requests by replicas"), "n", cost.replies(), gained(Count::RequestChecks)),
        exact(&checks("replies by clients"), "n", cost.replies(), per(probe.reply_checks)),
    ]
}

/// Five message delays, the signatures and syncs on their way, and what the clients saw: `seen` are the microseconds of
/// requests that were sent one at a time.
pub(super) fn delays(
    round_trip: Duration,
    primitives: Primitives,
    replicas: usize,
    seen: Vec<u64>,
) -> Vec<Prediction> {
    let one_way = round_trip / 2;
    let Primitives { sign, verify, sync } = primitives;
    // Request, pre-prepare, prepare, commit, reply: each signed by its sender and checked by its receiver;
    // before pre-prepare, prepare and commit leave, a record is durable.
    let delays = 5 * one_way;
    let work = 5 * (sign + verify) + 3 * sync;
    let measured = percentile(seen, 50);
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    let estimate = |what: &str, formula: String, predicted: Duration| Prediction {
        what: format!("latency of one request, {what}"),
        formula,
        predicted: micros(predicted),
        measured,
        unit: "µs, median".to_owned(),
        exact: false,
    };
    let n = u32::try_from(replicas).unwrap_or(u32::MAX);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = u32::try_from(cores).unwrap_or(1);
    // On one machine all replicas and the client share the cores: request, pre-prepare, n-1 prepares, n commits
    // and n replies are signed, and everything is checked by everybody who gets it.
    let (signed, checked) = (2 * n + 1 + n, 2 * n * (n - 1) + 2 * n);
    let shared = (signed * sign + checked * verify) / cores;
    vec![
        estimate(
            "lower bound",
            format!("5 message delays of {:.0} µs (half a ping)", micros(one_way)),
            delays,
        ),
        estimate(
            "a machine each",
            format!(
                "5 delays + 5 signatures of {:.0} µs + 5 checks of {:.0} µs + 3 syncs of {:.0} µs",
                micros(sign),
                micros(verify),
                micros(sync)
            ),
            delays + work,
        ),
        estimate(
            "all on this machine",
            format!(
                "5 delays + ({signed} signatures + {checked} checks) / {cores} cores + 3 syncs"
            ),
            delays + shared + 3 * sync,
        ),
    ]
}

#[allow(clippy::cast_precision_loss, reason = "microseconds of one request are far below 2^52")]
fn percentile(mut samples: Vec<u64>, percent: usize) -> f64 {
    samples.sort_unstable();
    let index = samples.len() * percent / 100;
    samples.get(index.min(samples.len().saturating_sub(1))).copied().unwrap_or(0) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two requests through four replicas without a fault, counted by hand: 2 x 3 pre-prepares, 2 x 9 prepares, 2 x 12
    /// commits, each checked once; 2 x 4 requests checked, 2 x 4 replies arrived and checked.
    fn probe() -> Probe {
        let counted = [
            (Count::PrePrepares, 6),
            (Count::Prepares, 18),
            (Count::Commits, 24),
            (Count::Requests, 2),
            (Count::VoteChecks, 48),
            (Count::RequestChecks, 8),
        ];
        let counted = counted.map(|(count, value)| (count.name().to_owned(), value)).into();
        Probe { requests: 2, counted, replies: 8, reply_checks: 8, ..Probe::default() }
    }

    #[test]
    fn undisturbed_counts_are_those_of_the_formulas() {
        let check = counted(Some(&probe()), 4);
        assert_eq!((check.found, check.detail.as_str()), (Found::Holds, "8 counts, all equal"));
        assert_eq!(counts(Some(&probe()), 4)[0].measured.to_bits(), 29.0_f64.to_bits());
    }

    /// Replies that arrive and signatures that are checked are two things: a client that skipped one check is found.
    #[test]
    fn replies_and_their_checks_are_counted_apart() {
        let check = counted(Some(&Probe { reply_checks: 7, ..probe() }), 4);
        assert_eq!(check.found, Found::Fails);
        assert_eq!(check.detail, "signature checks of replies by clients 3.5 instead of 4");
        let check = counted(Some(&Probe { replies: 7, ..probe() }), 4);
        assert_eq!(check.detail, "messages 28.5 instead of 29, replies 3.5 instead of 4");
    }

    /// What could not be counted is not checked, whether the probe was disturbed or never made.
    #[test]
    fn a_disturbed_probe_is_not_checked() {
        let disturbed = Probe { disturbance: Some("the view changed meanwhile"), ..probe() };
        for probe in [Some(&disturbed), None] {
            let check = counted(probe, 4);
            assert_eq!(check.found, Found::NotChecked);
            assert!(
                check.detail.starts_with("the counts are not comparable: "),
                "{}",
                check.detail
            );
            assert!(counts(probe, 4).is_empty());
        }
    }
}
