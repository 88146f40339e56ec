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
    /// Where the auction's price lies in the interval of prices at which nobody would trade more or
    /// less, from max(a_K, b_K+1) to min(b_K, a_K+1) (see [`market::matching::uniform`]): 0 is its
    /// lower end, best for buyers.
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
    limit.min(Energy::MAX_PER_SLOT)
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

#[cfg(test)]
mod tests {
    use credit::ScoreRule;
    use market::{Decimal, Energy, Kappa, NrgXSafe, Price, PriceRule, Tariff};

    use super::{Charter, Genesis, GenesisError};
    use crate::identity::Author;

    fn charter() -> Charter {
        let decimal = |text| Decimal::parse(text).expect("a decimal");
        let rule = NrgXSafe::try_new(decimal("0.12"), decimal("0.4"), decimal("0.5"));
        let price = Price::from_micro_per_kwh;
        Charter {
            name: "a region".into(),
            dso: Author::new([1; 32]),
            tariff: Tariff::try_new(price(80_000), price(300_000)).expect("in order"),
            kappa: Kappa::HALF,
            rule: PriceRule::NrgXSafe(rule.expect("parameters in range")),
            scoring: ScoreRule::V1,
            connection_limit: Energy::from_wh(100_000),
        }
    }

    /// The name has 1 to 64 bytes.
    #[test]
    fn a_region_has_a_name_of_bounded_length() {
        for (length, fits) in [(0, false), (1, true), (64, true), (65, false)] {
            let founded = Genesis::try_new(Charter { name: "x".repeat(length), ..charter() });
            let error = GenesisError::Name { got: length, max: 64 };
            assert_eq!(founded.err(), (!fits).then_some(error));
        }
    }

    /// With 100,000 members and 300,000 micro/kWh the limit is i64::MAX / (8 * 10^5 * 3 * 10^5) =
    /// 38,430,716 Wh (9,223,372,036,854,775,807 / 240,000,000,000, rounded down).
    #[test]
    fn the_connection_limit_keeps_every_sum_in_range() {
        let max = Energy::from_wh(38_430_716);
        for (wh, fits) in
            [(0, false), (-1, false), (1, true), (38_430_716, true), (38_430_717, false)]
        {
            let connection_limit = Energy::from_wh(wh);
            let founded = Genesis::try_new(Charter { connection_limit, ..charter() });
            let error = GenesisError::ConnectionLimit { got: connection_limit, max };
            assert_eq!(founded.err(), (!fits).then_some(error));
        }
    }

    /// A top price outside the tariff does not found a region.
    #[test]
    fn the_price_rule_must_fit_the_tariff() {
        let price = Price::from_micro_per_kwh;
        let tariff = Tariff::try_new(price(10_000), price(110_000)).expect("in order");
        let founded = Genesis::try_new(Charter { tariff, ..charter() });
        assert!(matches!(founded, Err(GenesisError::Rule(_))), "{founded:?}");
    }

    /// A genesis that travels is checked like one that is made, and keeps its digest.
    #[test]
    fn a_genesis_is_checked_where_it_is_read() {
        let genesis = Genesis::try_new(charter()).expect("the terms fit together");
        let bytes = bcs::to_bytes(&genesis).expect("a charter encodes");
        let read: Genesis = bcs::from_bytes(&bytes).expect("and is read back");
        assert_eq!((read.digest(), &read), (genesis.digest(), &genesis));
        let nameless = Charter { name: String::new(), ..charter() };
        let bytes = bcs::to_bytes(&nameless).expect("a charter encodes");
        assert!(bcs::from_bytes::<Genesis>(&bytes).is_err());
    }
}
