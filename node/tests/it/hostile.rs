//! Strangers at both ports: garbage, oversized frames, half-open connections, wrong certificates.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use consensus::keys::Signer;
use consensus::wire::encode;
use node::client::{Gateway, Patience};
use node::founding::Founding;
use node::keys;
use node::metrics::Count;
use node::peers::{frame, handshake};
use node::talk::{Question, ToReplica};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsConnector;

use crate::world::{Scratch, World, doors, register};

/// Opens a TLS connection with this configuration and sends `bytes`; whether the handshake succeeded.
fn send_tls(
    world: &World,
    to: SocketAddr,
    config: std::sync::Arc<rustls::ClientConfig>,
    bytes: &[u8],
) -> bool {
    world.runtime.block_on(async {
        let socket = tokio::net::TcpStream::connect(to).await.expect("the port is open");
        let tls = TlsConnector::from(config);
        let Ok(mut stream) = tls.connect(handshake::any_name(), socket).await else { return false };
        // TLS 1.3 tells a caller of its refusal only when it reads; the write may still succeed.
        let _ = stream.write_all(bytes).await;
        let _ = stream.flush().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        true
    })
}

fn counter(world: &World, count: Count) -> u64 {
    let status = world.status(1).expect("replica 1 is up");
    status.counters.get(count.name()).copied().unwrap_or(0)
}

/// Everything a stranger can throw at either port is refused and counted, memory stays where it was, and the
/// cluster goes on.
#[test]
fn strangers_are_refused_and_counted_and_change_nothing() {
    let world = World::start("hostile");
    world.enrol(1);
    let (peers, clients) = world.addresses[1];
    let door = doors(&world.deployment).remove(1);
    let before = world.cluster.memory_kb(1).expect("this machine tells");

    // Half-open connections to both ports, held until the end.
    let open = |to| TcpStream::connect(to).expect("the port is open");
    let held: Vec<_> = (0..40).flat_map(|_| [open(peers), open(clients)]).collect();

    // Bytes that are no TLS.
    for to in [peers, clients] {
        for _ in 0..20 {
            let mut socket = open(to);
            let _ = socket.write_all(&[0x55; 4096]); // the other side may have hung up already
        }
    }
    // A certificate of nobody, on the port for replicas.
    let scratch = Scratch::new("stranger");
    let (certificate, key) = (scratch.path("cert.pem"), scratch.path("link.key"));
    keys::write_link_identity(&certificate, &key, "replica").expect("writable");
    let own = keys::read_certificate(&certificate).expect("just written");
    let stranger = || {
        let key = keys::read_link_key(&key).expect("just written");
        handshake::caller(own.clone(), key, door.certificate.clone()).expect("a pair")
    };
    send_tls(&world, peers, stranger(), &[0; 64]);
    let handshakes = wait_for(&world, Count::Handshakes, 42);
    assert!(
        handshakes >= 42,
        "{handshakes} refused handshakes: noise at both ports, and the stranger"
    );

    // On the client port a connection proves nothing, so it is the frames that are refused.
    let client = || handshake::client(door.certificate.clone()).expect("TLS 1.3");
    let mut garbage = Vec::new();
    frame::push(&mut garbage, &[0xff; 1000]);
    assert!(send_tls(&world, clients, client(), &garbage));
    assert!(send_tls(&world, clients, client(), &u32::MAX.to_le_bytes()));
    let mut forged = submission(&world);
    let last = forged.len() - 2;
    forged[last] ^= 1; // within the signature
    let mut framed = Vec::new();
    frame::push(&mut framed, &forged);
    assert!(send_tls(&world, clients, client(), &framed));
    assert_eq!(wait_for(&world, Count::Garbage, 1), 1);
    assert_eq!(wait_for(&world, Count::Oversized, 1), 1);
    assert_eq!(wait_for(&world, Count::Forged, 1), 1);

    // The cluster goes on, and what was thrown away was not kept.
    let receipt = world.submit(&world.operator(), register(99)).expect("answered");
    assert!(receipt.is_accepted(), "{receipt:?}");
    let after = world.cluster.memory_kb(1).expect("this machine tells");
    assert!(after < before + 32 * 1024, "from {before} kB to {after} kB");
    drop(held);
}

/// A signed submission as it travels, ending in the signature and an empty private part.
fn submission(world: &World) -> Vec<u8> {
    let signer: Signer = world.operator();
    let request = consensus::request::Request {
        key: signer.public_key(),
        timestamp: consensus::ids::Timestamp::new(1 << 40),
        operation: register(77).encode(),
    };
    let request = signer.sign(request);
    encode(&ToReplica::Submit(consensus::request::Submission { request, attachment: Vec::new() }))
}

/// Waits until a counter of replica 1 reaches a value, and returns it.
fn wait_for(world: &World, count: Count, value: u64) -> u64 {
    for _ in 0..200 {
        if counter(world, count) >= value {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    counter(world, count)
}

/// A client talks to the pinned replica only: with another certificate in its configuration it gets no answer.
#[test]
fn a_client_refuses_a_replica_with_another_certificate() {
    let world = World::start("impostor");
    let founding: &Founding = &world.deployment.founding;
    let mut swapped = doors(&world.deployment);
    let other = swapped[1].certificate.clone();
    swapped[0].certificate = other;
    let patience = Patience { first: Duration::from_millis(200), most: Duration::from_secs(1) };
    let gateway = {
        let _inside = world.runtime.enter();
        Gateway::start(founding, swapped, patience).expect("TLS")
    };
    let ask = |replica| {
        let id = consensus::ids::ReplicaId::new(replica);
        world.runtime.block_on(gateway.ask(id, Question::Ping, Duration::from_secs(1)))
    };
    // The other three are there, so replica 0 had its time too; who is not there is not asked.
    world.runtime.block_on(gateway.wait(3, Duration::from_secs(20)));
    assert!(ask(0).is_none(), "replica 0 shows a certificate that is not the one pinned for it");
    assert!(ask(1).is_some(), "replica 1 shows its own");
}
