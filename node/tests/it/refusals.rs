//! Bad input: one clear line, exit code 2, nothing half-written.

use std::path::Path;

use crate::world::{Scratch, edit, refused, run};

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A deployment as `init` makes it, in a fresh folder.
fn deployment(scratch: &Scratch) -> String {
    let out = text(&scratch.path("region"));
    assert!(run(&["init", "--out", &out, "--port", "17400"]).status.success());
    out
}

#[test]
fn configurations_that_contradict_themselves_are_refused() {
    let scratch = Scratch::new("config");
    let out = deployment(&scratch);
    let config = format!("{out}/replica-1/config.toml");
    let original = std::fs::read_to_string(&config).expect("readable");
    let cases = [
        ("id = 1", "id = 9", "config.toml:1: field id: id = 9, the committee has replicas 0 to 3"),
        ("id = 1", "id = 1\ncolour = \"green\"", "unknown field `colour`"),
        ("id = 1", "id = \"one\"", "invalid type"),
        ("id = 1", "id = 0", "config.toml:4: field signing_key"),
        (
            "127.0.0.1:17402",
            "127.0.0.1:17400",
            "config.toml:15: field peers: address 127.0.0.1:17400 is used twice",
        ),
        (
            "replica-2.pem",
            "replica-3.pem",
            "config.toml:27: field certificate: replicas 2 and 3 show the same certificate",
        ),
        ("signing.key", "missing.key", "config.toml:4: field signing_key"),
        ("link.key", "missing.key", "config.toml:5: field link_key"),
    ];
    for (from, to, expected) in cases {
        edit(Path::new(&config), from, to);
        let line = refused(&["node", "--config", &config]);
        assert!(line.contains(expected), "{to}: {line}");
        std::fs::write(&config, &original).expect("writable");
    }
    let line = refused(&["node", "--config", &text(&scratch.path("nowhere.toml"))]);
    assert!(line.contains("nowhere.toml"), "{line}");
}

