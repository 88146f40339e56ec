//! Room for so many at a time: when all places are taken, whoever was silent for longest makes room.
//!
//! In: arrivals, signs of life. Out: a place, and word when it is taken away. Refuses to know: what sits on it.
//!
//! Turning newcomers away would let anybody who holds all places lock everybody else out for nothing. Those who said
//! nothing that makes sense yet go first, the oldest of them before the others; so whoever speaks at once gets in
//! however many sit there in silence.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A bounded number of places.
#[derive(Debug)]
pub struct Crowd {
    most: usize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Counts arrivals and signs of life: the order in which they came.
    clock: u64,
    guests: BTreeMap<u64, Guest>,
}

#[derive(Debug)]
struct Guest {
    /// Whether it ever said something that makes sense.
    spoke: bool,
    /// When it came or spoke last.
    heard: u64,
    leave: Arc<Notify>,
}

/// A place; given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    crowd: Arc<Crowd>,
    number: u64,
    leave: Arc<Notify>,
}

impl Crowd {
    /// Room for `most`, at least one.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most: most.max(1), inner: Mutex::default() })
    }

    /// Takes a place, and says whether somebody has to leave for it.
    pub fn enter(self: &Arc<Self>) -> (Place, bool) {
        let mut inner = self.lock();
        let is_full = inner.guests.len() >= self.most;
        if is_full {
            let rank = |(_, guest): &(&u64, &Guest)| (guest.spoke, guest.heard);
            let silent = inner.guests.iter().min_by_key(rank).map(|(number, _)| *number);
            if let Some(guest) = silent.and_then(|number| inner.guests.remove(&number)) {
                guest.leave.notify_one();
            }
        }
        inner.clock += 1;
        let (number, leave) = (inner.clock, Arc::new(Notify::new()));
        inner.guests.insert(number, Guest { spoke: false, heard: number, leave: leave.clone() });
        (Place { crowd: self.clone(), number, leave }, is_full)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Whoever sits here said something that makes sense.
    pub fn hear(&self) {
        let mut inner = self.crowd.lock();
        inner.clock += 1;
        let now = inner.clock;
        if let Some(guest) = inner.guests.get_mut(&self.number) {
            (guest.spoke, guest.heard) = (true, now);
        }
    }

    /// Waits until the place is taken away.
    pub async fn taken(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.crowd.lock().guests.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    async fn is_taken(place: &Place) -> bool {
        timeout(Duration::from_millis(1), place.taken()).await.is_ok()
    }

    /// The silent go before those who spoke, the older before the newer, and nobody goes while there is room.
    #[tokio::test]
    async fn the_longest_silent_makes_room() {
        let crowd = Crowd::new(3);
        let (spoke, _) = crowd.enter();
        spoke.hear();
        let (older, _) = crowd.enter();
        let (newer, full) = crowd.enter();
        assert!(!full);
        let (fourth, full) = crowd.enter();
        assert!(full && is_taken(&older).await && !is_taken(&newer).await);
        [&newer, &fourth].into_iter().for_each(Place::hear);
        let (_fifth, _) = crowd.enter();
        assert!(is_taken(&spoke).await, "all spoke, and this one before the others");
        assert!(!is_taken(&newer).await && !is_taken(&fourth).await);
    }

    #[tokio::test]
    async fn a_place_that_was_left_is_free() {
        let crowd = Crowd::new(1);
        let (first, _) = crowd.enter();
        drop(first);
        let (_second, full) = crowd.enter();
        assert!(!full);
    }
}
