//! Bodies of the fuzz targets: what must hold for any bytes at all.
//!
//! In: bytes. Out: nothing, or a panic that says what did not hold. Refuses to know: where the bytes come from - a
//! fuzzer, or the committed seeds that the ordinary tests replay.

use std::fmt::Debug;

use consensus::classic::message::Message;
use consensus::classic::record::Record;
use consensus::limits::Limits;
use consensus::wire;
use ledger::{Command, Receipt};
use market::kit::auction::shipped;
use market::kit::draw::Draw;
use market::kit::price;
use market::kit::region::{Home, Region};
use market::matching::naive;
use market::{
    Energy, Kappa, Mechanism, Order, OrderId, Outcome, ParticipantId, Price, Seed, Side, Tariff,
    clear,
};
use serde::{Serialize, de::DeserializeOwned};

/// Every type that is read from outside has one encoding: what decodes encodes to the same bytes. The first byte
/// chooses the type.
///
/// # Panics
///
/// If a value decoded from bytes encodes to others.
pub fn decode(bytes: &[u8]) {
    let Some((kind, rest)) = bytes.split_first() else { return };
    match kind % 4 {
        0 => round_trip::<Message>(rest),
        1 => round_trip::<Record>(rest),
        2 => round_trip::<Receipt>(rest),
        _ => {
            if let Ok(command) = Command::decode(rest) {
                assert_eq!(command.encode(), rest, "{command:?} has two encodings");
            }
        }
    }
}

fn round_trip<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) {
    if let Ok(value) = wire::decode::<T>(bytes, Limits::MESSAGE_BYTES) {
        assert_eq!(wire::encode(&value), bytes, "{value:?} has two encodings");
    }
}

/// Bytes of one order: participant, side, price, two of quantity.
const ORDER: usize = 5;
/// Orders read from one input: the brute-force matcher takes quadratic time.
const ORDERS_MAX: usize = 40;

/// The uniform auction clears any book as the brute-force matcher does, and no auction creates or loses a Wh or a
/// nano-currency.
///
/// The input is a byte for kappa, a byte for the seed of ties, then five bytes per order. Participants, prices and
/// quantities are few and small, so that ties and shared price levels are the rule.
///
/// # Panics
///
/// If price, volume or any fill differs, or what is bought and sold, or paid, got and kept.
pub fn matching(bytes: &[u8]) {
    let [kappa, tie, rest @ ..] = bytes else { return };
    let kappa = Kappa::try_new(u64::from(*kappa), 255).expect("at most 1");
    let seed = Seed::new([*tie; 32]);
    let orders = orders(rest);
    let clearing = clear(&orders, kappa, &seed).expect("a small book with unique identifiers");
    let expected = naive::uniform(&orders, kappa, &seed);
    assert_eq!(clearing.price().map(Price::micro_per_kwh), expected.price, "price of {orders:?}");
    assert_eq!(clearing.volume.wh(), expected.volume, "volume of {orders:?}");
    let (mut bought, mut sold) = (0, 0);
    for (order, outcome) in orders.iter().zip(&clearing.outcomes) {
        let filled = filled(order, outcome);
        let wanted = expected.fills.get(&order.id).copied().unwrap_or(0);
        assert_eq!(filled, wanted, "fill of {} in {orders:?}", order.id);
        match order.side {
            Side::Bid => bought += filled,
            Side::Offer => sold += filled,
        }
    }
    assert_eq!((bought, sold), (expected.volume, expected.volume), "energy in {orders:?}");
    shipped().iter().for_each(|rule| nothing_appears(rule, &orders, &seed));
}