#[test]
fn a_genesis_with_too_few_replicas_or_a_repeated_key_is_refused() {
    let scratch = Scratch::new("genesis");
    let out = deployment(&scratch);
    let (genesis, config) = (format!("{out}/genesis.json"), format!("{out}/replica-0/config.toml"));
    let original = std::fs::read_to_string(&genesis).expect("readable");
    let mut document: serde_json::Value = serde_json::from_str(&original).expect("JSON");
    let keys = document["replicas"].as_array_mut().expect("a list").clone();

    document["replicas"] = serde_json::json!(keys[..3]);
    std::fs::write(&genesis, document.to_string()).expect("writable");
    let line = refused(&["node", "--config", &config]);
    assert!(line.contains("genesis.json:1: field replicas: replicas: a committee has"), "{line}");
    assert!(line.contains("4 to 1000 replicas, got 3"), "{line}");

    document["replicas"] = serde_json::json!([keys[0], keys[1], keys[2], keys[1]]);
    std::fs::write(&genesis, document.to_string()).expect("writable");
    let line = refused(&["node", "--config", &config]);
    assert!(line.contains("genesis.json:1: field replicas"), "{line}");
    assert!(line.contains("replicas 1 and 3 have the same signing key"), "{line}");

    document["replicas"] = serde_json::json!(keys);
    document["limits"]["window"] = serde_json::json!(65_536);
    let pretty = serde_json::to_string_pretty(&document).expect("JSON");
    let number = 1 + pretty.lines().position(|line| line.contains("\"window\"")).expect("there");
    std::fs::write(&genesis, pretty).expect("writable");
    let line = refused(&["node", "--config", &config]);
    assert!(
        line.contains(&format!("genesis.json:{number}: field window: limits: the NEW")),
        "{line}"
    );

    std::fs::write(&genesis, original.replacen("\"window\": 256", "\"window\": \"x\"", 1))
        .expect("writable");
    let line = refused(&["node", "--config", &config]);
    assert!(line.contains(": field window: invalid type"), "{line}");

    let limits = original.replacen("\"pipeline\": 4", "\"pipeline\": 4000", 1);
    std::fs::write(&genesis, limits).expect("writable");
    let line = refused(&["node", "--config", &config]);
    assert!(line.contains(": field pipeline: limits: pipeline = 4000 must not"), "{line}");

    for field in ["reads", "snapshots"] {
        let asked =
            original.replacen(&format!("\"{field}\": false"), &format!("\"{field}\": true"), 1);
        assert_ne!(asked, original, "{field} stands there");
        std::fs::write(&genesis, asked).expect("writable");
        let line = refused(&["node", "--config", &config]);
        assert!(line.contains(&format!(": field {field}: limits: {field} = true, but")), "{line}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let scratch = Scratch::new("port");
    let out = text(&scratch.path("region"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("bound").port();
    assert!(run(&["init", "--out", &out, "--port", &port.to_string()]).status.success());
    let line = refused(&["node", "--config", &format!("{out}/replica-0/config.toml")]);
    let expected = format!("config.toml:10: field peers: cannot listen on 127.0.0.1:{port}");
    assert!(line.contains(&expected), "{line}");
}

#[test]
fn init_overwrites_nothing() {
    let scratch = Scratch::new("init");
    let out = deployment(&scratch);
    let line = refused(&["init", "--out", &out]);
    assert!(line.ends_with("exists already; name a folder that does not"), "{line}");
    let fresh = text(&scratch.path("small"));
    let line = refused(&["init", "--replicas", "3", "--out", &fresh]);
    assert!(line.contains("a committee has 4 to 1000 replicas, got 3"), "{line}");
    assert!(!Path::new(&fresh).exists(), "nothing half-written");
}

#[test]
fn trials_that_cannot_be_run_are_refused_before_anything_starts() {
    let scratch = Scratch::new("trials");
    let report = text(&scratch.path("report"));
    let cases: [(&[&str], &str); 5] = [
        (&["--fault", "kill:7@slot=3"], "there is no replica 7, the committee has 0 to 3"),
        (&["--fault", "kill:1@slot=96"], "slot 96 never comes, the run has slots 0 to 95"),
        (&["--fault", "melt:1@slot=9"], "expected kill:WHO@slot=S"),
        (
            &["--fault", "kill:0@slot=5", "--fault", "pause:1@slot=9,for=1s"],
            "2 replicas would be out in slots 9 to 9, a committee of 4 tolerates 1",
        ),
        (&["--homes", "0"], "homes"),
    ];
    for (more, expected) in cases {
        let line = refused(&[&["trial", "--report", &report], more].concat());
        assert!(line.contains(expected), "{more:?}: {line}");
        assert!(!Path::new(&report).exists(), "nothing half-written");
    }
    let existing = text(&scratch.0);
    let line = refused(&["trial", "--report", &existing]);
    assert!(line.contains("exists already"), "{line}");
    let line = refused(&["simulate", "--report", &existing]);
    assert!(line.contains("exists already"), "{line}");
}

/// Household data with a fault in it: file, line and field are named, and no report is left behind.
#[test]
fn damaged_household_data_is_refused_with_file_line_and_field() {
    let scratch = Scratch::new("data");
    let (data, report) = (scratch.path("data"), text(&scratch.path("report")));
    std::fs::create_dir_all(&data).expect("writable");
    let file = data.join("homes_15min.csv");
    let header = "timestamp_unix_utc,load_w_2000_0,load_w_2000_1,pv_pu_1\n";
    let row = |time: u32, load: &str| format!("{time},{load},200,0.5\n");
    let cases = [
        (String::new(), "homes_15min.csv"),
        ("timestamp_unix_utc,pv_pu_1\n0,0.5\n".to_owned(), "homes_15min.csv"),
        (
            format!("{header}{}{}", row(0, "100"), row(900, "-5")),
            "homes_15min.csv:3: field load_w_2000_0",
        ),
        (
            format!("{header}{}{}", row(0, "100"), row(900, "x")),
            "homes_15min.csv:3: field load_w_2000_0",
        ),
        (
            format!("{header}{}{}", row(0, "100"), row(2700, "1")),
            "homes_15min.csv:3: field timestamp_unix_utc",
        ),
        (
            format!("{header}{}{}", row(900, "100"), row(900, "1")),
            "homes_15min.csv:3: field timestamp_unix_utc",
        ),
    ];
    for (content, expected) in cases {
        std::fs::write(&file, &content).expect("writable");
        let line = refused(&["simulate", "--data", &text(&data), "--report", &report]);
        assert!(line.contains(expected), "{content:?}: {line}");
        assert!(!Path::new(&report).exists(), "nothing half-written");
    }
    let day: String = (0..97).map(|slot| row(slot * 900, "100")).collect();
    std::fs::write(&file, format!("{header}{day}")).expect("writable");
    let days = ["simulate", "--days", "3", "--data", &text(&data), "--report", &report];
    let line = refused(&days);
    assert!(line.contains("--days 3: data has 2 days (97 slots"), "{line}");
    assert!(!Path::new(&report).exists(), "nothing half-written");
    let line = refused(&["simulate", "--data", &text(&scratch.path("nowhere"))]);
    assert!(line.contains("nowhere"), "{line}");
}

#[test]
fn an_audit_needs_a_chain() {
    let scratch = Scratch::new("nochain");
    let line = refused(&["audit", &text(&scratch.0)]);
    assert!(line.contains("no chain here"), "{line}");
}
