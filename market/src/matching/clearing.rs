//! The result of an auction, and the two choices it depends on beside the orders.
//!
//! In: outcomes in the order of the orders. Out: contracts per participant, pairs of buyer and
//! seller. Refuses to know: how the outcomes were found.

use serde::{Deserialize, Serialize};

use crate::book::merit_of;
use crate::energy::Energy;
use crate::error::{Expected, MarketError, Parameter, Quantity};
use crate::fixed::Decimal;
use crate::ids::{OrderId, ParticipantId};
use crate::money::Price;
use crate::order::{Order, Outcome, Side};

/// What an auction decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Clearing {
    /// The one price of all trades; `None` if nothing traded.
    pub price: Option<Price>,
    /// Energy bought, which is the energy sold.
    pub volume: Energy,
    /// What became of each order, in the order in which they were given.
    pub outcomes: Vec<Outcome>,
}

/// What one participant bought in the auction, less what it sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Contract {
    /// Who.
    pub participant: ParticipantId,
    /// Positive if it has to withdraw, negative if it has to inject.
    pub energy: Energy,
}

/// One pair of a buyer and a seller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Trade {
    /// The bid.
    pub buyer: OrderId,
    /// The offer.
    pub seller: OrderId,
    /// How much.
    pub quantity: Energy,
}

impl Clearing {
    /// The contracts that follow from the clearing of `orders`, ascending by participant, none of
    /// them zero. `orders` are those that were cleared, in the same order.
    ///
    /// # Errors
    ///
    /// [`MarketError::Overflow`] if one participant's contracts leave 64 bits.
    pub fn contracts(&self, orders: &[Order]) -> Result<Vec<Contract>, MarketError> {
        let overflow = MarketError::Overflow { what: Quantity::Contracted };
        let mut parts: Vec<Contract> = self.fills(orders).map(Contract::of).collect();
        parts.sort_by_key(|part| part.participant);
        let mut contracts: Vec<Contract> = Vec::new();
        for part in parts {
            match contracts.last_mut() {
                Some(last) if last.participant == part.participant => {
                    let sum = last.energy.checked_add(part.energy);
                    last.energy = sum.ok_or(overflow.clone())?;
                }
                _ => contracts.push(part),
            }
        }
        contracts.retain(|contract| contract.energy != Energy::ZERO);
        Ok(contracts)
    }

    /// Who sold to whom: a walk along both sides from the best price, ties by order id, so that the
    /// best bid meets the best offer. All trades have one price, so the pairing moves no money; a
    /// participant on both sides may meet itself. `orders` are those that were cleared, in the same
    /// order.
    pub fn trades(&self, orders: &[Order]) -> Vec<Trade> {
        let bids = self.by_merit(orders, Side::Bid);
        let offers = self.by_merit(orders, Side::Offer);
        let mut trades = Vec::with_capacity(bids.len() + offers.len());
        let (mut bids, mut offers) = (bids.into_iter(), offers.into_iter());
        let (mut bid, mut offer) = (bids.next(), offers.next());
        while let (Some((buyer, wanted)), Some((seller, given))) = (bid, offer) {
            let quantity = wanted.min(given);
            trades.push(Trade { buyer, seller, quantity: Energy::from_wh(quantity) });
            bid = if wanted > quantity { Some((buyer, wanted - quantity)) } else { bids.next() };
            offer = if given > quantity { Some((seller, given - quantity)) } else { offers.next() };
        }
        trades
    }

    /// The fills of one side in Wh, best price first, ties by order id.
    fn by_merit(&self, orders: &[Order], side: Side) -> Vec<(OrderId, i64)> {
        // Price, participant, counter and fill in 32 bits each: one integer to sort, nothing to
        // look up.
        let pack = |(order, filled): (&Order, Energy)| {
            let OrderId { participant, counter } = order.id;
            let price = u128::from(!merit_of(side, order.price));
            let id = u128::from(participant.get()) << 32 | u128::from(counter);
            price << 96 | id << 32 | u128::from(filled.wh().unsigned_abs())
        };
        let mine = self.fills(orders).filter(|(order, _)| order.side == side);
        let mut packed: Vec<u128> = mine.map(pack).collect();
        packed.sort_unstable();
        let unpack = |packed: u128| {
            let id = OrderId {
                participant: ParticipantId::new((packed >> 64) as u32),
                counter: (packed >> 32) as u32,
            };
            (id, i64::from(packed as u32))
        };
        packed.into_iter().map(unpack).collect()
    }

