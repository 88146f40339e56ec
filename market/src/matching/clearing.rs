//! The result of an auction, and the two choices it depends on beside the orders.
//!
//! In: outcomes in the order of the orders, and prices. Out: amounts per order, contracts per
//! participant, pairs of buyer and seller, what the operator keeps. Refuses to know: how outcomes
//! and prices were found.

use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry, merit_of};
use crate::energy::Energy;
use crate::error::{Expected, MarketError, Parameter, Quantity};
use crate::fixed::Decimal;
use crate::ids::{OrderId, ParticipantId};
use crate::money::{Money, Price};
use crate::order::{Order, Outcome, Rejection, Side};

/// What an auction decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Clearing {
    /// What those who trade pay and get.
    pub prices: Prices,
    /// Energy bought, which is the energy sold.
    pub volume: Energy,
    /// What became of each order, in the order in which they were given.
    pub outcomes: Vec<Outcome>,
}

/// What those who trade pay and get. Whatever the form, every filled order has an exact amount.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Prices {
    /// Nothing traded.
    Nothing,
    /// All pay and get this price.
    One(Price),
    /// Buyers pay one price, sellers get another that is not above it.
    PerSide {
        /// What every buyer pays.
        buy: Price,
        /// What every seller gets.
        sell: Price,
    },
    /// Every trade has prices of its own: the trades, in the order in which they came about.
    PerTrade(Vec<Trade>),
}

/// What one participant bought in the auction, less what it sold, and what that comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Contract {
    /// Who.
    pub participant: ParticipantId,
    /// Positive if it has to withdraw, negative if it has to inject. Zero if it bought as much as
    /// it sold, at different prices.
    pub energy: Energy,
    /// Change of its account: positive is received.
    pub amount: Money,
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
    /// What the buyer pays.
    pub pays: Price,
    /// What the seller gets; what the buyer pays beyond it is the operator's.
    pub gets: Price,
}

impl Prices {
    /// What all buyers pay and what all sellers get, if there is such a pair of prices.
    pub const fn sides(&self) -> Option<(Price, Price)> {
        match self {
            Self::One(price) => Some((*price, *price)),
            Self::PerSide { buy, sell } => Some((*buy, *sell)),
            Self::Nothing | Self::PerTrade(_) => None,
        }
    }
}

impl Clearing {
    /// A clearing without a trade.
    pub(super) fn nothing(outcomes: Vec<Outcome>) -> Self {
        Self { prices: Prices::Nothing, volume: Energy::ZERO, outcomes }
    }

    /// A clearing trade by trade; without a trade, one in which nothing traded.
    pub(super) fn of_trades(trades: Vec<Trade>, outcomes: Vec<Outcome>) -> Self {
        if trades.is_empty() {
            return Self::nothing(outcomes);
        }
        let volume = trades.iter().map(|trade| trade.quantity.wh()).sum();
        let volume = Energy::from_wh(volume);
        Self { prices: Prices::PerTrade(trades), volume, outcomes }
    }

    /// The one price of all trades; `None` if nothing traded, or if there is more than one price.
    pub const fn price(&self) -> Option<Price> {
        match self.prices {
            Prices::One(price) => Some(price),
            _ => None,
        }
    }

    /// What buyers pay beyond what sellers get: the operator keeps it. With the contracts' amounts
    /// exactly zero (I2).
    ///
    /// # Errors
    ///
    /// [`MarketError::Overflow`] if it leaves 64 bits.
    pub fn surplus(&self) -> Result<Money, MarketError> {
        let overflow = MarketError::Overflow { what: Quantity::AuctionSurplus };
        i64::try_from(self.surplus_nano()).map(Money::from_nano).map_err(|_| overflow)
    }

