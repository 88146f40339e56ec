//! Links between replicas, and the pieces that client connections share with them.
//!
//! In: messages to send, bytes from sockets. Out: frames on sockets, messages whose sender's certificate was
//! checked. Refuses to know: what a message says.

pub mod frame;
pub mod handshake;
pub mod crowd;
pub mod outbox;
pub mod link;
