//! Trials whose replicas are struck: by the plan in the slot that it names, and by somebody who is not in the plan.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::world::{Scratch, program, run};

fn account(report: &Path) -> serde_json::Value {
    let bytes = std::fs::read(report.join("run.json")).expect("a report");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// One home orders nothing in most slots; the fault strikes in its own slot all the same, and so does the return.
#[test]
fn faults_strike_in_slots_without_orders() {
    let scratch = Scratch::new("quiet");
    let report = scratch.path("report");
    let folder = report.to_string_lossy();
    let fault = "kill:1@slot=30,restart=33";
    let output =
        run(&["trial", "--homes", "1", "--seed", "2", "--fault", fault, "--report", &folder]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let account = account(&report);
    let slots = account["slots"].as_array().expect("slots");
    assert_eq!(slots[30]["orders"], 0, "otherwise this shows nothing");
    let events = account["events"].as_array().expect("events");
    let event = |slot: u32, what: &str| {
        events.iter().any(|event| event["slot"] == slot && event["what"] == what)
    };
    assert!(event(30, "replica 1 was killed"), "{events:?}");
    assert!(event(33, "replica 1 was started again"), "{events:?}");
}

/// The processes that `parent` started, in order of their numbers.
fn children(parent: u32) -> Vec<Pid> {
    let parent = parent.to_string();
    let entries = std::fs::read_dir("/proc").expect("a table of processes");
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let child = |number: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        // The name in brackets may hold anything; what follows is: state, parent, ...
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        after.split_whitespace().nth(1) == Some(&parent)
    };
    let mut numbers: Vec<i32> = numbers.filter(child).collect();
    numbers.sort_unstable();
    numbers.into_iter().filter_map(Pid::from_raw).collect()
}

/// A replica that dies outside of the plan ends the run: a failed check, exit code 1, and what there is stays to be
/// looked at. Nothing of the replicas' own files is left behind.
#[test]
fn a_replica_that_dies_by_itself_ends_the_run_and_leaves_a_report() {
    let scratch = Scratch::new("died");
    let report = scratch.path("report");
    let mut trial = Command::new(program())
        .args(["trial", "--homes", "40", "--days", "2", "--report"])
        .arg(&report)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    for _ in 0..3_000 {
        if children(trial.id()).len() == 4 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    // Enough for the market to open and far too little for two days.
    std::thread::sleep(Duration::from_secs(2));
    let victim = *children(trial.id()).get(2).expect("four replicas");
    kill_process(victim, Signal::KILL).expect("it runs");
    let status = trial.wait().expect("it ends");
    assert_eq!(status.code(), Some(1));
    let account = account(&report);
    assert_eq!(account["verdict"], "fails");
    let checks = account["checks"].as_array().expect("checks");
    let ended = &checks[0];
    assert_eq!(ended["found"], "fails", "{ended}");
    assert!(ended["detail"].as_str().is_some_and(|why| why.contains("signal: 9")), "{ended}");
    assert!(account["slots"].as_array().is_some_and(|slots| slots.len() < 192));
    for name in ["report.html", "history.jsonl", "chains/replica-0/blocks.log"] {
        assert!(report.join(name).is_file(), "{name}");
    }
    let beside = std::fs::read_dir(&scratch.0).expect("readable");
    assert_eq!(beside.count(), 1, "the replicas' working folder is gone");
}
