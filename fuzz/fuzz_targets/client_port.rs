//! Hunts bytes on the client port that decode to a message and encode to other bytes, or panic on the way.
//! Built on request: `cargo +nightly fuzz run --features node client-port`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| node::fuzz::client_port(bytes));
