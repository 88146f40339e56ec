//! The founding document of a region: what all replicas agree on before the first command.
//!
//! In: names, prices, rules. Out: a checked document and its digest. Refuses to know: replicas and
//! committees.

use credit::ScoreRule;
use market::{Energy, Kappa, MarketError, PriceRule, Tariff};
use serde::{Deserialize, Serialize};

use crate::hash::Hash;
use crate::identity::Author;

/// The most members of one region: the load this project is built for. Together with the bounds on
/// orders it keeps every book within what the market clears.
pub const MAX_MEMBERS: u32 = 100_000;

/// What a founder writes down, unchecked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Charter {
    /// Name of the region, 1 to [`Genesis::MAX_NAME`] bytes.
    pub name: String,
    /// The distribution system operator: registers members, moves the phases, owns the account that
    /// takes every remainder.
    pub dso: Author,
    /// The grid's prices, which bound all others.
    pub tariff: Tariff,
    /// Where between the last bid and the last offer the auction's price lies.
    pub kappa: Kappa,
    /// How energy beyond contracts is priced.
    pub rule: PriceRule,
    /// How settled slots become scores.
    pub scoring: ScoreRule,
    /// The most a connection point can carry in a slot: bounds a reading, and a member's orders of
    /// one side.
    pub connection_limit: Energy,
}

/// A charter whose terms fit together, true by construction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Charter", into = "Charter")]
pub struct Genesis(Charter);

/// Why a charter founds nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// The name is empty or too long.
    #[error("the name of a region has 1 to {max} bytes, got {got}")]
    Name {
        /// Its length in bytes.
        got: usize,
        /// [`Genesis::MAX_NAME`].
        max: usize,
    },
    /// The price rule contradicts the tariff.
    #[error("the price rule does not fit the tariff: {0}")]
    Rule(#[from] MarketError),
    /// A slot in which all members use their whole connection could leave the range of 64 bits.
    #[error("the connection limit must lie in 1 Wh ..= {max} at this retail price, got {got}")]
    ConnectionLimit {
        /// The limit given.
        got: Energy,
        /// The highest that keeps all sums in range.
        max: Energy,
    },
}

impl Genesis {
    /// The longest name of a region in bytes.
    pub const MAX_NAME: usize = 64;

    /// Checks that the terms fit together.
    ///
    /// # Errors
    ///
    /// [`GenesisError`].
    pub fn try_new(charter: Charter) -> Result<Self, GenesisError> {
        let got = charter.name.len();
        if got == 0 || got > Self::MAX_NAME {
            return Err(GenesisError::Name { got, max: Self::MAX_NAME });
        }
        charter.rule.check(&charter.tariff)?;
        let max = highest_limit(&charter.tariff);
        let got = charter.connection_limit;
        if !got.is_positive() || got > max {
            return Err(GenesisError::ConnectionLimit { got, max });
        }
        Ok(Self(charter))
    }

    /// The terms.
    pub const fn charter(&self) -> &Charter {
        &self.0
    }

    /// What names this region: two replicas with different digests are in different regions.
    pub fn digest(&self) -> Hash {
        Hash::of("gridquorum ledger genesis v1", &self.0)
    }
}

/// The highest connection limit L with which no sum over one slot leaves 64 bits. With M members
/// and the retail price R, a member contracts at most L and deviates at most 2 L, so no sum of
/// amounts (members', grid's, operator's) exceeds 4 L M R; 8 leaves a factor of two.
fn highest_limit(tariff: &Tariff) -> Energy {
    let retail = i128::from(tariff.retail().micro_per_kwh()).max(1);
    let limit = i128::from(i64::MAX) / (8 * i128::from(MAX_MEMBERS) * retail);
    let limit = Energy::from_wh(i64::try_from(limit).unwrap_or(i64::MAX));
    limit.min(crate::commitment::Reading::MAX)
}

impl TryFrom<Charter> for Genesis {
    type Error = GenesisError;

    fn try_from(charter: Charter) -> Result<Self, GenesisError> {
        Self::try_new(charter)
    }
}

impl From<Genesis> for Charter {
    fn from(genesis: Genesis) -> Self {
        genesis.0
    }
}
