//! Made-up requests, order books and members.
//!
//! In: counts and a seed. Out: plain values. Refuses to know: what happens to them.

pub mod empty;
pub mod region;

use consensus::ids::{Digest, NetworkId, ReplicaId, Timestamp};
use consensus::keys::{Scope, Signed, Signer};
use consensus::request::{Proposal, Request, Submission};
use consensus::sim::random::Random;
use ledger::{Author, Command, Genesis, Ledger, MeterId, Reading, members, slot_market};
use market::{Energy, Money, Order, OrderId, ParticipantId, Price, Side, Slot};

/// The scope of all made-up signatures.
pub fn scope() -> Scope {
    Scope::new(NetworkId::new(Digest::of("benchmark network", &0_u8)))
}

/// `count` requests of different clients with operations of `bytes` bytes, signed with Ed25519.
pub fn submissions(count: u16, bytes: usize) -> Vec<Submission> {
    let submission = |index: u16| {
        let mut seed = [1; 32];
        seed[..2].copy_from_slice(&index.to_le_bytes());
        let signer = Signer::ed25519(scope(), seed);
        let (key, timestamp) = (signer.public_key(), Timestamp::new(1));
        let request: Signed<Request> = signer.sign(Request::new(key, timestamp, vec![7; bytes]));
        Submission { request, attachment: Vec::new() }
    };
    (0..count).map(submission).collect()
}

/// A batch of such requests.
pub fn proposal(count: u16, bytes: usize) -> Proposal {
    Proposal::new(ReplicaId::ZERO, vec![0; 8], submissions(count, bytes))
}

/// A book of `count` orders: half bids, half offers, one per participant, 8 to 30 hundredths per kWh in ticks of
/// a ten-thousandth, 50 to 2,000 Wh - the book that other engines were measured with.
pub fn book(count: u32, seed: u64) -> Vec<Order> {
    let mut random = Random::new(seed);
    let mut below = |bound| i64::try_from(random.below(bound)).expect("bounds are small");
    let order = |index: u32| Order {
        id: OrderId { participant: ParticipantId::new(index), counter: 0 },
        side: if index.is_multiple_of(2) { Side::Bid } else { Side::Offer },
        price: Price::from_micro_per_kwh(80_000 + 100 * below(2_201)),
        quantity: Energy::from_wh(50 + below(1_951)),
    };
    (0..count).map(order).collect()
}

/// Author of member `index`; the operator is `u32::MAX`.
pub fn author(index: u32) -> Author {
    let mut fingerprint = [3; 32];
    fingerprint[..4].copy_from_slice(&index.to_le_bytes());
    Author::new(fingerprint)
}

/// The operator of made-up ledgers.
pub fn operator() -> Author {
    author(u32::MAX)
}

/// A ledger with `members` members, open for orders.
pub fn ledger(members: u32) -> Ledger {
    let charter = community::terms::charter(operator());
    let mut ledger = Ledger::new(Genesis::try_new(charter).expect("the default terms fit"));
    let register = |index| {
        Command::Members(members::Command::Register {
            participant: ParticipantId::new(index),
            author: author(index),
            meter: MeterId::new(index),
            deposit: Money::from_nano(200_000_000_000),
        })
        .encode()
    };
    let mut commands: Vec<Vec<u8>> = (0..members).map(register).collect();
    commands.push(Command::SlotMarket(slot_market::Command::Open).encode());
    let entries: Vec<_> = commands
        .iter()
        .map(|command| ledger::Entry { author: operator(), command, private: &[] })
        .collect();
    ledger.apply(&entries);
    ledger.commit(1, ledger::Hash::ZERO);
    ledger
}

/// A command on its way: author, bytes, private part.
pub type Sent = (Author, Vec<u8>, Vec<u8>);

/// The entries that a replica would apply.
pub fn entries(sent: &[Sent]) -> Vec<ledger::Entry<'_>> {
    sent.iter()
        .map(|(author, command, private)| ledger::Entry { author: *author, command, private })
        .collect()
}

/// A command of the operator for the slot market.
pub fn operates(command: slot_market::Command) -> Sent {
    (operator(), Command::SlotMarket(command).encode(), Vec::new())
}

/// What meter `index` measured in `slot`: up to 1,500 Wh in one direction, under a salt of its own.
pub fn measured(index: u32, slot: Slot) -> Reading {
    let wh = Energy::from_wh(i64::from((index + slot.get()).wrapping_mul(7_919) % 1_500));
    let (import, export) =
        if index.is_multiple_of(2) { (wh, Energy::ZERO) } else { (Energy::ZERO, wh) };
    let mut salt = [5; 32];
    salt[..4].copy_from_slice(&index.to_le_bytes());
    Reading { import, export, salt }
}

/// The reading of each of `members` members for the first slot, as [`measured`]: hardly anybody keeps its contract.
pub fn readings(members: u32) -> Vec<Sent> {
    let submit = |index: u32| {
        let (slot, meter, reading) = (Slot::ZERO, MeterId::new(index), measured(index, Slot::ZERO));
        let commitment = reading.commitment(meter, slot);
        let command = slot_market::Command::SubmitReading { slot, meter, commitment };
        (author(index), Command::SlotMarket(command).encode(), reading.encode())
    };
    (0..members).map(submit).collect()
}

/// One order of each of `members` members for the first slot.
pub fn orders(members: u32, seed: u64) -> Vec<Sent> {
    let place = |order: Order| {
        let Order { id, side, price, quantity } = order;
        let slot = Slot::ZERO;
        let command = slot_market::Command::PlaceOrder { slot, side, price, quantity };
        (author(id.participant.get()), Command::SlotMarket(command).encode(), Vec::new())
    };
    book(members, seed).into_iter().map(place).collect()
}
