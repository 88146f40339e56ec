//! Who waits for whose replies: the one thing that the driver and the client port share.
//!
//! In: clients, and the queue of the connection on which each was heard last. Out: messages on those queues. Refuses
//! to know: sockets, requests, whether anybody reads.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use consensus::ids::ClientId;
use consensus::keys::Signed;
use consensus::request::{Replies, Reply};
use consensus::wire;

use crate::metrics::Count;
use crate::peers::outbox::Outbox;
use crate::talk::ToClient;

/// Keys that no member has, waiting for replies on all connections together: those that were registered a moment ago.
/// Members are as many as the ledger admits; strangers can make as many keys as they like.
const STRANGERS: usize = 4_096;

/// Bytes of replies under one signature: far below the longest frame, and far above what the signature costs.
const PAGE: usize = 64 << 10;
/// What a reply takes beside its result: view, timestamp, client and a length, rounded up.
const REPLY_BYTES: usize = 56;

/// Which connection waits for which client's replies.
#[derive(Debug, Default)]
pub struct Registry {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: HashMap<ClientId, Waiting>,
    strangers: usize,
}

#[derive(Debug)]
struct Waiting {
    connection: u64,
    queue: Outbox,
    is_member: bool,
}

impl Registry {
    /// Sends a message to whoever asked last for `client`; `false` if nobody did or there is no room.
    pub fn send(&self, client: &ClientId, message: &ToClient) -> bool {
        let queue = self.lock().waiting.get(client).map(|waiting| waiting.queue.clone());
        queue.is_some_and(|queue| queue.try_push(wire::encode(message).into(), None))
    }

    /// Sends replies to whoever asked last for their clients, those of one connection together under one signature,
    /// which `sign` makes. Replies that nobody waits for, or that find no room, are lost: clients ask again.
    pub fn answer(&self, replies: Vec<Reply>, sign: impl Fn(Vec<Reply>) -> Signed<Replies>) {
        let mut letters: BTreeMap<u64, Letter> = BTreeMap::new();
        {
            let inner = self.lock();
            for reply in replies {
                let Some(waiting) = inner.waiting.get(&reply.client) else { continue };
                let letter = letters.entry(waiting.connection);
                letter.or_insert_with(|| Letter::to(&waiting.queue)).add(reply);
            }
        }
        for Letter { queue, pages, .. } in letters.into_values() {
            for page in pages {
                let message = ToClient::Replies(sign(page));
                queue.try_push(wire::encode(&message).into(), Some(Count::Replies));
            }
        }
    }

    /// From now on `connection` waits for the replies of `client`; who waited before does not any more. `false` if
    /// there is no room for another stranger.
    pub fn register(
        &self,
        client: ClientId,
        is_member: bool,
        connection: u64,
        queue: &Outbox,
    ) -> bool {
        let mut inner = self.lock();
        if !is_member && inner.strangers >= STRANGERS && !inner.waiting.contains_key(&client) {
            return false;
        }
        inner.remove(&client);
        inner.strangers += usize::from(!is_member);
        inner.waiting.insert(client, Waiting { connection, queue: queue.clone(), is_member });
        true
    }

    /// `connection` is gone; clients that came back on another one stay.
    pub fn forget<'a>(&self, clients: impl IntoIterator<Item = &'a ClientId>, connection: u64) {
        let mut inner = self.lock();
        for client in clients {
            if inner.waiting.get(client).is_some_and(|waiting| waiting.connection == connection) {
                inner.remove(client);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replies for one connection, in portions that fit into a frame.
struct Letter {
    queue: Outbox,
    pages: Vec<Vec<Reply>>,
    /// Bytes in the last page, about.
    bytes: usize,
}

impl Letter {
    fn to(queue: &Outbox) -> Self {
        Self { queue: queue.clone(), pages: vec![Vec::new()], bytes: 0 }
    }

    fn add(&mut self, reply: Reply) {
        let bytes = REPLY_BYTES + reply.result.len();
        if self.bytes + bytes > PAGE {
            self.pages.push(Vec::new());
            self.bytes = 0;
        }
        self.bytes += bytes;
        self.pages.last_mut().expect("a letter has a page").push(reply);
    }
}

impl Inner {
    fn remove(&mut self, client: &ClientId) {
        if let Some(waiting) = self.waiting.remove(client) {
            self.strangers -= usize::from(!waiting.is_member);
        }
    }
}

#[cfg(test)]
mod tests {
    use consensus::ids::Digest;

    use super::*;
    use crate::peers::outbox::outbox;

    fn client(number: usize) -> ClientId {
        ClientId::new(Digest::of("registry test", &(number as u64)))
    }

    /// Keys that anybody can make fill their share and no more; members find room all the same, and who leaves makes
    /// room.
    #[test]
    fn strangers_cannot_fill_the_registry() {
        let registry = Registry::default();
        let (queue, _pending) = outbox(1, 1);
        let taken = (0..STRANGERS + 10).filter(|n| registry.register(client(*n), false, 1, &queue));
        assert_eq!(taken.count(), STRANGERS);
        assert!(registry.register(client(0), false, 1, &queue), "greeting again takes no room");
        assert!(registry.register(client(STRANGERS), true, 2, &queue));
        registry.forget(&[client(0), client(1)], 1);
        assert!(registry.register(client(STRANGERS + 1), false, 1, &queue));
        assert!(registry.register(client(STRANGERS + 2), false, 1, &queue));
        assert!(!registry.register(client(STRANGERS + 3), false, 1, &queue));
    }
}
