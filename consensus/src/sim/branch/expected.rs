//! Which branches of the handlers a swarm has to take.
//!
//! In: nothing. Out: two tables of events and effects. Refuses to know: how often each is taken.
//!
//! They were read off six swarms of 1,000 seeds and looked through: what a driver can see of every handler is here,
//! but for accidents that need two rare things at one moment (a checkpoint certificate that completes in the very step
//! in which a vote arrives early, for one). A branch that goes missing means that the swarm no longer tests it.

/// An event, and effects that come of it.
pub type Expected = (&'static str, &'static [&'static str]);

/// Taken in every swarm of a thousand seeds: at least eight times in each that was looked at.
pub const USUAL: &[Expected] = &[
    (
        "(acceptable)",
        &[
            "arms the view timer",
            "broadcasts commit",
            "broadcasts prepare",
            "executes",
            "noted",
            "persists",
            "refused: unasked answer",
        ],
    ),
    ("(built nothing)", &["builds", "noted"]),
    ("(built)", &["broadcasts pre-prepare", "builds", "persists"]),
    (
        "(executed)",
        &[
            "arms the view timer",
            "broadcasts checkpoint",
            "builds",
            "disarms the view timer",
            "executes",
            "noted",
            "persists",
            "replies",
            "sends fetch",
            "skips",
            "stabilises",
            "validates an old batch",
        ],
    ),
    ("(recalled)", &["noted", "sends decisions", "validates an old batch"]),
    ("(started)", &["arms the status timer", "broadcasts status"]),
    (
        "(status timer)",
        &["arms the status timer", "broadcasts status", "sends fetch", "sends request"],
    ),
    ("(unacceptable)", &["noted"]),
    ("(view timer)", &["broadcasts view-change", "leaves its view", "noted", "persists"]),
    (
        "checkpoint",
        &[
            "accuses",
            "builds",
            "known",
            "noted",
            "persists",
            "refused: equivocation",
            "refused: outside window",
            "refused: own statement",
            "stabilises",
        ],
    ),
    (
        "commit",
        &[
            "accuses",
            "broadcasts checkpoint",
            "builds",
            "early",
            "executes",
            "known",
            "noted",
            "refused: changing view",
            "refused: equivocation",
            "refused: outside window",
            "refused: own statement",
            "refused: wrong view",
            "skips",
        ],
    ),
    (
        "decisions",
        &["refused: bad certificate", "refused: unasked decisions", "validates an old batch"],
    ),
    ("fetch", &["known", "noted", "recalls", "sends proposal"]),
    (
        "new-view",
        &[
            "arms the view timer",
            "broadcasts commit",
            "broadcasts prepare",
            "disarms the view timer",
            "enters a view",
            "persists",
            "refused: bad new view: certificate",
            "refused: bad new view: view",
            "refused: not primary",
            "refused: wrong view",
            "sends fetch",
            "stabilises",
            "validates a new batch",
        ],
    ),
    (
        "pre-prepare",
        &[
            "accuses",
            "broadcasts commit",
            "broadcasts prepare",
            "early",
            "known",
            "noted",
            "persists",
            "refused: bad proposal",
            "refused: changing view",
            "refused: equivocation",
            "refused: not primary",
            "refused: outside window",
            "refused: own statement",
            "refused: wrong proposer",
            "refused: wrong view",
            "validates a new batch",
            "validates an old batch",
        ],
    ),
    (
        "prepare",
        &[
            "accuses",
            "broadcasts commit",
            "early",
            "executes",
            "known",
            "noted",
            "persists",
            "refused: changing view",
            "refused: equivocation",
            "refused: outside window",
            "refused: own statement",
            "refused: prepare of primary",
            "refused: wrong view",
        ],
    ),
    ("proposal", &["refused: unasked proposal", "validates a new batch", "validates an old batch"]),
    (
        "request",
        &[
            "arms the view timer",
            "builds",
            "known",
            "noted",
            "refused: conflicting request",
            "refused: overloaded",
            "refused: stale request",
            "refused: too large",
            "replies",
            "sends request",
        ],
    ),
    ("stable", &["known", "noted", "persists", "refused: bad certificate", "stabilises"]),
    (
        "status",
        &[
            "known",
            "noted",
            "refused: own statement",
            "sends checkpoint",
            "sends commit",
            "sends fetch",
            "sends new-view",
            "sends pre-prepare",
            "sends prepare",
            "sends stable",
            "sends view-change",
        ],
    ),
    (
        "view-change",
        &[
            "accuses",
            "arms the view timer",
            "broadcasts new-view",
            "broadcasts view-change",
            "builds",
            "disarms the view timer",
            "enters a view",
            "known",
            "leaves its view",
            "noted",
            "persists",
            "refused: bad view change: certificate",
            "refused: bad view change: future certificate",
            "refused: bad view change: position",
            "refused: bad view change: stable",
            "refused: own statement",
            "refused: wrong view",
            "sends fetch",
        ],
    ),
];

/// Taken in every swarm of ten thousand seeds.
pub const RARE: &[Expected] = &[
    ("(recalled)", &["skips"]),
    ("(started)", &["broadcasts prepare", "persists"]),
    ("decisions", &["noted", "skips"]),
    ("fetch", &["refused: own statement"]),
    ("new-view", &["executes", "refused: bad new view: claims", "refused: bad new view: decision"]),
    ("prepare", &["skips"]),
    ("view-change", &["refused: bad view change: not primary", "stabilises"]),
];

/// A table as pairs of an event and an effect.
pub fn pairs(
    table: &'static [Expected],
) -> impl Iterator<Item = (&'static str, &'static str)> + Clone {
    table.iter().flat_map(|(event, effects)| effects.iter().map(|effect| (*event, *effect)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No branch stands in the tables twice.
    #[test]
    fn each_branch_is_expected_once() {
        let mut all: Vec<_> = pairs(USUAL).chain(pairs(RARE)).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
