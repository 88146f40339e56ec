//! Every model of the catalogue holds, in exactly as many states as before.

use consensus::classic::Replica;
use model_checks::catalogue;

/// A change of one of these numbers is a change of the protocol: it is to be understood before it is
/// written down here.
const STATES: [(&str, usize); 5] = [
    ("equivocating-primary", 645_798),
    ("lying-new-primary", 207_454),
    ("lying-backup", 115_844),
    ("silent-replica", 18_836),
    ("restart", 686_920),
];

/// What is always to hold holds, what is to happen somewhere happens, and no state is new or gone.
#[test]
fn every_model_holds_in_a_known_number_of_states() {
    let mut found = Vec::new();
    for check in catalogue::all() {
        let verdict = catalogue::explore::<Replica>(check.quick);
        assert!(verdict.holds(), "{}: {verdict:?}", check.name);
        found.push((check.name, verdict.states));
    }
    assert_eq!(found, STATES);
}

/// A name that does not exist is answered with those that do.
#[test]
fn an_unknown_name_is_answered_with_the_known_ones() {
    let error = catalogue::find("paxos").expect_err("no such model").to_string();
    assert!(error.contains("'paxos'"), "{error}");
    assert!(STATES.iter().all(|(name, _)| error.contains(name)), "{error}");
}
