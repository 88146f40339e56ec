//! Each rule that the simulator judges by is broken once on purpose: the oracle sees it and names the rule.

use std::panic::{AssertUnwindSafe, catch_unwind};

use consensus::adversary::Adversary;
use consensus::certificate::{Checkpoint, Decision};
use consensus::classic::Replica;
use consensus::classic::message::Message;
use consensus::classic::prepared::PreparedCertificate;
use consensus::ids::{Digest, SeqNum, View};
use consensus::request::{Proposal, Reply};
use consensus::sim::leaving::Driver;
use consensus::sim::oracle::Oracle;
use consensus::sim::scenario::{Scenario, said};
use model_checks::attacks::forge::{self, batch, change, commit, decision, replica, submission};
use model_checks::mutants::tampered::{Biased, Hesitant, Hoarder, Slanderous, Tampered};
use model_checks::replica::Subject;
use model_checks::swarm::{self, quietly, rule, shrink};

fn genesis() -> Digest {
    Digest::of("planted", &0)
}

fn state(seq: u64) -> Digest {
    Digest::of("planted", &seq)
}

/// An oracle over four replicas that has seen clients 1 to 9 ask.
fn oracle() -> Oracle {
    let mut oracle = Oracle::new(4, genesis(), [].into());
    for client in 1..10 {
        oracle.asks(&submission(client, 1, &[0, 7], &[]).request.message);
    }
    oracle
}

/// The rule that `deeds` break, which is the word before the colon.
fn broken(deeds: impl FnOnce(&mut Oracle)) -> String {
    let mut oracle = oracle();
    let caught = quietly(|| catch_unwind(AssertUnwindSafe(|| deeds(&mut oracle))));
    let words = caught.err().map(|panic| said(panic.as_ref())).expect("a rule is broken");
    words.split(':').next().unwrap_or_default().to_owned()
}

/// Position `seq` with the request of client `client`, and where that leads.
fn at(seq: u64, client: u64) -> (Decision, Digest) {
    (decision(0, seq, &batch(0, &[client])), state(seq))
}

fn executes(oracle: &mut Oracle, id: u16, (decision, state): (Decision, Digest)) {
    oracle.executed(replica(id), &decision, &[true], state);
}

/// Two positions at two replicas, a vote and a checkpoint break no rule: what follows differs from this in one thing.
#[test]
fn what_is_right_is_passed_over() {
    let mut oracle = oracle();
    for id in [0, 1] {
        executes(&mut oracle, id, at(1, 1));
        executes(&mut oracle, id, at(2, 2));
    }
    oracle.sends(replica(1), &commit(1, 0, 3, state(3)), 8);
    assert_eq!(oracle.decided(), 2);
}

/// Two batches at one position; one batch and two states; a checkpoint of a state that nobody reached.
#[test]
fn disagreement_is_named() {
    let two_batches = broken(|oracle| {
        executes(oracle, 0, at(1, 1));
        executes(oracle, 1, at(1, 2));
    });
    let two_states = broken(|oracle| {
        executes(oracle, 0, at(1, 1));
        executes(oracle, 1, (at(1, 1).0, state(2)));
    });
    let other_checkpoint = broken(|oracle| {
        executes(oracle, 0, at(1, 1));
        let (seq, from) = (SeqNum::new(1), replica(0));
        let vote = Checkpoint { seq, state: state(2), clients: genesis(), from };
        oracle.stable(replica(0), &forge::stable(&vote));
    });
    assert_eq!([two_batches, two_states, other_checkpoint], ["agreement"; 3]);
}

