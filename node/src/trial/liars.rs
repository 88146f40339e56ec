//! What the honest replicas found out about the liars among them: proof, or what makes one suspect.
//!
//! In: who lies, what every honest replica counted about every other, their certificates and their evidence. Out: a
//! verdict per liar, signs per replica, and the claims that can honestly be made. Refuses to know: what the liars did.
//!
//! A liar is convicted if an honest replica holds two statements with its signature that no honest replica makes both,
//! and the audit found them good. Everything else is a suspicion: a number about it that is far from that of the other
//! replicas. A slow or restarted replica can look like that too, so nothing follows from it but a word in the report.
//!
//! Whether a liar *had* to be convicted is known in two cases only. An honest replica said that it holds proof, and the
//! audit found none. Or the liar led for so many positions, and contradicts itself so often ([`telling`]), that it is
//! not by chance that nobody noticed. Otherwise two contradictory votes that went to two honest replicas meet nowhere
//! if neither has a reason to pass its own on, and a vote for a position that is decided already is dropped unread: a
//! liar that signs contradictions and is not convicted is an open question then, not a failure. An honest replica that
//! is accused is always a failure.

use std::collections::{BTreeMap, BTreeSet};

use consensus::adversary::Adversary;
use consensus::committee::Committee;
use consensus::ids::View;

use crate::audit::Outcome as Audited;
use crate::metrics::Heard;
use crate::report::{Check, EvidenceRow, Found, LiarRow, SignRow};
use crate::store::evidence::read_evidence;
use crate::talk::Status;

/// How many positions a liar must have led so that it is not by chance that nobody saw it contradict itself; none if it
/// signs no contradictions. Derived from how often one and the same replica hears both statements:
///
/// - Twins at every position; the equivocator at one in eight or more; the usurper after one in four of the messages
///   that it hears, one in eleven of those times with a proposal for the next position, before its own: with six votes
///   heard, at more than one position in eight. (7/8)^128 is 4 in 100 million.
/// - The mutator changes one proposal in three, two in five of these in view, position or digest, one in eight of those
///   to the next position, where it soon proposes something else; one of three others or more hears it with seven
///   chances in eight: one position in 69. (68/69)^1024 is 3 in 10 million.
fn telling(adversary: Adversary) -> Option<u64> {
    match adversary {
        Adversary::Twins | Adversary::Equivocator | Adversary::Usurper => Some(128),
        Adversary::Mutator => Some(1_024),
        Adversary::Silent | Adversary::Censor | Adversary::Replayer => None,
    }
}

/// What is known about a run with liars.
pub(super) struct Inquiry<'a> {
    pub(super) committee: Committee,
    pub(super) liars: &'a BTreeMap<u16, Adversary>,
    /// Where the honest replicas stood at the end; none for a liar, or one that was down.
    pub(super) statuses: &'a [Option<Status>],
    /// The audit of each honest replica's chain.
    pub(super) audits: &'a [Option<Audited>],
}

/// When a number makes a replica suspect, beside the median of the others.
#[derive(Clone, Copy, Debug)]
enum Rule {
    /// It is more than twice as high, and by more than this.
    Many(u64),
    /// It is less than a quarter.
    Few,
}

impl Rule {
    fn is_suspect(self, own: u64, others: u64) -> bool {
        match self {
            Self::Many(room) => own > 2 * others + room,
            Self::Few => 4 * own < others,
        }
    }
}

