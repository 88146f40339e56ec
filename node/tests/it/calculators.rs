//! The calculators as programs: what is typed, what stands on standard output, on standard error,
//! and the exit code.

mod clear;
mod clear_rules;
mod price;
mod score;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use market::Decimal;
use serde_json::{Map, Value};

/// What a run of the program left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ended {
    code: Option<i32>,
    out: String,
    err: String,
}

/// Runs the program from the root of the workspace, as a user would.
fn gridquorum(arguments: &[&str]) -> Ended {
    let output = Command::new(env!("CARGO_BIN_EXE_gridquorum"))
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env_remove("RUST_LOG")
        .output()
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("the program writes text");
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The one line of JSON that a good run prints, and nothing else.
fn json_line(arguments: &[&str]) -> String {
    let ended = gridquorum(&[arguments, &["--json"]].concat());
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{arguments:?}");
    assert!(ended.out.ends_with("}\n"), "{}", ended.out);
    assert_eq!(ended.out.matches('\n').count(), 1, "{}", ended.out);
    ended.out.trim_end().to_owned()
}

/// The object that a good run prints. It is flat: lists hold flat objects, nothing else nests.
fn object(arguments: &[&str]) -> Map<String, Value> {
    let line = json_line(arguments);
    let Ok(Value::Object(object)) = serde_json::from_str(&line) else {
        panic!("not an object: {line}");
    };
    for value in object.values() {
        let rows = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let mut cells = rows.iter().flat_map(|row| row.as_object().expect("a row").values());
        assert!(!value.is_object() && cells.all(|cell| !cell.is_object() && !cell.is_array()));
    }
    object
}

/// The number under `key` as it is written: reading it into a float would lose digits.
fn number(line: &str, key: &str) -> Decimal {
    let (_, rest) = line.split_once(&format!("\"{key}\":")).expect("the key is there");
    let end = rest.find([',', '}']).expect("the number ends");
    Decimal::parse(&rest[..end]).expect("a decimal")
}

/// The one line on which a bad run ends; nothing stands on standard output, and the exit code is 2.
fn refusal(arguments: &[&str]) -> String {
    let ended = gridquorum(arguments);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.err);
    assert_eq!(ended.err.matches('\n').count(), 1, "{}", ended.err);
    ended.err.trim_end().to_owned()
}

/// What the one line says about arguments that cannot be read.
fn misuse(arguments: &[&str]) -> String {
    let line = refusal(arguments);
    let said = line.strip_prefix("gridquorum: ").expect("the program names itself");
    said.strip_suffix(" (--help shows the options)").expect("it says where to look").to_owned()
}

/// A file of a test's own.
fn file(name: &str, content: &str) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("calculators-{name}"));
    fs::write(&path, content).expect("a folder for tests");
    path.into_os_string().into_string().expect("a path in UTF-8")
}

/// The arguments of the example that a command's help ends with.
fn example(command: &[&str]) -> Vec<String> {
    let ended = gridquorum(&[command, &["--help"]].concat());
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{command:?}");
    let (_, example) = ended.out.split_once("Example:\n  gridquorum ").expect("an example");
    let words = example.replace("\\\n", " ");
    // A shell takes the quotes away.
    words.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect()
}

/// Every calculator's help ends with an example that runs as it is typed, from the root of the
/// workspace.
#[test]
fn the_examples_of_the_help_work() {
    let commands = [
        &["price"][..],
        &["price", "nrgx"],
        &["price", "nrgx-safe"],
        &["price", "sdr"],
        &["price", "mid-market"],
        &["price", "bill-sharing"],
        &["clear"],
        &["score"],
    ];
    for command in commands {
        let example = example(command);
        assert_eq!(&example[..command.len()], command, "the example is about its command");
        let arguments: Vec<&str> = example.iter().map(String::as_str).collect();
        let ended = gridquorum(&arguments);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(!ended.out.starts_with('{'), "people get lines, not JSON");
        assert!(!object(&arguments).is_empty());
    }
}

/// `--json` means the same before the sub-command, between two of them, and at the end.
#[test]
fn json_is_accepted_anywhere() {
    let own = ["--own=1", "--production=1", "--consumption=1", "--q=0.1", "--r=0.2", "--a=1"];
    let end = gridquorum(&[&["price", "nrgx"], &own[..], &["--json"]].concat());
    assert_eq!(end.code, Some(0));
    assert!(end.out.starts_with('{'));
    assert_eq!(gridquorum(&[&["--json", "price", "nrgx"], &own[..]].concat()), end);
    assert_eq!(gridquorum(&[&["price", "--json", "nrgx"], &own[..]].concat()), end);
    assert_eq!(gridquorum(&[&["price", "nrgx", "--json"], &own[..]].concat()), end);
}
