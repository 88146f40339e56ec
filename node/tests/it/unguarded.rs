//! Settings that trade safety for speed: where they are refused, and what they do where they are not.

use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};

use consensus::keys::ClientAuthentication;
use node::audit::audit;
use node::config::{Config, Risk};
use node::trial::cluster::free_addresses;

use crate::world::{Scratch, World, edit, program, refused, run};

const ASYNC: (&str, &str) = ("durability = \"sync\"", "durability = \"async\"");
const UNSIGNED: (&str, &str) =
    ("client_authentication = \"signature\"", "client_authentication = \"none\"");

fn apply(config: &Path, settings: &[(&str, &str)]) {
    for (from, to) in settings {
        edit(config, from, to);
    }
}

/// Each setting is a risk where another machine can reach a replica, on either port; none on the loopback interface.
/// What is refused is named with file, line and field, and only the right word lets it through.
#[test]
fn what_is_unsafe_has_to_be_allowed_where_others_can_reach_it() {
    let scratch = Scratch::new("risks");
    let out = scratch.path("region");
    assert!(run(&["init", "--out", &out.to_string_lossy(), "--port", "17480"]).status.success());
    let config = out.join("replica-0/config.toml");
    let original = std::fs::read_to_string(&config).expect("readable");
    let (both, open) = ([ASYNC, UNSIGNED], [Risk::AsyncDurability, Risk::UnsignedClients]);
    let peers = ("127.0.0.1:17480", "0.0.0.0:17480");
    let clients = ("127.0.0.1:17481", "192.0.2.1:17481");
    for (settings, address, expected) in [
        (&both[..0], Some(peers), &open[..0]),
        (&both[..1], Some(peers), &open[..1]),
        (&both[1..], Some(clients), &open[1..]),
        (&both[..], Some(clients), &open[..]),
        (&both[..], None, &open[..0]),
    ] {
        apply(&config, settings);
        apply(&config, address.as_slice());
        let read = Config::read(&config).expect("it fits together");
        assert_eq!(read.risks(), expected, "{settings:?} {address:?}");
        std::fs::write(&config, &original).expect("writable");
    }

    apply(&config, &[ASYNC, UNSIGNED, peers]);
    let line_of = |field: &str| {
        let text = std::fs::read_to_string(&config).expect("readable");
        1 + text.lines().position(|line| line.starts_with(field)).expect("it stands there")
    };
    let name = config.to_string_lossy().into_owned();
    let place = |field: &str| format!("{name}:{}: field {field}", line_of(field));
    let cases: [(&[&str], String, &str); 3] = [
        (&[], place("durability"), "--allow async-durability"),
        (&["unsigned-clients"], place("durability"), "--allow async-durability"),
        (&["async-durability"], place("client_authentication"), "--allow unsigned-clients"),
    ];
    for (allowed, place, remedy) in cases {
        let allowed = allowed.iter().flat_map(|risk| ["--allow", risk]);
        let arguments: Vec<&str> = ["node", "--config", &name].into_iter().chain(allowed).collect();
        let line = refused(&arguments);
        assert!(line.contains(&place) && line.contains(remedy), "{place}, {remedy}: {line}");
    }
    let line = refused(&["node", "--config", &name, "--allow", "everything"]);
    assert!(line.contains("'everything'") && line.contains("async-durability"), "{line}");
}

/// With both risks allowed by name, a replica opens its ports where others can reach them.
#[test]
fn what_is_allowed_by_name_starts() {
    let scratch = Scratch::new("allowed");
    let out = scratch.path("region");
    assert!(run(&["init", "--out", &out.to_string_lossy(), "--port", "17490"]).status.success());
    let config = out.join("replica-0/config.toml");
    let (peers, clients) = free_addresses(1).expect("free ports")[0];
    let everywhere = format!("{}:{}", Ipv4Addr::UNSPECIFIED, peers.port());
    let moved = [("127.0.0.1:17490", &*everywhere), ("127.0.0.1:17491", &*clients.to_string())];
    apply(&config, &[ASYNC, UNSIGNED]);
    apply(&config, &moved);
    let mut replica = Command::new(program())
        .args(["node", "--config", &config.to_string_lossy()])
        .args(["--allow", "async-durability", "--allow", "unsigned-clients"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut line = String::new();
    let said = BufReader::new(replica.stdout.take().expect("piped")).read_line(&mut line);
    replica.kill().expect("it runs");
    replica.wait().expect("it ends");
    said.expect("readable");
    assert!(line.contains(&format!("ready: replicas at {everywhere}")), "{line}");
}

/// On the loopback interface nothing has to be allowed: commands are executed without a client's signature and before
/// they are durable. An audit says plainly that nobody can tell who gave them, in one line for all blocks.
#[test]
fn unguarded_replicas_serve_and_an_audit_says_what_that_costs() {
    let settings = |config: &Path| apply(config, &[ASYNC, UNSIGNED]);
    let world = World::start_with("unguarded", ClientAuthentication::None, settings);
    world.enrol(3);
    world.settle(1);
    let data = world.data(1);
    let (cluster, _folder) = world.take_apart();
    cluster.stop().expect("they stop when asked");
    let outcome = audit(&data, |_| {}).expect("a chain");
    assert_eq!(outcome.commands, 4, "three registrations and the opening");
    assert!(outcome.blocks > 1 && outcome.unsigned == outcome.blocks, "{outcome:?}");
    let [finding] = &outcome.findings[..] else { panic!("{:?}", outcome.findings) };
    let plain = "block 1: nothing proves who gave its commands: they carry no signature";
    assert!(finding.starts_with(plain), "{finding}");
    assert!(!outcome.holds, "what nobody signed is not proved");
}
