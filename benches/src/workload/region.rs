//! A region whose members are registered and order through its replicas.
//!
//! In: a gateway, the operator's key. Out: members' keys, orders, how long the gate takes to close. Refuses to know:
//! who agrees on them.

use std::time::{Duration, Instant};

use anyhow::Context;
use consensus::ids::Timestamp;
use consensus::keys::{Scope, Signer};
use consensus::sim::random::Random;
use consensus::wire;
use ledger::{Author, Command, MeterId, Receipt, members, slot_market};
use market::{Energy, ParticipantId, Price, Side, Slot};
use node::client::{Done, Gateway};

/// The most orders of one member in one slot.
pub const MAX_ORDERS: u32 = slot_market::MAX_ORDERS;

/// The key of member `index`.
pub fn member(scope: Scope, index: u32) -> Signer {
    let mut seed = [23; 32];
    seed[..4].copy_from_slice(&index.to_le_bytes());
    Signer::ed25519(scope, seed)
}

/// Whether a command had the effect that its author wanted.
pub fn is_accepted(done: &Done) -> bool {
    let receipt = wire::decode::<Receipt>(&done.result, Receipt::MAX_BYTES);
    receipt.is_ok_and(|receipt| receipt.is_accepted())
}

/// Has `members` registered, one after the other, and the market opened; returns the members' keys.
///
/// # Errors
///
/// If one of these commands is refused or has no answer.
pub async fn found(
    gateway: &Gateway,
    operator: &Signer,
    scope: Scope,
    members: u32,
) -> anyhow::Result<Vec<Signer>> {
    let mut keys = Vec::new();
    for index in 0..members {
        let key = member(scope, index);
        let register = members::Command::Register {
            participant: ParticipantId::new(index),
            author: Author::new(*key.client().digest().bytes()),
            meter: MeterId::new(index),
            deposit: community::terms::DEPOSIT,
        };
        order(gateway, operator, &Command::Members(register)).await?;
        keys.push(key);
    }
    order(gateway, operator, &Command::SlotMarket(slot_market::Command::Open)).await?;
    Ok(keys)
}

/// Closes the gate of the first slot, which runs its auction; how long the operator waits.
///
/// # Errors
///
/// If that is refused or has no answer.
pub async fn close_gate(gateway: &Gateway, operator: &Signer) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    let close = slot_market::Command::CloseGate { slot: Slot::ZERO };
    order(gateway, operator, &Command::SlotMarket(close)).await?;
    Ok(begun.elapsed())
}

async fn order(gateway: &Gateway, operator: &Signer, command: &Command) -> anyhow::Result<()> {
    let submitted = gateway.submit(operator, Timestamp::ZERO, command.encode(), Vec::new());
    let done = submitted.await.with_context(|| format!("{command:?}"))?;
    anyhow::ensure!(is_accepted(&done), "{command:?} was refused");
    Ok(())
}

/// An order for the first slot: even members bid, odd ones offer, 8 to 30 hundredths per kWh, 50 to 2,000 Wh, as in the
/// book that other engines were measured with.
pub fn place(member: usize, random: &mut Random) -> Vec<u8> {
    let mut below = |bound| i64::try_from(random.below(bound)).expect("bounds are small");
    let side = if member.is_multiple_of(2) { Side::Bid } else { Side::Offer };
    let price = Price::from_micro_per_kwh(80_000 + 100 * below(2_201));
    let quantity = Energy::from_wh(50 + below(1_951));
    let place = slot_market::Command::PlaceOrder { slot: Slot::ZERO, side, price, quantity };
    Command::SlotMarket(place).encode()
}
