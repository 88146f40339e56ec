//! Load: many clients behind one gateway, and how long each waited.
//!
//! In: a gateway, who sends what, and when. Out: counts and latencies. Refuses to know: replicas.

mod outcome;
mod closed;
mod open;

pub use closed::{client, closed};
pub use open::{Arrivals, Fate, Timed, open};
pub use outcome::Outcome;