/// Two votes instead of three; one voter twice; a vote about something else; a view change that proves nothing.
#[test]
fn certificates_that_do_not_add_up_are_named() {
    let spoilt = |spoil: fn(&mut Decision)| {
        broken(move |oracle| {
            let (mut decision, state) = at(1, 1);
            spoil(&mut decision);
            executes(oracle, 0, (decision, state));
        })
    };
    let few = spoilt(|decision| decision.certificate.commits.truncate(2));
    let twice = spoilt(|decision| {
        decision.certificate.commits[0] = decision.certificate.commits[1].clone();
    });
    let other = spoilt(|decision| decision.certificate.commits[0].message.seq = SeqNum::new(2));
    let claim = broken(|oracle| {
        let mut held = forge::prepared(0, 1, state(1));
        held.prepares.pop();
        oracle.sends(replica(1), &Message::ViewChange(change(1, 1, None, vec![held])), 8);
    });
    assert_eq!([few, twice, other, claim], ["certificate"; 4]);
}

/// A batch under the certificate of another, a batch under that of the null request, and the null request under that of
/// a batch.
#[test]
fn what_the_certificate_does_not_name_is_named() {
    let (own, state) = at(1, 1);
    let other = Decision { proposal: at(1, 2).0.proposal, ..own.clone() };
    assert_eq!(broken(|oracle| executes(oracle, 0, (other, state))), "certificate");
    let mut null = own.clone();
    null.certificate.digest = Digest::NULL;
    null.certificate.commits.iter_mut().for_each(|vote| vote.message.digest = Digest::NULL);
    assert_eq!(broken(|oracle| executes(oracle, 0, (null.clone(), state))), "certificate");
    let passed = |decision: Decision| {
        let skipped = Decision { proposal: None, ..decision };
        move |oracle: &mut Oracle| oracle.skipped(replica(0), &skipped)
    };
    passed(null)(&mut oracle());
    assert_eq!(broken(passed(own)), "certificate");
}

/// A state is taken that is not the one that was executed, or at a position that nobody executed.
#[test]
fn a_state_that_nobody_reached_is_named() {
    let installs = |seq: u64, from: u64| {
        move |oracle: &mut Oracle| {
            executes(oracle, 0, at(1, 1));
            executes(oracle, 0, at(2, 2));
            oracle.installed(replica(1), SeqNum::new(seq), state(from));
        }
    };
    installs(2, 2)(&mut oracle());
    assert_eq!([broken(installs(2, 1)), broken(installs(3, 2))], ["agreement"; 2]);
}

/// A gap; a position twice; a request twice; a request that nobody signed.
#[test]
fn executions_out_of_order_are_named() {
    let gap = broken(|oracle| executes(oracle, 0, at(2, 1)));
    let again = broken(|oracle| (0..2).for_each(|_| executes(oracle, 0, at(1, 1))));
    assert_eq!([gap, again], ["order"; 2]);
    let twice = broken(|oracle| (1..3).for_each(|seq| executes(oracle, 0, at(seq, 1))));
    assert_eq!(twice, "once");
    let unsigned = broken(|oracle| {
        let asked = vec![submission(1, 2, &[0, 7], &[])];
        let proposal = Proposal::new(replica(0), Vec::new(), asked);
        executes(oracle, 0, (decision(0, 1, &proposal), state(1)));
    });
    assert_eq!(unsigned, "validity");
}

/// Two commits at one position, a vote above the window, a vote in a view that was left.
#[test]
fn statements_that_clash_are_named() {
    let says = |messages: Vec<Message>| {
        broken(move |oracle| messages.iter().for_each(|said| oracle.sends(replica(1), said, 8)))
    };
    let two = says(vec![commit(1, 0, 1, state(1)), commit(1, 0, 1, state(2))]);
    let high = says(vec![commit(1, 0, 9, state(9))]);
    let left = change(1, 1, None, Vec::new());
    let late = says(vec![Message::ViewChange(left), commit(1, 0, 1, state(1))]);
    assert_eq!([two, high, late], ["contradiction", "window", "view"]);
}

