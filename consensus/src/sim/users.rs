//! The clients of a simulated cluster: each wants a number of operations executed, one after the other.
//!
//! In: what happens to a client. Out: what it wants done. Refuses to know: delays and losses.

use crate::client::{Client, ClientAction, ClientEvent};
use crate::ids::{ClientId, Timestamp};
use crate::keys::{Scope, Signer};

use super::journal;
use super::setup::Setup;

/// One client with what it still wants to submit.
#[derive(Clone, Debug)]
pub struct User {
    client: Client,
    left: u32,
    number: u64,
    done: Vec<Vec<u8>>,
    /// Its timer's expiry counts only if it was not armed or disarmed since.
    pub armed: u64,
}

impl User {
    /// Client number `index` of a cluster.
    pub fn new(setup: &Setup, scope: Scope, index: usize) -> Self {
        let number = index as u64;
        let signer = Signer::symbolic(scope, 1_000_000 + number);
        let client = Client::new(signer, setup.committee, Timestamp::ZERO, setup.patience);
        Self { client, left: setup.requests, number, done: Vec::new(), armed: 0 }
    }

    /// Who it is.
    pub fn id(&self) -> ClientId {
        self.client.id()
    }

    /// Whether it has all its answers.
    pub fn is_served(&self) -> bool {
        self.left == 0 && self.client.outstanding().is_none()
    }

    /// Requests it still waits for or has not sent yet.
    pub fn open(&self) -> u64 {
        u64::from(self.left) + u64::from(self.client.outstanding().is_some())
    }

    /// The results it got, in order.
    pub fn done(&self) -> &[Vec<u8>] {
        &self.done
    }

    /// It wants the next operation executed, if there is one.
    pub fn want(&mut self) -> Vec<ClientAction> {
        if self.left == 0 {
            return Vec::new();
        }
        self.left -= 1;
        let (operation, attachment) = journal::operation(self.number, self.left);
        self.tell(ClientEvent::Submit { operation, attachment })
    }

    /// Something happens to it. What it refuses changes nothing.
    pub fn tell(&mut self, event: ClientEvent) -> Vec<ClientAction> {
        let actions = self.client.step(event).unwrap_or_default();
        for action in &actions {
            if let ClientAction::Done { result, .. } = action {
                self.done.push(result.clone());
            }
        }
        actions
    }
}