/// Under every rule contracts cancel out, and their amounts are what the operator keeps. Rules of units get units.
fn nothing_appears(rule: &Mechanism, orders: &[Order], seed: &Seed) {
    let unit = |order: &Order| Order { quantity: Energy::from_wh(1_000), ..*order };
    let orders: Vec<Order> = match rule {
        Mechanism::McAfee => orders.iter().map(unit).collect(),
        _ => orders.to_vec(),
    };
    let clearing = rule.clear(&orders, seed).expect("a small book with unique identifiers");
    let contracts = clearing.contracts(&orders).expect("small quantities");
    let energy: i64 = contracts.iter().map(|contract| contract.energy.wh()).sum();
    let amount: i64 = contracts.iter().map(|contract| contract.amount.nano()).sum();
    let surplus = clearing.surplus().expect("small quantities").nano();
    assert_eq!((energy, amount + surplus), (0, 0), "{rule} of {orders:?}");
    assert!(surplus >= 0, "{rule} costs the operator {surplus} for {orders:?}");
    let traded: i64 = clearing.trades(&orders).iter().map(|trade| trade.quantity.wh()).sum();
    assert_eq!(traded, clearing.volume.wh(), "{rule} of {orders:?}");
}

/// Bytes of one home: two of import, two of export, one of contract and silence.
const HOME: usize = 5;
/// Homes read from one input: each rule prices and settles the region several times.
const HOMES_MAX: usize = 40;

/// Every price rule keeps in any region what it claims to keep, and settlement agrees with sums made without it.
///
/// The input is two bytes for the tariff and one for what is tried with the region, then five bytes per home.
///
/// # Panics
///
/// If a rule breaks an invariant that it claims.
pub fn prices(bytes: &[u8]) {
    let [one, other, seed, rest @ ..] = bytes else { return };
    let price = |byte: u8| Price::from_micro_per_kwh(i64::from(byte) * 1_999);
    let tariff = Tariff::try_new(price(*one.min(other)), price(*one.max(other)));
    let region = Region { tariff: tariff.expect("in order"), homes: homes(rest) };
    for rule in price::shipped() {
        let broken = price::breaches(&rule, &region, &mut Draw::new(u64::from(*seed)));
        assert!(broken.is_empty(), "{region:?}: {broken:?}");
    }
}

/// Homes whose contracts cancel out: each one with a contract sells to the one after it.
fn homes(bytes: &[u8]) -> Vec<Home> {
    let chunks = bytes.chunks_exact(HOME).take(HOMES_MAX);
    let home = |chunk: &[u8]| {
        let energy = |at: usize| i64::from(u16::from_le_bytes([chunk[at], chunk[at + 1]]));
        let silent = chunk[4] % 8 == 1;
        let export = if silent { 0 } else { energy(2) };
        Home { silent, ..Home::read(energy(0), export) }
    };
    let mut homes: Vec<Home> = chunks.clone().map(home).collect();
    for (at, chunk) in chunks.enumerate() {
        let sold = if chunk[4] % 8 == 2 { i64::from(chunk[4]) * 16 } else { 0 };
        let next = (at + 1) % homes.len();
        homes[at].contracted -= sold;
        homes[next].contracted += sold;
    }
    homes
}

fn orders(bytes: &[u8]) -> Vec<Order> {
    let chunks = bytes.chunks_exact(ORDER).take(ORDERS_MAX);
    (0..)
        .zip(chunks)
        .map(|(counter, chunk)| Order {
            id: OrderId { participant: ParticipantId::new(u32::from(chunk[0] % 8)), counter },
            side: if chunk[1] % 2 == 0 { Side::Bid } else { Side::Offer },
            price: Price::from_micro_per_kwh(i64::from(chunk[2] % 16) * 1_000),
            quantity: Energy::from_wh(1 + i64::from(u16::from_le_bytes([chunk[3], chunk[4]]))),
        })
        .collect()
}

fn filled(order: &Order, outcome: &Outcome) -> i64 {
    match outcome {
        Outcome::Filled => order.quantity.wh(),
        Outcome::Part { filled } => filled.wh(),
        Outcome::Rejected { .. } => 0,
    }
}

#[cfg(test)]
mod tests;
