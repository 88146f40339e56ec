//! Every plan that is refused, and in which words.

use std::time::Duration;

use super::*;

fn planned(texts: &[&str], n: usize) -> Result<Plan, String> {
    let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
    let committee = Committee::try_new(n).expect("n >= 4");
    plan(&texts, committee, 192).map_err(|error| error.to_string())
}

fn check(texts: &[&str], n: usize) -> Result<Vec<Fault>, String> {
    planned(texts, n).map(|plan| plan.faults)
}

#[test]
fn faults_are_read_as_they_are_written() {
    let faults =
        check(&["pause:1@slot=50,for=3s", "kill:primary@slot=40,restart=45"], 4).expect("good");
    let kill = What::Kill { restart: Some(45) };
    let pause = What::Pause { length: Duration::from_secs(3) };
    let expected = [
        Fault { who: Who::Primary, what: kill, slot: 40 },
        Fault { who: Who::Replica(1), what: pause, slot: 50 },
    ];
    assert_eq!(faults, expected, "in order of slots");
    let written: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(written, ["kill:primary@slot=40,restart=45", "pause:1@slot=50,for=3s"]);
}

#[test]
fn anything_else_is_refused_with_what_was_expected() {
    for text in [
        "",
        "kill",
        "kill:1",
        "kill:x@slot=1",
        "kill:1@slot=x",
        "stop:1@slot=1",
        "pause:1@slot=1",
        "pause:1@slot=1,for=3",
        "kill:1@slot=1,for=3s",
        "lie:2",
        "lie:primary=censor",
        "lie:2@slot=3",
        "random",
        "random:x",
        "random:-1",
    ] {
        let error = check(&[text], 4).expect_err(text);
        assert!(error.starts_with(&format!("--fault {text:?}: expected")), "{error}");
    }
}

#[test]
fn replicas_and_slots_that_do_not_exist_are_named() {
    let error = check(&["kill:4@slot=1"], 4).expect_err("no replica 4");
    assert_eq!(error, "--fault \"kill:4@slot=1\": there is no replica 4, the committee has 0 to 3");
    let error = check(&["kill:1@slot=192"], 4).expect_err("no slot 192");
    assert_eq!(
        error,
        "--fault \"kill:1@slot=192\": slot 192 never comes, the run has slots 0 to 191"
    );
    assert!(check(&["kill:1@slot=9,restart=9"], 4).is_err());
}

/// A liar is one that is out in every slot. Seven tolerate two: one lies, one may be killed at a time.
#[test]
fn liars_count_in_every_slot() {
    let plan = planned(&["lie:0=equivocator"], 4).expect("one of four");
    assert_eq!(plan.liars, [(0, Adversary::Equivocator)].into());
    assert!(plan.faults.is_empty());
    let mixed = ["lie:6=twins", "kill:1@slot=3,restart=9", "pause:2@slot=9,for=1s"];
    assert!(planned(&mixed, 7).is_ok());
    let random = planned(&["random:7", "lie:3=censor"], 7).expect("one is left to be hit");
    assert!(random.faults.iter().all(|fault| fault.who != Who::Replica(3)));
    for (texts, n, expected) in [
        (
            &["lie:0=silent", "kill:1@slot=20,restart=30"][..],
            4,
            "1 replica would be out in slots 20 to 29 while replica 0 lies, a committee of 4 tolerates 1",
        ),
        (
            &["lie:0=silent", "lie:1=twins", "kill:5@slot=190"],
            7,
            "1 replica would be out in slots 190 to 191 while replicas 0 and 1 lie, a committee of 7 tolerates 2",
        ),
        (
            &["lie:0=silent", "lie:3=twins", "lie:1=censor"],
            7,
            "--fault: replicas 0, 1 and 3 would lie, a committee of 7 tolerates 2",
        ),
        (
            &["random:7", "lie:3=censor"],
            4,
            "--fault \"random:7\": replica 3 lies, which is all that a committee of 4 tolerates; nobody is left to hit",
        ),
    ] {
        assert_eq!(planned(texts, n), Err(expected.to_owned()));
    }
}

#[test]
fn a_liar_lies_in_one_way_and_is_not_hit() {
    for (texts, expected) in [
        (
            &["lie:1=liar"][..],
            "--fault \"lie:1=liar\": no adversary is called 'liar'; there are silent, equivocator, replayer, censor, \
             usurper, mutator, twins",
        ),
        (
            &["lie:9=twins"],
            "--fault \"lie:9=twins\": there is no replica 9, the committee has 0 to 6",
        ),
        (
            &["lie:1=twins", "lie:1=censor"],
            "--fault \"lie:1=censor\": replica 1 lies already, as twins",
        ),
        (
            &["pause:1@slot=3,for=2s", "lie:1=twins"],
            "--fault \"pause:1@slot=3,for=2s\": replica 1 lies, and a liar cannot be killed or paused as well",
        ),
        (
            &["kill:primary@slot=3", "lie:1=twins"],
            "--fault \"kill:primary@slot=3\": replica 1 lies and may be primary, and a liar cannot be killed or \
             paused as well",
        ),
    ] {
        assert_eq!(planned(texts, 7), Err(expected.to_owned()));
    }
}

/// Drawn faults are faults like any other: a committee of any size stands them. Nothing stands beside them.
#[test]
fn drawn_faults_pass_the_same_checks() {
    for (seed, n) in (0..40).flat_map(|seed| [4, 5, 7, 10].map(|n| (seed, n))) {
        let drawn = check(&[&format!("random:{seed}")], n).expect("it passes");
        assert!(drawn.len() >= 10, "192 slots have room for more than {drawn:?}");
    }
    assert_eq!(
        check(&["kill:1@slot=3", "random:7"], 7),
        Err("--fault \"random:7\" draws the faults of the whole run, \"kill:1@slot=3\" cannot stand beside it"
            .into())
    );
    assert!(check(&["random:7", "random:7"], 7).is_err());
    let short = plan(&["random:1".to_owned()], Committee::try_new(4).expect("n >= 4"), 3);
    assert_eq!(
        short.map_err(|error| error.to_string()),
        Err("--fault \"random:1\": a run of 3 slots has no room for a fault with quiet slots around it".into())
    );
}

/// Two of four at once are too many, one after the other is fine; seven tolerate two.
#[test]
fn a_plan_must_leave_a_quorum_up() {
    let overlap = ["kill:0@slot=10,restart=30", "kill:1@slot=20,restart=40"];
    let error = check(&overlap, 4).expect_err("two out");
    assert_eq!(error, "2 replicas would be out in slots 20 to 29, a committee of 4 tolerates 1");
    assert!(check(&overlap, 7).is_ok());
    assert!(check(&["kill:0@slot=10,restart=20", "kill:1@slot=20,restart=40"], 4).is_ok());
    assert!(check(&["kill:primary@slot=10", "kill:1@slot=20"], 4).is_err(), "never returns");
    let twice = check(&["kill:3@slot=10,restart=20", "pause:3@slot=15,for=1s"], 7);
    assert_eq!(twice, Err("--fault: replica 3 is hit in slot 15 while it is still out".into()));
}
