//! A replica whose votes do not survive a crash.
//!
//! In: records. Out: the shipped replica, given all of them but its votes. Refuses to know: the rest.

use consensus::classic::message::Message;
use consensus::classic::record::Record;
use consensus::classic::{Config, Replica};
use consensus::event::Event;
use consensus::protocol::{Actions, Protocol};
use consensus::reject::Reject;

use super::wrap::wrap;

/// A replica that forgets what it voted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Amnesiac {
    inner: Replica,
}

impl Protocol for Amnesiac {
    type Message = Message;
    type Record = Record;
    type Evidence = <Replica as Protocol>::Evidence;
    type Config = Config;

    fn new(config: Config, records: Vec<Record>) -> Self {
        let is_kept = |record: &Record| !matches!(record, Record::Voted { .. });
        let records = records.into_iter().filter(is_kept).collect();
        Self { inner: Replica::new(config, records) }
    }

    fn step(&mut self, event: Event<Message>, out: &mut Actions<Self>) -> Result<(), Reject> {
        self.inner.step(event, out)
    }

    wrap!();
}
