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
use node::peers::frame::Frames;
use node::peers::{frame, handshake};
use node::talk::{Question, ToClient, ToReplica, Unwelcome};
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
    let timestamp = consensus::ids::Timestamp::new(1 << 40);
    let operation = register(77).encode();
    let request = consensus::request::Request::new(signer.public_key(), timestamp, operation);
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

/// An encrypted connection to the client port of replica 1.
async fn call(world: &World) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
    let door = doors(&world.deployment).remove(1);
    let socket = tokio::net::TcpStream::connect(door.address).await.expect("the port is open");
    let tls = TlsConnector::from(handshake::client(door.certificate).expect("TLS 1.3"));
    tls.connect(handshake::any_name(), socket).await.expect("everybody may call")
}

fn framed(message: &ToReplica) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame::push(&mut bytes, &encode(message));
    bytes
}

/// Whoever asks and does not read costs a bounded amount of memory: 100 connections, each asking 20,000 times for
/// more than 20 MB of answers, cost a replica less than 1 MiB each. (Their queues hold 256 KiB each; reading,
/// encryption and what the allocator keeps for later add theirs, and three times as many questions cost no more.)
/// Others are answered all the while.
#[test]
fn questions_without_reading_cost_little_memory() {
    const CONNECTIONS: usize = 100;
    const BOUND_KB: u64 = CONNECTIONS as u64 * 1_024;
    let world = World::start("deaf");
    let before = {
        world.settle(0);
        world.cluster.memory_kb(1).expect("this machine tells")
    };
    let question = framed(&ToReplica::Ask { id: 1, question: Question::Status });
    let flood = question.repeat(20_000);
    let held = world.runtime.block_on(async {
        let mut tasks = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut stream = call(&world).await;
            let flood = flood.clone();
            tasks.push(tokio::spawn(async move {
                // The replica stops reading, so this may not end by itself.
                let sent = stream.write_all(&flood);
                let _ = tokio::time::timeout(Duration::from_secs(4), sent).await;
                stream
            }));
        }
        let mut held = Vec::new();
        for task in tasks {
            held.push(task.await.expect("it does not panic"));
        }
        held
    });
    let after = world.cluster.memory_kb(1).expect("this machine tells");
    assert!(world.status(1).is_some(), "others are answered");
    println!("{CONNECTIONS} deaf connections: {before} kB before, {after} kB after");
    assert!(after < before + BOUND_KB, "from {before} kB to {after} kB");
    drop(held);
}

/// The next message on a connection to the client port.
async fn heard(stream: &mut tokio_rustls::client::TlsStream<tokio::net::TcpStream>) -> ToClient {
    let mut arriving = Frames::new(stream, 1 << 20);
    let frames = tokio::time::timeout(Duration::from_secs(10), arriving.next()).await;
    let frames = frames.expect("in time").expect("a frame");
    assert_eq!(frames.len(), 1, "one answer at a time");
    consensus::wire::decode(&frames[0], 1 << 20).expect("a message")
}

/// A stranger who submits something in the name of somebody else's key is refused, and whose key it is hears nothing
/// of it: a refusal with the right number would otherwise cancel a request that is on its way.
#[test]
fn a_stranger_cannot_cancel_a_request() {
    let world = World::start("cancel");
    world.enrol(1);
    let (operator, stranger) = (world.operator(), world.home(99));
    let forge = |operation: Vec<u8>| {
        let timestamp = consensus::ids::Timestamp::new(7);
        let request = consensus::request::Request::new(operator.public_key(), timestamp, operation);
        let signature = stranger.sign(request.clone()).signature;
        let request = consensus::keys::Signed { message: request, signature };
        framed(&ToReplica::Submit(consensus::request::Submission { request, attachment: vec![] }))
    };
    let to = consensus::ids::ReplicaId::new(1);
    let hello = operator.sign(node::talk::Hello { key: operator.public_key(), to });
    world.runtime.block_on(async {
        let mut own = call(&world).await;
        let mut greeting = framed(&ToReplica::Hello(hello));
        greeting.extend(framed(&ToReplica::Ask { id: 3, question: Question::Ping }));
        own.write_all(&greeting).await.expect("written");
        heard(&mut own).await; // the pong: the greeting was taken before it
        let mut other = call(&world).await;
        for (lie, expected) in
            [(vec![0xff; 8], Unwelcome::Inadmissible), (register(77).encode(), Unwelcome::Forged)]
        {
            other.write_all(&forge(lie)).await.expect("written");
            let answer = heard(&mut other).await;
            let ToClient::Refused { client, timestamp, why } = answer else { panic!("{answer:?}") };
            assert_eq!((client, timestamp.get()), (operator.public_key().client(), 7));
            assert_eq!(why, expected, "who lied is told");
        }
        let mut arriving = Frames::new(&mut own, 1 << 20);
        let nothing = tokio::time::timeout(Duration::from_millis(500), arriving.next()).await;
        assert!(nothing.is_err(), "the operator hears of a request that it never sent");
    });
    assert!(world.submit(&operator, register(5)).expect("answered").is_accepted());
}

/// Three hundred silent connections hold the client port, encrypted or not; whoever speaks is answered at once, and
/// the silent are closed within seconds.
#[test]
fn silent_connections_lock_nobody_out() {
    let world = World::start("silent");
    world.settle(0);
    let (_, clients) = world.addresses[1];
    let open = |to| TcpStream::connect(to).expect("the port is open");
    let _held: Vec<_> = (0..300).map(|_| open(clients)).collect();
    let ask = async {
        let mut stream = call(&world).await;
        let ping = framed(&ToReplica::Ask { id: 1, question: Question::Ping });
        stream.write_all(&ping).await.expect("written");
        Frames::new(&mut stream, 1 << 20).next().await.expect("a pong");
    };
    let patience = Duration::from_secs(4);
    let answered = world.runtime.block_on(async { tokio::time::timeout(patience, ask).await });
    assert!(answered.is_ok(), "no answer within {patience:?} beside silent sockets");
    let closed = world.runtime.block_on(async {
        let mut silent = call(&world).await; // encrypted, and then nothing
        let mut end = Frames::new(&mut silent, 1 << 20);
        tokio::time::timeout(Duration::from_secs(8), end.next()).await.map(|_| ())
    });
    assert!(closed.is_ok(), "a connection that says nothing is closed");
}

/// A replica that was restarted gets in while 200 half-open connections are held at each of the other three.
#[test]
fn half_open_connections_do_not_keep_a_replica_out() {
    let mut world = World::start("halfopen");
    world.enrol(1);
    world.settle(1);
    world.cluster.kill(2).expect("it is there");
    assert!(world.submit(&world.operator(), register(8)).expect("a quorum is up").is_accepted());
    let open = |to| TcpStream::connect(to).expect("the port is open");
    let ports: Vec<_> = [0, 1, 3].map(|replica| world.addresses[replica].0).into();
    let _held: Vec<_> = ports.iter().flat_map(|port| (0..200).map(|_| open(*port))).collect();
    world.cluster.spawn(2).expect("it comes back");
    // It needs the others to answer over links into them, and them into it.
    let before = tokio::time::Instant::now();
    let statuses = world.settle(3);
    println!("back after {:?}", before.elapsed());
    assert!(before.elapsed() < Duration::from_secs(4), "before any handshake ran out of time");
    assert!(statuses.iter().all(|status| status.executed == statuses[0].executed));
}
