//! What an auction has to say of itself to be examined.
//!
//! In: a book. Out: what a rule did with it, in plain numbers. Refuses to know: whether they are
//! right.

use super::super::claim::Claim;
use crate::error::MarketError;
use crate::invariant::Invariant;
use crate::matching::{Clearing, Seed, Trade};
use crate::order::{Order, Outcome};

/// An auction that can be examined.
pub trait Auction {
    /// The head of its column.
    fn name(&self) -> String;

    /// What it says about an invariant.
    fn claim(&self, invariant: Invariant) -> Claim;

    /// Clears a book.
    ///
    /// # Errors
    ///
    /// Of a book that is none.
    fn clear(&self, orders: &[Order], seed: &Seed) -> Result<Cleared, MarketError>;

    /// Whether all orders have to have the same quantity.
    fn wants_one_quantity(&self) -> bool {
        false
    }
}

/// What a rule says that it did, in numbers that need not fit each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// One for each order.
    pub outcomes: Vec<Outcome>,
    /// What each order changes on its author's account, in nano-currency: positive is received.
    pub amounts: Vec<i128>,
    /// What the operator keeps, in nano-currency.
    pub surplus: i128,
    /// Who traded with whom.
    pub trades: Vec<Trade>,
}

impl Cleared {
    /// What a clearing of `orders` says.
    ///
    /// # Errors
    ///
    /// [`MarketError::Overflow`] if an amount leaves 64 bits.
    pub fn of(clearing: &Clearing, orders: &[Order]) -> Result<Self, MarketError> {
        let amounts = clearing.amounts(orders)?;
        let nano = clearing.surplus_nano();
        Ok(Self {
            outcomes: clearing.outcomes.clone(),
            amounts: amounts.iter().map(|amount| amount.nano().into()).collect(),
            surplus: nano,
            trades: clearing.trades(orders),
        })
    }
}
