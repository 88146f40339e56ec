//! The body of a fuzz target: what must hold for any bytes at all on the client port.
//!
//! In: bytes. Out: nothing, or a panic that says what did not hold. Refuses to know: where the bytes come from - a
//! fuzzer, or the committed seeds that the tests below replay.

use std::fmt::Debug;

use consensus::wire;
use serde::{Serialize, de::DeserializeOwned};

use crate::talk::{CLIENT_FRAME_MAX, REPLICA_FRAME_MAX, ToClient, ToReplica};

/// Messages to and from clients have one encoding: what decodes encodes to the same bytes. The first byte chooses
/// the direction.
///
/// # Panics
///
/// If a message decoded from bytes encodes to others.
pub fn client_port(bytes: &[u8]) {
    match bytes.split_first() {
        Some((kind, rest)) if kind % 2 == 0 => round_trip::<ToReplica>(rest, CLIENT_FRAME_MAX),
        Some((_, rest)) => round_trip::<ToClient>(rest, REPLICA_FRAME_MAX),
        None => {}
    }
}

fn round_trip<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8], most: usize) {
    if let Ok(value) = wire::decode::<T>(bytes, most) {
        assert_eq!(wire::encode(&value), bytes, "{value:?} has two encodings");
    }
}

#[cfg(test)]
mod tests;
