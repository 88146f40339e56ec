//! A chain exported by a trial: it passes the audit, and no byte of it can change unnoticed.

use std::path::{Path, PathBuf};

use consensus::sim::random::Random;
use node::audit::audit;
use node::store::log::Log;

use crate::world::{Scratch, run};

const FILES: [&str; 4] = ["genesis.json", "blocks.log", "checkpoints.log", "private.log"];

/// A small trial's report, its chains among it.
fn trial(scratch: &Scratch, more: &[&str]) -> PathBuf {
    let report = scratch.path("report");
    let folder = report.to_string_lossy().into_owned();
    let mut arguments = vec!["trial", "--homes", "4", "--report", &folder];
    arguments.extend_from_slice(more);
    let output = run(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    report
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("writable");
    for name in FILES {
        std::fs::copy(from.join(name), to.join(name)).expect("copied");
    }
}

/// Flipping any one bit of any file of an exported chain makes the audit fail and name a block (or the genesis);
/// 150 places per file are drawn, and the first and last bytes.
#[test]
fn no_byte_of_an_exported_chain_changes_unnoticed() {
    let scratch = Scratch::new("flips");
    let report = trial(&scratch, &[]);
    let chain = report.join("chains/replica-2");
    let clean = audit(&chain, |_| {}).expect("a chain");
    assert!(clean.holds && clean.not_checked.is_empty(), "{:?}", clean.findings);
    assert!(clean.bills > 0 && clean.scores > 0 && clean.checkpoints > 0 && clean.readings > 0);

    let spoilt = scratch.path("spoilt");
    copy(&chain, &spoilt);
    let mut random = Random::new(3);
    for name in FILES {
        let path = spoilt.join(name);
        let bytes = std::fs::read(&path).expect("readable");
        let last = bytes.len() as u64 - 1;
        let places: Vec<u64> =
            (0..150).map(|_| random.below(last + 1)).chain([0, 1, 4, 12, last]).collect();
        for at in places {
            let bit = 1_u8 << random.below(8);
            let mut changed = bytes.clone();
            changed[usize::try_from(at).expect("an index")] ^= bit;
            if name == "genesis.json" && same_meaning(&changed, &bytes) {
                continue; // white space between two values: the document says the same
            }
            std::fs::write(&path, &changed).expect("writable");
            let outcome = audit(&spoilt, |_| {}).expect("there is a chain");
            assert!(!outcome.holds, "{name}: bit {bit} of byte {at} changed unnoticed");
            let named =
                outcome.findings.iter().any(|f| f.contains("block") || f.contains("genesis"));
            assert!(named, "{name}: byte {at}: {:?}", outcome.findings);
        }
        std::fs::write(&path, &bytes).expect("writable");
    }
    assert!(audit(&spoilt, |_| {}).expect("a chain").holds, "all bytes are back");
}

fn same_meaning(a: &[u8], b: &[u8]) -> bool {
    let parse = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).ok();
    parse(a).is_some_and(|a| Some(a) == parse(b))
}

/// Without the private parts the certificates, signatures and hashes still hold, and the audit says what it could
/// not compute; exit code 0, since nothing that is there is wrong.
#[test]
fn without_private_parts_the_audit_says_what_it_could_not_check() {
    let scratch = Scratch::new("private");
    let report = trial(&scratch, &[]);
    let public = scratch.path("public");
    copy(&report.join("chains/replica-0"), &public);
    std::fs::remove_file(public.join("private.log")).expect("there");
    let folder = public.to_string_lossy().into_owned();
    let output = run(&["audit", &folder]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("not checked") && text.contains("private parts"), "{text}");
}

fn audited(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    let folder = folder.to_string_lossy().into_owned();
    let output = run(&[&["audit", &folder], more].concat());
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A chain of another run holds by itself, and so do the others; beside each other, or beside the genesis that the
/// auditor trusts, it is found out. A chain that is not there is missed.
#[test]
fn foreign_and_missing_chains_are_found_out() {
    let scratch = Scratch::new("foreign");
    let report = trial(&scratch, &[]);
    let other = Scratch::new("foreign-other");
    let foreign = trial(&other, &["--seed", "9"]);
    let genesis = report.join("chains/replica-0/genesis.json");
    let genesis = genesis.to_string_lossy();
    let (code, text) = audited(&report, &["--genesis", &genesis]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("network") && text.contains("the trusted one"), "{text}");
    let (code, text) = audited(&foreign.join("chains/replica-0"), &["--genesis", &genesis]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("genesis: it founds network"), "{text}");

    let intruder = report.join("chains/replica-1");
    copy(&intruder, &scratch.path("kept"));
    copy(&foreign.join("chains/replica-1"), &intruder);
    let (code, text) = audited(&report, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("replica-1 to network"), "{text}");
    copy(&scratch.path("kept"), &intruder);
    assert_eq!(audited(&report, &[]).0, Some(0));

    std::fs::remove_dir_all(report.join("chains/replica-2")).expect("there");
    let (code, text) = audited(&report, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("replica 2 was up at the end, and its chain is missing"), "{text}");
}

fn replace(log: &mut Log, entries: &[Vec<u8>]) {
    let fill = |fresh: &mut Log| {
        for entry in entries {
            fresh.append(entry);
        }
    };
    log.replace(fill).expect("writable");
}

/// A replica stores a checkpoint's certificate before it has executed up to it. Killed in between it leaves an honest
/// chain that ends before its last certificate: that is said, and is no fault. A forged one is.
#[test]
fn a_chain_that_ends_before_its_last_certificate_is_honest() {
    let scratch = Scratch::new("early");
    let report = trial(&scratch, &[]);
    let chain = scratch.path("chain");
    copy(&report.join("chains/replica-0"), &chain);
    std::fs::remove_file(chain.join("private.log")).expect("there");
    let path = chain.join("blocks.log");
    let (mut blocks, entries) = Log::open(&path).expect("a log");
    let entries: Vec<Vec<u8>> = entries.into_iter().map(|(_, payload)| payload).collect();
    // Several slots, for the certificate of the last one may not have come before the end.
    replace(&mut blocks, &entries[..entries.len() - 40]);
    drop(blocks);
    let (code, text) = audited(&chain, &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("the chain ends before it"), "{text}");

    let path = chain.join("checkpoints.log");
    let (mut certificates, entries) = Log::open(&path).expect("a log");
    let mut entries: Vec<Vec<u8>> = entries.into_iter().map(|(_, payload)| payload).collect();
    let last = entries.last_mut().expect("a certificate");
    *last.last_mut().expect("not empty") ^= 1;
    replace(&mut certificates, &entries);
    let (code, text) = audited(&chain, &[]);
    assert_eq!(code, Some(1), "{text}");
}

/// The audit of a whole report looks at every chain; a wrong one is exit code 1 and its block is named.
#[test]
fn the_command_names_the_block_of_a_spoilt_chain() {
    let scratch = Scratch::new("command");
    let report = trial(&scratch, &["--fault", "kill:1@slot=30,restart=50"]);
    let folder = report.to_string_lossy().into_owned();
    let output = run(&["audit", &folder, "--json"]);
    assert_eq!(output.status.code(), Some(0));
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(object["chains"].as_array().map(Vec::len), Some(4));

    let path = report.join("chains/replica-3/blocks.log");
    let mut bytes = std::fs::read(&path).expect("readable");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    std::fs::write(&path, bytes).expect("writable");
    let output = run(&["audit", &folder]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("DOES NOT HOLD") && text.contains("block "), "{text}");
}
