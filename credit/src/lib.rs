//! What past behaviour says: a member's settled slots in, a score with its reasons out.
//!
//! In: settled slots as the market's lines describe them, and whether they were paid. Out: a score
//! of 0 to 1000 from a versioned rule, and at most four reasons for what is missing to 1000.
//! Refuses to know: accounts, who asks, why.
//!
//! ```
//! use credit::{Entry, History, Payment, ScoreRule};
//! use market::{Energy, Money, Slot};
//!
//! let mut history = History::default();
//! let entry = Entry {
//!     slot: Slot::ZERO,
//!     bill: Money::from_nano(70_000_000),
//!     payment: Payment::OnTime,
//!     contracted: Energy::from_wh(400),
//!     deviation: Energy::from_wh(30),
//!     missing: false,
//!     import: Energy::from_wh(430),
//!     local_solar: Energy::from_wh(215),
//! };
//! history.fold(entry)?;
//! let assessment = ScoreRule::V1.assess(&history);
//! // Paid, kept and half solar is better than nothing known.
//! assert!(assessment.score.get() > 500);
//! # Ok::<(), credit::CreditError>(())
//! ```

mod error;
mod entry;
mod factor;
mod history;
mod reason;
mod score;

pub use entry::{Entry, Payment};
pub use error::CreditError;
pub use factor::{Cause, Factor};
pub use history::History;
pub use reason::Reason;
pub use score::{Assessment, FactorScore, Score, ScoreRule, Weights};