    fn fills<'a>(&'a self, orders: &'a [Order]) -> impl Iterator<Item = (&'a Order, Energy)> {
        let outcomes = orders.iter().zip(&self.outcomes);
        outcomes
            .map(|(order, outcome)| (order, outcome.filled(order.quantity)))
            .filter(|(_, filled)| filled.is_positive())
    }
}

impl Contract {
    /// What one filled order contributes.
    fn of((order, filled): (&Order, Energy)) -> Self {
        let energy = match order.side {
            Side::Bid => filled,
            Side::Offer => Energy::from_wh(-filled.wh()),
        };
        Self { participant: order.id.participant, energy }
    }
}

/// Where in the interval of possible prices the price lies: 0 is best for buyers, 1 for sellers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawKappa", into = "RawKappa")]
pub struct Kappa {
    numerator: u64,
    denominator: u64,
}

impl Kappa {
    /// Half the gain to each side.
    pub const HALF: Self = Self { numerator: 1, denominator: 2 };

    /// `numerator / denominator`.
    ///
    /// # Errors
    ///
    /// [`MarketError::Kappa`] unless the quotient exists and lies in [0, 1].
    pub fn try_new(numerator: u64, denominator: u64) -> Result<Self, MarketError> {
        if denominator == 0 || numerator > denominator {
            return Err(MarketError::Kappa { numerator, denominator });
        }
        let divisor = gcd(numerator, denominator);
        Ok(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    /// `numerator` and `denominator` without a common divisor.
    pub const fn parts(self) -> (u64, u64) {
        (self.numerator, self.denominator)
    }

    /// `low + kappa (high - low)` for `low <= high`, rounded down: what cannot be split is the
    /// buyers'.
    #[must_use]
    pub fn between(self, low: Price, high: Price) -> Price {
        let (low, high) = (low.micro_per_kwh(), high.micro_per_kwh());
        let gap = i128::from(high) - i128::from(low);
        let part = (gap * i128::from(self.numerator)).div_euclid(i128::from(self.denominator));
        // 0 <= part <= gap, so the sum lies between two 64-bit numbers.
        Price::from_micro_per_kwh((i128::from(low) + part) as i64)
    }
}

impl Default for Kappa {
    fn default() -> Self {
        Self::HALF
    }
}

impl TryFrom<Decimal> for Kappa {
    type Error = MarketError;

    fn try_from(value: Decimal) -> Result<Self, MarketError> {
        let (parameter, expected) =
            (Parameter::Kappa, Expected::Within(Decimal::ZERO, Decimal::ONE));
        let outside = MarketError::Parameter { parameter, expected, got: value };
        let numerator = u64::try_from(value.units()).map_err(|_| outside.clone())?;
        // 10^18 units make one.
        Self::try_new(numerator, 1_000_000_000_000_000_000).map_err(|_| outside)
    }
}

/// The greatest common divisor; the second number is above zero.
fn gcd(a: u64, b: u64) -> u64 {
    if a == 0 { b } else { gcd(b % a, a) }
}

/// The two numbers as they travel, before they are checked.
#[derive(Serialize, Deserialize)]
struct RawKappa {
    numerator: u64,
    denominator: u64,
}

impl TryFrom<RawKappa> for Kappa {
    type Error = MarketError;

    fn try_from(raw: RawKappa) -> Result<Self, MarketError> {
        Self::try_new(raw.numerator, raw.denominator)
    }
}

impl From<Kappa> for RawKappa {
    fn from(kappa: Kappa) -> Self {
        Self { numerator: kappa.numerator, denominator: kappa.denominator }
    }
}

/// What decides ties: 32 bytes, such as the ledger's root at the previous slot's close.
///
/// What this is worth: such a root is known before the orders of the slot are made, so everybody
/// may know all lots. But a lot depends on seed and participant alone, so no choice of orders
/// changes it: to draw again one needs a second identity. The root itself depends on every accepted
/// command of the slot before; somebody whose command comes last, and who knows all others, could
/// try values until a root suits it. At stake is 1 Wh per price level and slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The seed with these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn get(self) -> [u8; 32] {
        self.0
    }

    /// The lot of a participant: BLAKE3 keyed with the seed over its number in 4 bytes, least
    /// significant first. Of two equal claims the one with the lower lot goes first.
    pub fn lot(&self, participant: ParticipantId) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, &participant.get().to_le_bytes()).as_bytes()
    }
}