/// One number about every replica.
type Sign = (&'static str, Rule, Vec<u64>);

impl Inquiry<'_> {
    /// The evidence beside the honest chains, as far as the audit of the chain found nothing wrong.
    pub(super) fn evidence(&self) -> Vec<EvidenceRow> {
        let mut pieces: BTreeMap<_, Vec<u16>> = BTreeMap::new();
        for (holder, audit) in (0_u16..).zip(self.audits) {
            let Some(audit) = audit.as_ref().filter(|audit| audit.holds) else { continue };
            // The audit has read the same file; if it is gone since, nothing is held.
            for piece in read_evidence(audit.chain.as_ref()).unwrap_or_default() {
                let (view, seq) = piece.place();
                let what = (piece.accused().get(), piece.offence(), view.get(), seq.get());
                pieces.entry(what).or_default().push(holder);
            }
        }
        let row = |((accused, offence, view, position), held_by): (_, Vec<u16>)| {
            let offence = consensus::classic::evidence::Offence::name(offence).to_owned();
            EvidenceRow { accused, offence, view, position, held_by }
        };
        pieces.into_iter().map(row).collect()
    }

    /// Every sign about every replica, liar or not: what the honest ones other than it say together.
    pub(super) fn signs(&self) -> Vec<SignRow> {
        if self.liars.is_empty() {
            return Vec::new();
        }
        let rows = self.numbers().into_iter().flat_map(|(sign, rule, values)| {
            (0_u16..).zip(values.clone()).map(move |(replica, value)| {
                let mut others = values.clone();
                others.remove(usize::from(replica));
                let others = median(others);
                let suspect = rule.is_suspect(value, others);
                SignRow { replica, sign: sign.to_owned(), value, others, suspect }
            })
        });
        rows.collect()
    }

    fn numbers(&self) -> Vec<Sign> {
        let sum = |of: fn(Heard) -> u64| self.each(|replica| self.heard(replica).map(of).sum());
        let least = |replica| self.heard(replica).map(|heard| heard.messages).min().unwrap_or(0);
        vec![
            ("votes of others that it passed on", Rule::Many(0), sum(|heard| heard.of_others)),
            ("messages refused for form or signature", Rule::Many(8), sum(|heard| heard.refused)),
            ("messages that the protocol rejected", Rule::Many(128), sum(|heard| heard.rejected)),
            ("messages to whoever got fewest", Rule::Few, self.each(least)),
            ("certificates with its vote", Rule::Few, self.each(|replica| self.votes(replica))),
            ("views of its own that were given up", Rule::Many(0), self.each(|r| self.given_up(r))),
        ]
    }

    fn each(&self, of: impl Fn(u16) -> u64) -> Vec<u64> {
        self.committee.replicas().map(|replica| of(replica.get())).collect()
    }

    /// What each honest replica but itself heard from a replica.
    fn heard(&self, replica: u16) -> impl Iterator<Item = Heard> {
        let others = self.statuses.iter().flatten().filter(move |s| s.replica != replica);
        others.map(move |status| status.heard.get(&replica).copied().unwrap_or_default())
    }

    /// Commit certificates of honest replicas but itself that hold its vote.
    fn votes(&self, replica: u16) -> u64 {
        let others = (0_u16..).zip(self.audits).filter(|(holder, _)| *holder != replica);
        let audits = others.filter_map(|(_, audit)| audit.as_ref());
        audits.map(|audit| audit.votes.get(&replica).copied().unwrap_or(0)).sum()
    }

    /// Views in which it was primary and that f+1 honest replicas have left: one alone may have lost its patience.
    fn given_up(&self, replica: u16) -> u64 {
        let mut views: Vec<u64> =
            self.statuses.iter().flatten().map(|status| status.view).collect();
        views.sort_unstable_by(|one, other| other.cmp(one));
        let now = views.get(self.committee.faults()).copied().unwrap_or(0);
        let led = (0..now).filter(|v| self.committee.primary(View::new(*v)).get() == replica);
        led.count() as u64
    }

    /// The verdict on every liar.
    pub(super) fn verdicts(&self, evidence: &[EvidenceRow], signs: &[SignRow]) -> Vec<LiarRow> {
        let verdict = |(replica, adversary): (&u16, &Adversary)| {
            let proofs: Vec<_> = evidence.iter().filter(|row| row.accused == *replica).collect();
            let signs = signs.iter().filter(|row| row.replica == *replica && row.suspect);
            let signs: Vec<_> = signs.collect();
            let (verdict, words) = match (proofs.is_empty(), signs.is_empty()) {
                (false, _) => ("convicted", proved(&proofs)),
                (true, false) => ("suspected", suspected(&signs)),
                (true, true) => ("not found out", "nothing about it is unusual".to_owned()),
            };
            let statuses = self.statuses.iter().flatten();
            let accused = statuses.filter(|status| status.accused.contains_key(replica));
            LiarRow {
                replica: *replica,
                adversary: adversary.name().to_owned(),
                verdict: verdict.to_owned(),
                words,
                accused_by: accused.map(|status| status.replica).collect(),
            }
        };
        self.liars.iter().map(verdict).collect()
    }

    /// No honest replica is accused, neither by evidence nor by the word of another honest one.
    pub(super) fn spared(&self, evidence: &[EvidenceRow]) -> Check {
        let is_honest = |replica: &u16| !self.liars.contains_key(replica);
        let named = self.statuses.iter().flatten().flat_map(|status| status.accused.keys());
        let named = named.chain(evidence.iter().map(|row| &row.accused)).copied();
        let wronged: BTreeSet<u16> = named.filter(is_honest).collect();
        let detail = match wronged.len() {
            0 if evidence.is_empty() => "there is no evidence against anybody".to_owned(),
            0 => format!("{} pieces of evidence, all of them against liars", evidence.len()),
            _ => format!("accused and honest: {}", list(&Vec::from_iter(wronged.clone()))),
        };
        Check {
            claim: "No honest replica is accused of anything by another".to_owned(),
            found: Found::of(wronged.is_empty()),
            detail,
        }
    }

    /// Whether those who sign contradictions were convicted; none if nobody does.
    pub(super) fn convicted(&self, verdicts: &[LiarRow]) -> Option<Check> {
        let signs = |row: &&LiarRow| self.telling(row).is_some();
        let (yes, no): (Vec<&LiarRow>, Vec<&LiarRow>) =
            verdicts.iter().filter(signs).partition(|row| row.verdict == "convicted");
        let (missed, open): (Vec<&LiarRow>, Vec<&LiarRow>) =
            no.into_iter().partition(|row| self.had_to_be(row));
        let numbers = |rows: &[&LiarRow]| list(&rows.iter().map(|r| r.replica).collect::<Vec<_>>());
        let (found, detail) = match (yes.len(), missed.len(), open.len()) {
            (0, 0, 0) => return None,
            (_, 0, 0) => (Found::Holds, format!("convicted: {}", numbers(&yes))),
            (_, 0, _) => (
                Found::NotChecked,
                format!(
                    "not convicted: {}; whether two contradictory statements of one reached the same honest \
                     replica in time to count is not known",
                    numbers(&open)
                ),
            ),
            _ => (
                Found::Fails,
                format!(
                    "not convicted, though honest replicas had the proof: {}",
                    numbers(&missed)
                ),
            ),
        };
        let claim = "Every liar that signs contradictory statements is convicted of it".to_owned();
        Some(Check { claim, found, detail })
    }

    /// Whether an honest replica surely heard a contradiction of a liar in full.
    fn had_to_be(&self, liar: &LiarRow) -> bool {
        let led = self.audits.iter().flatten().filter_map(|audit| audit.led.get(&liar.replica));
        let led = led.copied().max().unwrap_or(0);
        !liar.accused_by.is_empty() || self.telling(liar).is_some_and(|enough| led >= enough)
    }

    fn telling(&self, liar: &LiarRow) -> Option<u64> {
        self.liars.get(&liar.replica).copied().and_then(telling)
    }
}

