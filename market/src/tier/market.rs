//! What a market of tiers is founded on.
//!
//! In: the tree, the fees, where prices lie, whether the utility trades. Out: one value that says
//! all of it. Refuses to know: orders.

use serde::{Deserialize, Serialize};

use crate::fee::Fees;
use crate::grid::Grid;
use crate::matching::Kappa;
use crate::tariff::Tariff;

/// A market of tiers. `clear` takes the orders of a slot through it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TierMarket {
    /// Who hangs where, and what the lines carry.
    pub grid: Grid,
    /// What a kWh costs on top of its price.
    pub fees: Fees,
    /// Where a price lies in its interval.
    pub kappa: Kappa,
    /// What is left at the top trades with the utility at these prices; `None` leaves it to the
    /// settlement of the slot.
    pub utility: Option<Tariff>,
}
