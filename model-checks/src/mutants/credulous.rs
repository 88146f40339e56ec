//! A replica that believes a new view without computing what follows from its view changes.
//!
//! In: what a replica gets. Out: the same, with view changes put into a NEW-VIEW from which its proposals
//! do follow. Refuses to know: the rest.

use std::sync::Arc;

use consensus::classic::message::{Message, NewView};
use consensus::classic::record::Record;
use consensus::classic::{Config, Replica};
use consensus::event::Event;
use consensus::ids::View;
use consensus::protocol::{Actions, Protocol};
use consensus::reject::Reject;

use super::wrap::wrap;
use crate::evidence::Evidence;

/// A replica that takes the word of a new primary.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Credulous {
    inner: Replica,
}

/// The same proposals with view changes that justify them.
fn justified(new_view: &NewView) -> NewView {
    let claim = new_view.pre_prepares.first().map(|proposal| (View::ZERO, proposal.digest));
    let view_changes = Evidence::default().view_changes(new_view.view, claim);
    NewView { view_changes, ..new_view.clone() }
}

impl Protocol for Credulous {
    type Message = Message;
    type Record = Record;
    type Evidence = <Replica as Protocol>::Evidence;
    type Config = Config;

    fn new(config: Config, records: Vec<Record>) -> Self {
        Self { inner: Replica::new(config, records) }
    }

    fn step(&mut self, event: Event<Message>, out: &mut Actions<Self>) -> Result<(), Reject> {
        let Event::Received(message) = &event else { return self.inner.step(event, out) };
        let Message::NewView(new_view) = &**message else { return self.inner.step(event, out) };
        let evidence = Evidence::default();
        let signed = evidence.signer(new_view.from).sign(justified(new_view));
        let message = evidence.keyring().verify(Message::NewView(Arc::new(signed)));
        let message = message.expect("symbolic keys belong to everybody");
        self.inner.step(Event::Received(message), out)
    }

    wrap!();
}