    /// The surplus in nano-currency, of any size.
    pub(crate) fn surplus_nano(&self) -> i128 {
        let part = |pays: Price, gets: Price, quantity: Energy| {
            let margin = i128::from(pays.micro_per_kwh()) - i128::from(gets.micro_per_kwh());
            margin * i128::from(quantity.wh())
        };
        match &self.prices {
            Prices::Nothing | Prices::One(_) => 0,
            Prices::PerSide { buy, sell } => part(*buy, *sell, self.volume),
            Prices::PerTrade(trades) => {
                trades.iter().map(|trade| part(trade.pays, trade.gets, trade.quantity)).sum()
            }
        }
    }

    /// What each order changes on its author's account, in the order in which they were given:
    /// positive is received. `orders` are those that were cleared, in the same order.
    ///
    /// # Errors
    ///
    /// [`MarketError::Overflow`] if an amount leaves 64 bits.
    pub fn amounts(&self, orders: &[Order]) -> Result<Vec<Money>, MarketError> {
        let overflow = MarketError::Overflow { what: Quantity::Amount };
        let Prices::PerTrade(trades) = &self.prices else {
            let (buy, sell) = self.prices.sides().unwrap_or_default();
            let rows = orders.iter().zip(&self.outcomes);
            let amount = |(order, outcome): (&Order, &Outcome)| {
                let filled = outcome.filled(order.quantity);
                Some(Contract::of(order, filled, (buy, sell))?.amount)
            };
            return rows.map(amount).collect::<Option<_>>().ok_or(overflow);
        };
        let amounts = amounts_of(trades).ok_or(overflow)?;
        let amount = |order: &Order| match amounts.binary_search_by_key(&order.id, |row| row.0) {
            Ok(at) => amounts[at].1,
            Err(_) => Money::ZERO,
        };
        Ok(orders.iter().map(amount).collect())
    }

    /// The contracts that follow from the clearing of `orders`, ascending by participant, none of
    /// them without energy and amount. `orders` are those that were cleared, in the same order.
    ///
    /// # Errors
    ///
    /// [`MarketError::Overflow`] if one participant's contracts leave 64 bits.
    pub fn contracts(&self, orders: &[Order]) -> Result<Vec<Contract>, MarketError> {
        let overflow = MarketError::Overflow { what: Quantity::Amount };
        let mut parts = self.parts(orders).ok_or(overflow)?;
        parts.sort_by_key(|part| part.participant);
        let of_one = parts.chunk_by(|part, next| part.participant == next.participant);
        let mut contracts = of_one.map(Contract::sum).collect::<Result<Vec<_>, _>>()?;
        let is_something = |it: &Contract| it.energy != Energy::ZERO || it.amount != Money::ZERO;
        contracts.retain(is_something);
        Ok(contracts)
    }

