//! A replica that does not say what prepared when it leaves a view.
//!
//! In: what the shipped replica wants to send. Out: its view changes without certificates. Refuses to
//! know: the rest.

use std::sync::Arc;

use consensus::action::Action;
use consensus::classic::message::{Message, ViewChange};
use consensus::classic::record::Record;
use consensus::classic::{Config, Replica};
use consensus::event::Event;
use consensus::protocol::{Actions, Protocol};
use consensus::reject::Reject;

use super::wrap::wrap;
use crate::evidence::Evidence;

/// A replica whose view changes claim that nothing prepared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Forgetful {
    inner: Replica,
}

impl Protocol for Forgetful {
    type Message = Message;
    type Record = Record;
    type Evidence = <Replica as Protocol>::Evidence;
    type Config = Config;

    fn new(config: Config, records: Vec<Record>) -> Self {
        Self { inner: Replica::new(config, records) }
    }

    fn step(&mut self, event: Event<Message>, out: &mut Actions<Self>) -> Result<(), Reject> {
        let mut wanted = Vec::new();
        self.inner.step(event, &mut wanted)?;
        out.extend(wanted.into_iter().map(|action| match action {
            Action::Broadcast { message: Message::ViewChange(vote) } => {
                let vote = ViewChange { prepared: Vec::new(), ..vote.message.clone() };
                let signed = Evidence::default().signer(vote.from).sign(vote);
                Action::Broadcast { message: Message::ViewChange(Arc::new(signed)) }
            }
            other => other,
        }));
        Ok(())
    }

    wrap!();
}
