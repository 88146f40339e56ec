//! A snapshot for readers: one writer publishes values, readers take the latest one with its
//! version.
//!
//! In: values behind an `Arc`. Out: a version and the value that was published with it. Refuses to
//! know: what the value is. A reader holds the lock only while it copies a pointer, so it never
//! delays the writer by more than that, and a value that a reader took stays as it was.
//!
//! # Guarantee
//!
//! A reader sees either the old pair or the new one, never a version of one with the value of the
//! other, and its versions never go back. Why: version and pointer are written and read under one
//! lock, and the version only grows there. The loom test below tries every interleaving.

use std::sync::PoisonError;

use crate::sync::{Arc, Mutex};

/// The place where a writer leaves the latest value for readers.
#[derive(Debug)]
pub struct Published<T> {
    latest: Mutex<(u64, Arc<T>)>,
}

impl<T> Published<T> {
    /// Publishes `value` as version 0.
    pub fn new(value: Arc<T>) -> Self {
        Self { latest: Mutex::new((0, value)) }
    }

    /// Replaces the value and returns its version, one above the one before.
    pub fn publish(&self, value: Arc<T>) -> u64 {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let version = latest.0 + 1;
        let previous = std::mem::replace(&mut *latest, (version, value));
        drop(latest); // before `previous`: freeing a large value must not make readers wait
        drop(previous);
        version
    }

    /// The latest version with the value that was published as this version.
    pub fn read(&self) -> (u64, Arc<T>) {
        let latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        (latest.0, Arc::clone(&latest.1))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Arc, Published};

    /// A value that a reader took does not change when the writer goes on.
    #[test]
    fn a_reader_keeps_what_it_took() {
        let published = Published::new(Arc::new("a"));
        let (first, taken) = published.read();
        assert_eq!(published.publish(Arc::new("b")), 1);
        assert_eq!((first, *taken), (0, "a"));
        let (second, latest) = published.read();
        assert_eq!((second, *latest), (1, "b"));
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::{Arc, Published};

    /// In every interleaving of a writer that publishes twice and a reader that reads three times,
    /// the reader sees whole pairs only (value n was published as version n) and versions that
    /// never go back. One reader is enough: readers share nothing but the lock.
    #[test]
    fn loom_a_reader_sees_whole_pairs_in_order() {
        loom::model(|| {
            let published = Arc::new(Published::new(Arc::new(0_u64)));
            let shared = Arc::clone(&published);
            let reader = loom::thread::spawn(move || {
                let mut last = 0;
                for _ in 0..3 {
                    let (version, value) = shared.read();
                    assert_eq!(version, *value, "a torn pair");
                    assert!(last <= version, "version {version} after {last}");
                    last = version;
                }
            });
            assert_eq!(published.publish(Arc::new(1)), 1);
            assert_eq!(published.publish(Arc::new(2)), 2);
            reader.join().expect("the reader holds its claims");
            assert_eq!(published.read().0, 2);
        });
    }
}