    /// Who sold to whom. If each side has one price, a walk along both sides from the best price,
    /// ties by order id, so that the best bid meets the best offer: the pairing moves no money.
    /// Otherwise the trades as they came about. A participant on both sides may meet itself.
    /// `orders` are those that were cleared, in the same order.
    pub fn trades(&self, orders: &[Order]) -> Vec<Trade> {
        let (pays, gets) = match &self.prices {
            Prices::PerTrade(trades) => return trades.clone(),
            prices => prices.sides().unwrap_or_default(),
        };
        let bids = self.by_merit(orders, Side::Bid);
        let offers = self.by_merit(orders, Side::Offer);
        let mut trades = Vec::with_capacity(bids.len() + offers.len());
        pair(bids, offers, (pays, gets), &mut trades);
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

    /// What each fill contributes to its participant's contract; `None` on overflow.
    fn parts(&self, orders: &[Order]) -> Option<Vec<Contract>> {
        if let Prices::PerTrade(trades) = &self.prices {
            return trades.iter().flat_map(Contract::of_trade).collect();
        }
        let prices = self.prices.sides().unwrap_or_default();
        self.fills(orders).map(|(order, filled)| Contract::of(order, filled, prices)).collect()
    }
}

/// Pairs what buyers got with what sellers got, in Wh, in the order in which they stand.
pub(super) fn pair(
    bids: Vec<(OrderId, i64)>,
    offers: Vec<(OrderId, i64)>,
    (pays, gets): (Price, Price),
    trades: &mut Vec<Trade>,
) {
    let (mut bids, mut offers) = (bids.into_iter(), offers.into_iter());
    let (mut bid, mut offer) = (bids.next(), offers.next());
    while let (Some((buyer, wanted)), Some((seller, given))) = (bid, offer) {
        let quantity = wanted.min(given);
        trades.push(Trade { buyer, seller, quantity: Energy::from_wh(quantity), pays, gets });
        bid = if wanted > quantity { Some((buyer, wanted - quantity)) } else { bids.next() };
        offer = if given > quantity { Some((seller, given - quantity)) } else { offers.next() };
    }
}

/// What trades come to per order, ascending by order; `None` on overflow.
fn amounts_of(trades: &[Trade]) -> Option<Vec<(OrderId, Money)>> {
    let mut amounts: Vec<(OrderId, Money)> = Vec::with_capacity(2 * trades.len());
    for trade in trades {
        let [bought, sold] = Contract::of_trade(trade);
        amounts.push((trade.buyer, bought?.amount));
        amounts.push((trade.seller, sold?.amount));
    }
    amounts.sort_unstable_by_key(|(order, _)| *order);
    let mut sums: Vec<(OrderId, Money)> = Vec::new();
    for (order, amount) in amounts {
        match sums.last_mut() {
            Some(last) if last.0 == order => last.1 = last.1.checked_add(amount)?,
            _ => sums.push((order, amount)),
        }
    }
    Some(sums)
}

impl Contract {
    /// What one order contributes of which `filled` traded at the price of its side; `None` on
    /// overflow.
    fn of(order: &Order, filled: Energy, (buy, sell): (Price, Price)) -> Option<Self> {
        match order.side {
            Side::Bid => Self::bought(order.id.participant, filled, buy),
            Side::Offer => Self::sold(order.id.participant, filled, sell),
        }
    }

    /// What the buyer's and the seller's side of a trade contribute; `None` on overflow.
    fn of_trade(trade: &Trade) -> [Option<Self>; 2] {
        let Trade { buyer, seller, quantity, pays, gets } = *trade;
        let bought = Self::bought(buyer.participant, quantity, pays);
        [bought, Self::sold(seller.participant, quantity, gets)]
    }

    /// The contract that the parts of one participant, at least one, come to.
    fn sum(parts: &[Self]) -> Result<Self, MarketError> {
        let overflow = |what| MarketError::Overflow { what };
        let energy: i128 = parts.iter().map(|part| i128::from(part.energy.wh())).sum();
        let amount: i128 = parts.iter().map(|part| i128::from(part.amount.nano())).sum();
        let energy = i64::try_from(energy).map_err(|_| overflow(Quantity::Contracted))?;
        let amount = i64::try_from(amount).map_err(|_| overflow(Quantity::Amount))?;
        Ok(Self {
            participant: parts[0].participant,
            energy: Energy::from_wh(energy),
            amount: Money::from_nano(amount),
        })
    }

    fn bought(participant: ParticipantId, energy: Energy, price: Price) -> Option<Self> {
        let amount = price.checked_mul(energy)?.checked_neg()?;
        Some(Self { participant, energy, amount })
    }

    fn sold(participant: ParticipantId, energy: Energy, price: Price) -> Option<Self> {
        let amount = price.checked_mul(energy)?;
        Some(Self { participant, energy: Energy::ZERO.checked_sub(energy)?, amount })
    }
}

/// The outcome of every order of a book in which nothing trades: nobody stands on the other side,
/// nobody there accepts its price, or else `otherwise`.
pub(super) fn rejected(book: &Book, otherwise: Rejection) -> Vec<Outcome> {
    let has_both_sides = book.has_both_sides();
    let reason = |entry: &Entry| match has_both_sides {
        false => Rejection::NoCounterparty,
        true if book.crosses(*entry) => otherwise,
        true => Rejection::PriceNotReached,
    };
    let rejected = |entry| Outcome::Rejected { reason: reason(entry) };
    book.entries().iter().map(rejected).collect()
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
