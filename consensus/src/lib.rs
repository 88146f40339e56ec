//! Practical Byzantine fault tolerance as a state machine without input or output.
//!
//! One door in, one door out: everything that can happen to a replica is an [`event::Event`], everything it
//! wants done is an [`action::Action`], and [`protocol::Protocol::step`] turns one into the others. No clock, no
//! threads, no randomness, no sockets: the code that a node deploys is the code that a model checker explores, a
//! simulator torments and a benchmark times.
//!
//! ```
//! use consensus::action::Action;
//! use consensus::classic::{Config, Replica, message::Message};
//! use consensus::committee::Committee;
//! use consensus::event::Event;
//! use consensus::ids::{Digest, NetworkId, ReplicaId, Timestamp};
//! use consensus::keys::{Keyring, Scope, Signer};
//! use consensus::limits::Limits;
//! use consensus::protocol::Protocol;
//! use consensus::request::{Proposal, Request, Submission};
//!
//! // Four replicas with keys for models; a node uses `Signer::ed25519`.
//! let scope = Scope::new(NetworkId::new(Digest::of("example", &())));
//! let keys = (0..4).map(|id| Signer::symbolic(scope, id).public_key()).collect();
//! let keyring = Keyring::symbolic(scope, keys);
//! let mut primary = Replica::new(
//!     Config {
//!         id: ReplicaId::new(0),
//!         committee: Committee::try_new(4)?,
//!         limits: Limits::default(),
//!         signer: Signer::symbolic(scope, 0),
//!         genesis: Digest::of("state", &()),
//!     },
//!     Vec::new(),
//! );
//! let mut actions = Vec::new();
//! primary.step(Event::Started, &mut actions)?;
//!
//! // A client signs a request; the primary has a batch built of it.
//! let client = Signer::symbolic(scope, 100);
//! let (key, timestamp) = (client.public_key(), Timestamp::new(1));
//! let request = client.sign(Request::new(key, timestamp, b"light on".as_slice()));
//! let request = Message::Request(Submission { request, attachment: Vec::new() });
//! actions.clear();
//! primary.step(Event::Received(keyring.verify(request)?), &mut actions)?;
//! let [Action::Build { requests }] = actions.as_slice() else { panic!("{actions:?}") };
//! let batch = Proposal::new(ReplicaId::new(0), Vec::new(), requests.clone());
//!
//! // What the driver has to do now, in this order: write the vote down, then propose.
//! actions.clear();
//! primary.step(Event::Built { proposal: Some(batch) }, &mut actions)?;
//! let [Action::Persist { .. }, Action::Broadcast { message }] = actions.as_slice() else {
//!     panic!("{actions:?}")
//! };
//! assert_eq!(message.name(), "pre-prepare");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In: events. Out: actions. Refuses to know: what an operation means, where bytes come from, how time passes.

mod halves;
pub mod ids;
pub mod committee;
pub mod limits;
pub mod wire;
pub mod keys;
pub mod request;
pub mod client_table;
pub mod certificate;
pub mod reject;
pub mod event;
pub mod action;
pub mod protocol;
pub mod application;
pub mod exit;
pub mod client;
pub mod classic;
pub mod analysis;
pub mod adversary;
#[cfg(feature = "sim")]
pub mod sim;
