//! What the shipped auctions claim.
//!
//! In: a mechanism. Out: a claim for each invariant, with a word on each that is broken. Refuses to
//! know: whether claims are true.

use super::super::claim::Claim;
use super::rule::{Auction, Cleared};
use crate::error::MarketError;
use crate::invariant::Invariant;
use crate::matching::{Kappa, Mechanism, Seed};
use crate::order::Order;

impl Auction for Mechanism {
    fn name(&self) -> String {
        let name = self.to_string();
        name.split_once(' ').map_or(name.clone(), |(first, _)| first.to_owned())
    }

    fn claim(&self, invariant: Invariant) -> Claim {
        let keeps = self.keeps().contains(&invariant);
        match (self, invariant) {
            (Self::PayAsBid, Invariant::Splitting) if keeps => {
                Claim::KeepsWith("if the parts arrive one after the other")
            }
            (Self::McAfee | Self::Huang, Invariant::Truthful) if keeps => {
                Claim::KeepsWith("for whoever has one order")
            }
            _ if keeps => Claim::Keeps,
            (_, Invariant::Income | Invariant::OwnUse) => Claim::NotAsked,
            // A part of a unit is no unit.
            (Self::McAfee, Invariant::Splitting) => Claim::NotAsked,
            _ => Claim::Breaks(self.excuse(invariant)),
        }
    }

    fn clear(&self, orders: &[Order], seed: &Seed) -> Result<Cleared, MarketError> {
        let clearing = Self::clear(self, orders, seed)?;
        Cleared::of(&clearing, orders)
    }

    fn wants_one_quantity(&self) -> bool {
        *self == Self::McAfee
    }
}

impl Mechanism {
    /// How the rule breaks an invariant that it does not keep.
    const fn excuse(&self, invariant: Invariant) -> &'static str {
        match (self, invariant) {
            (Self::Uniform { .. } | Self::KDouble { .. }, Invariant::Truthful) => {
                "whoever's bid is part of the price gains by a lower one"
            }
            (Self::KDouble { .. }, Invariant::Monotone) => {
                "one more pair may trade, at a last offer above the last price"
            }
            (Self::PayAsBid, Invariant::Truthful) => "to bid what rests costs less than the truth",
            (Self::PayAsBid, Invariant::Timeless) => "it is defined by arrival",
            (Self::PayAsBid, Invariant::Monotone) => "one more order takes others' partners",
            (Self::PayAsBid, Invariant::Optimal) => "who comes early trades, not who gains most",
            (Self::McAfee, Invariant::Monotone) => "one more offer may switch to the reduced trade",
            (Self::McAfee, Invariant::Optimal) => "the K-th pair may be given up",
            (Self::Huang, Invariant::Monotone) => "one more pair raises what sellers get",
            (Self::Huang, Invariant::Optimal) => "the critical orders are given up",
            (Self::Huang, Invariant::Splitting) => "each part gives up as much as the whole",
            (Self::McAfee | Self::Huang, Invariant::Budget) => "the operator keeps the gap",
            (Self::Muda, Invariant::Monotone) => "a half that did not cross may set a higher price",
            (Self::Muda, Invariant::Optimal) => "halves trade apart, the longer side by lottery",
            _ => "it should not",
        }
    }
}

/// The auctions that are shipped.
pub fn shipped() -> [Mechanism; 6] {
    [
        Mechanism::Uniform { kappa: Kappa::HALF },
        Mechanism::KDouble { kappa: Kappa::HALF },
        Mechanism::PayAsBid,
        Mechanism::McAfee,
        Mechanism::Huang,
        Mechanism::Muda,
    ]
}