/// `two commits in view 0 at 7, held by replicas 1, 2; ...`, the first of each offence.
fn proved(proofs: &[&EvidenceRow]) -> String {
    let mut offences: BTreeMap<&str, (&EvidenceRow, BTreeSet<u16>)> = BTreeMap::new();
    for row in proofs {
        let (_, holders) = offences.entry(&row.offence).or_insert_with(|| (row, BTreeSet::new()));
        holders.extend(&row.held_by);
    }
    let words = offences.into_iter().map(|(offence, (first, holders))| {
        let place = match first.position {
            0 => format!("view {}", first.view),
            position => format!("view {} at position {position}", first.view),
        };
        let holders = list(&Vec::from_iter(holders));
        format!("{offence} (first in {place}; proof with {holders})")
    });
    words.collect::<Vec<_>>().join(", ")
}

fn suspected(signs: &[&SignRow]) -> String {
    let words = signs.iter().map(|row| {
        let (sign, value, others) = (&row.sign, row.value, row.others);
        format!("{sign}: {value}, where the others have {others}")
    });
    words.collect::<Vec<_>>().join("; ")
}

/// `replica 1`, `replicas 1, 2`.
fn list(replicas: &[u16]) -> String {
    let numbers: Vec<String> = replicas.iter().map(u16::to_string).collect();
    let word = if replicas.len() == 1 { "replica" } else { "replicas" };
    format!("{word} {}", numbers.join(", "))
}

/// The middle one, the lower of two: it is that of an honest replica while fewer than half lie.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
