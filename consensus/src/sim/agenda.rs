//! What is going to happen, and when: virtual time.
//!
//! In: occurrences with a delay. Out: the next one. Refuses to know: what an occurrence is; real time.

use std::collections::BTreeMap;

/// Occurrences in order of time; those of one instant in the order they were entered. The order is kept apart from
/// the occurrences, which are large and stay where they are.
#[derive(Clone, Debug)]
pub struct Agenda<T> {
    now: u64,
    count: u64,
    due: BTreeMap<(u64, u64), usize>,
    places: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { now: 0, count: 0, due: BTreeMap::new(), places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Agenda<T> {
    /// Microseconds since the start.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// A number that was not given out before.
    pub fn ticket(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Enters what happens after `delay` microseconds.
    pub fn later(&mut self, delay: u64, occurrence: T) {
        let ticket = self.ticket();
        let place = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            self.places.len() - 1
        });
        self.places[place] = Some(occurrence);
        self.due.insert((self.now.saturating_add(delay), ticket), place);
    }

    /// Moves on to the next occurrence; none if nothing happens up to `limit`.
    pub fn next(&mut self, limit: u64) -> Option<T> {
        let entry = self.due.first_entry().filter(|entry| entry.key().0 <= limit)?;
        let ((now, _), place) = entry.remove_entry();
        self.now = now;
        self.free.push(place);
        self.places[place].take()
    }

    /// Everything that is going to happen, soonest first.
    pub fn coming(&self) -> impl Iterator<Item = &T> {
        self.due.values().filter_map(|place| self.places[*place].as_ref())
    }
}
