//! An open loop: requests leave when they are meant to, whether or not the ones before were answered.
//!
//! In: a gateway, clients, a rate, a seed. Out: what became of each request, in time since it was meant to leave.
//! Refuses to know: what an operation means.
//!
//! A late request counts from its intended time, so that a cluster which stalls cannot make its clients wait politely
//! and leave the stall out of the figures (coordinated omission). A client has one request outstanding at a time; when
//! no client is free at the intended time the request cannot be sent and has failed.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use consensus::ids::Timestamp;
use consensus::keys::Signer;
use consensus::sim::random::Random;
use node::client::{Done, Gateway};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;

use super::outcome::Outcome;

/// When requests are meant to leave.
#[derive(Clone, Copy, Debug)]
pub struct Arrivals {
    /// How many a second, on average.
    pub rate: f64,
    /// Seed of exponential gaps, as between homes that do not know of each other; equal gaps without one.
    pub seed: Option<u64>,
    /// For how long.
    pub lasting: Duration,
}

/// What became of one request. Times are since the load began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// When it was meant to leave.
    pub intended: Duration,
    /// When its result was certain; none if it failed or could not be sent.
    pub done: Option<Duration>,
    /// The view of the replies.
    pub view: u64,
}

/// What became of every request, in the order in which that was known.
#[derive(Clone, Debug, Default)]
pub struct Timed {
    /// One per arrival.
    pub fates: Vec<Fate>,
}

impl Timed {
    /// What came of the requests that were meant to leave from `from` until `to`.
    pub fn outcome(&self, from: Duration, to: Duration) -> Outcome {
        let mut outcome = Outcome::new(to.saturating_sub(from));
        for fate in self.fates.iter().filter(|fate| (from..to).contains(&fate.intended)) {
            match fate.done {
                Some(done) => outcome.answered(done.saturating_sub(fate.intended)),
                None => outcome.failed += 1,
            }
        }
        outcome
    }
}

/// Sends requests of `clients`, in turn, at intended times since `begun`; `operation` makes the next one of a client,
/// by its index, and `accepts` says whether a result is the one that was wanted. Ends when every request is answered or
/// given up.
///
/// # Errors
///
/// If the machine gives no thread to keep the time.
pub async fn open(
    gateway: &Gateway,
    clients: Rc<[Signer]>,
    arrivals: Arrivals,
    begun: Instant,
    mut operation: impl FnMut(usize) -> Vec<u8>,
    accepts: fn(&Done) -> bool,
) -> io::Result<Timed> {
    let (sender, mut due) = unbounded_channel();
    let pacer = thread::Builder::new().name("pace".to_owned());
    pacer.spawn(move || pace(arrivals, begun, &sender))?;
    let fates = Rc::new(RefCell::new(Vec::new()));
    let free = Rc::new(RefCell::new((0..clients.len()).collect::<VecDeque<usize>>()));
    let tasks = LocalSet::new();
    let sending = async {
        while let Some(intended) = due.recv().await {
            let Some(index) = free.borrow_mut().pop_front() else {
                fates.borrow_mut().push(Fate { intended, done: None, view: 0 });
                continue;
            };
            let (fates, free, gateway) = (fates.clone(), free.clone(), gateway.clone());
            let (clients, operation) = (clients.clone(), operation(index));
            tokio::task::spawn_local(async move {
                let result =
                    gateway.submit(&clients[index], Timestamp::ZERO, operation, Vec::new());
                let result = result.await;
                let (now, view) = (begun.elapsed(), result.as_ref().map_or(0, |r| r.view.get()));
                let done = result.is_ok_and(|result| accepts(&result)).then_some(now);
                fates.borrow_mut().push(Fate { intended, done, view });
                free.borrow_mut().push_back(index);
            });
        }
    };
    tasks.run_until(sending).await;
    tasks.await;
    Ok(Timed { fates: fates.take() })
}

/// Says when each request is due. A thread of its own: the runtime's timer counts in whole milliseconds.
fn pace(arrivals: Arrivals, begun: Instant, due: &UnboundedSender<Duration>) {
    for at in times(arrivals) {
        thread::sleep((begun + at).saturating_duration_since(Instant::now()));
        if due.send(at).is_err() {
            return;
        }
    }
}

/// The intended times, since the beginning.
fn times(arrivals: Arrivals) -> impl Iterator<Item = Duration> {
    let Arrivals { rate, seed, lasting } = arrivals;
    let mut random = seed.map(Random::new);
    let mut at = 0.0;
    let next = move || {
        let gaps = random.as_mut().map_or(1.0, |random| {
            // Inverse of the distribution function, for a uniform number in (0, 1].
            const FINE: u64 = 1 << 53;
            -((random.below(FINE) + 1) as f64 / FINE as f64).ln()
        });
        at += gaps / rate;
        Some(Duration::from_secs_f64(at))
    };
    std::iter::from_fn(next).take_while(move |at| *at < lasting)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Equal gaps of 2 ms are 4,999 requests in 10 s (the one at the end is not in it). Exponential gaps of the same
    /// mean are as many within five standard deviations (the square root of 5,000, times five: 354), the same for the
    /// same seed, and 37 % of the gaps, e^-1, are longer than the mean.
    #[test]
    fn arrivals_keep_their_rate_and_do_not_wait() {
        let arrivals = |seed| Arrivals { rate: 500.0, seed, lasting: 10 * SECOND };
        assert_eq!(times(arrivals(None)).count(), 4_999);
        let random: Vec<_> = times(arrivals(Some(3))).collect();
        assert!(random.len().abs_diff(5_000) < 354, "{}", random.len());
        assert_eq!(random, times(arrivals(Some(3))).collect::<Vec<_>>());
        let gaps = random.windows(2).map(|pair| pair[1] - pair[0]);
        let long = gaps.filter(|gap| *gap > Duration::from_millis(2)).count();
        assert!(long.abs_diff(1_839) < 250, "{long}");
    }

    /// A request that was answered 3 s after it was meant to leave took 3 s, whenever it left; one that was never sent
    /// has failed; what was meant to leave outside the measured time does not count.
    #[test]
    fn latency_counts_from_the_intended_time() {
        let fate = |intended: u32, done: Option<u32>| Fate {
            intended: intended * SECOND,
            done: done.map(|done| done * SECOND),
            view: 0,
        };
        let fates = vec![fate(0, Some(9)), fate(1, Some(4)), fate(2, None), fate(5, Some(6))];
        let outcome = Timed { fates }.outcome(SECOND, 5 * SECOND);
        assert_eq!((outcome.done, outcome.failed, outcome.measured), (1, 1, 4 * SECOND));
        assert!((outcome.quantile_ms(0.5) / 3_000.0 - 1.0).abs() < 1e-3);
    }
}
