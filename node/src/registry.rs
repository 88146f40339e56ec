//! Who waits for whose replies: the one thing that the driver and the client port share.
//!
//! In: clients, and the queue of the connection on which each was heard last. Out: messages on those queues. Refuses
//! to know: sockets, requests, whether anybody reads.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use consensus::ids::ClientId;
use consensus::wire;
use tokio::sync::mpsc;

use crate::peers::link::Payload;
use crate::talk::ToClient;

/// Which connection waits for which client's replies.
#[derive(Debug, Default)]
pub struct Registry {
    inner: Mutex<BTreeMap<ClientId, (u64, mpsc::Sender<Payload>)>>,
}

impl Registry {
    /// Sends a message to whoever asked last for `client`; `false` if nobody did or there is no room.
    pub fn send(&self, client: &ClientId, message: &ToClient) -> bool {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((_, queue)) = inner.get(client) else { return false };
        queue.try_send(wire::encode(message).into()).is_ok()
    }

    /// From now on `connection` waits for the replies of `client`; who waited before does not any more.
    pub fn register(&self, client: ClientId, connection: u64, queue: &mpsc::Sender<Payload>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.insert(client, (connection, queue.clone()));
    }

    /// `connection` is gone; clients that came back on another one stay.
    pub fn forget(&self, clients: &[ClientId], connection: u64) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        for client in clients {
            if inner.get(client).is_some_and(|(owner, _)| *owner == connection) {
                inner.remove(client);
            }
        }
    }
}