/// A replica that holds a decision with its own COMMIT in it leaves the view: it has to claim what it committed to.
#[test]
fn a_commit_that_is_forgotten_is_named() {
    let leaves = |claims: fn(Digest) -> Vec<PreparedCertificate>| {
        move |oracle: &mut Oracle| {
            let (decision, state) = at(1, 1);
            let claims = claims(decision.certificate.digest);
            executes(oracle, 0, (decision, state));
            oracle.sends(replica(0), &Message::ViewChange(change(0, 1, None, claims)), 8);
        }
    };
    leaves(|digest| vec![forge::prepared(0, 1, digest)])(&mut oracle());
    assert_eq!(broken(leaves(|_| Vec::new())), "promise");
    assert_eq!(broken(leaves(|_| vec![forge::prepared(0, 1, state(1))])), "promise");
}

/// Two results of one request, and a client that believes what nobody honest said.
#[test]
fn replies_that_clash_are_named() {
    let asked = submission(1, 1, &[0, 7], &[]).request;
    let (client, timestamp) = (asked.client(), asked.timestamp);
    let result = |result| Reply { view: View::ZERO, timestamp, client, result };
    let two = broken(|oracle| {
        oracle.answers(&result(vec![1]));
        oracle.answers(&result(vec![2]));
    });
    let none = broken(|oracle| oracle.believes(client, timestamp, &vec![1]));
    assert_eq!([two, none], ["reply"; 2]);
}

/// What a whole run of replicas `P` is found guilty of, and its scenario made short.
fn found<P: Subject>() -> (String, Scenario) {
    let scenario =
        Scenario { script: Some(Vec::new()), ..Scenario::default() }.with("requests", 500);
    let outcome = quietly(|| scenario.play::<P>());
    let rule = rule(&outcome).expect("a rule is broken").to_owned();
    let short = quietly(|| shrink::<P>(&scenario)).expect("it fails again").0;
    (rule, short)
}

/// A replica accuses a liar, as it may, but of nothing: it holds the same vote twice.
#[test]
fn an_accusation_without_proof_is_named_even_against_a_liar() {
    let mut scenario = Scenario { script: Some(Vec::new()), ..Scenario::default() };
    scenario.liars.insert(0, (Adversary::Replayer, 1));
    assert_eq!(quietly(|| scenario.play::<Replica>()).failure, None);
    let outcome = quietly(|| scenario.play::<Tampered<Biased>>());
    assert_eq!(rule(&outcome), Some("accused"));
    let why = outcome.failure.unwrap_or_default();
    assert!(why.contains("without proof"), "{why}");
}

/// A replica that keeps all it hears, one that never commits, and one that accuses honest replicas: each breaks a rule
/// that only a running cluster can break, without any fault being injected, and the shipped replica does not.
#[test]
fn what_only_a_cluster_breaks_is_named() {
    let honest = quietly(|| Scenario::default().play::<Replica>());
    assert_eq!(honest.failure, None);
    let [memory, liveness, accused] =
        [found::<Hoarder>(), found::<Tampered<Hesitant>>(), found::<Tampered<Slanderous>>()];
    assert_eq!([&memory.0, &liveness.0, &accused.0], ["memory", "liveness", "accused"]);
    for (_, short) in [memory, liveness, accused] {
        assert_eq!(short.script.as_deref(), Some([].as_slice()), "no fault is needed: {short}");
    }
}

/// What first goes wrong where this driver runs the shipped replica, disks are slow and processes die often.
fn driven(driver: Driver) -> Option<String> {
    (0..250).find_map(|seed| {
        let scenario = swarm::scenario(seed, Some(4)).with("sync-us", 20_000);
        let mut scenario = scenario.with("driver", driver as u64);
        scenario.faults.crash = 60;
        rule(&quietly(|| scenario.play::<Replica>())).map(str::to_owned)
    })
}

/// A chain that is durable before the records it rests on makes a replica forget what it committed to, votes that leave
/// before they are durable are contradicted; a driver that makes neither mistake breaks no rule in the same storms.
#[test]
fn a_driver_that_waits_for_too_little_is_named() {
    assert_eq!(driven(Driver::Pipelined), None);
    assert_eq!(driven(Driver::ChainFirst).as_deref(), Some("promise"));
    assert_eq!(driven(Driver::Hasty).as_deref(), Some("contradiction"));
}
