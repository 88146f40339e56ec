//! The wire form of every command, byte by byte, and what is admissible.

use market::{Energy, Money, ParticipantId, Price, Side, Slot};

use super::{Command, Entry, MAX_COMMAND_BYTES};
use crate::commitment::{Commitment, Invalid, Reading};
use crate::contract::{members, slot_market, transfer};
use crate::hash::Hash;
use crate::identity::{Author, MeterId};
use crate::refusal::Refusal;

/// Checks that `command` has exactly the encoding `parts`, is read back from it, and from nothing
/// longer or shorter. Integers are little-endian; a variant is one byte as long as an enum has
/// fewer than 128.
fn golden(command: Command, parts: &[&[u8]]) {
    let bytes = parts.concat();
    assert_eq!(command.encode(), bytes);
    assert_eq!(Command::decode(&bytes), Ok(command));
    assert_eq!(Command::decode(&bytes[..bytes.len() - 1]), Err(Refusal::Malformed));
    assert_eq!(Command::decode(&[&bytes[..], &[0]].concat()), Err(Refusal::Malformed));
}

/// Tags and field order of the members contract never drift.
#[test]
fn register_has_its_bytes() {
    let command = members::Command::Register {
        participant: ParticipantId::new(0x0102),
        author: Author::new([0xab; 32]),
        meter: MeterId::new(7),
        deposit: Money::from_nano(-2),
    };
    golden(
        Command::Members(command),
        &[&[0, 0], &[2, 1, 0, 0], &[0xab; 32], &[7, 0, 0, 0], &[0xfe], &[0xff; 7]],
    );
}

/// Tags and field order of the transfer contract never drift.
#[test]
fn transfer_has_its_bytes() {
    let (slot, to, amount) = (Slot::new(5), ParticipantId::new(3), Money::from_nano(256));
    let command = transfer::Command::Transfer { slot, to, amount };
    let parts: [&[u8]; 4] = [&[1, 0], &[5, 0, 0, 0], &[3, 0, 0, 0], &[0, 1, 0, 0, 0, 0, 0, 0]];
    golden(Command::Transfer(command), &parts);
}

/// Tags and field order of the slot market never drift.
#[test]
fn slot_market_commands_have_their_bytes() {
    use slot_market::Command::{CloseGate, CloseSlot, Open, PlaceOrder, SubmitReading};
    let slot = Slot::new(5);
    let price = Price::from_micro_per_kwh(250_000); // 0x03d090
    let quantity = Energy::from_wh(1_200); // 0x04b0
    let order = |side| PlaceOrder { slot, side, price, quantity };
    let commitment = Commitment::new(Hash::new([0xcd; 32]));
    let reading = SubmitReading { slot, meter: MeterId::new(9), commitment };
    let terms: [&[u8]; 2] = [&[0x90, 0xd0, 3, 0, 0, 0, 0, 0], &[0xb0, 4, 0, 0, 0, 0, 0, 0]];
    let cases: [(slot_market::Command, Vec<&[u8]>); 6] = [
        (Open, vec![&[2, 0]]),
        (order(Side::Bid), vec![&[2, 1], &[5, 0, 0, 0], &[0], terms[0], terms[1]]),
        (order(Side::Offer), vec![&[2, 1], &[5, 0, 0, 0], &[1], terms[0], terms[1]]),
        (CloseGate { slot }, vec![&[2, 2], &[5, 0, 0, 0]]),
        (reading, vec![&[2, 3], &[5, 0, 0, 0], &[9, 0, 0, 0], &[0xcd; 32]]),
        (CloseSlot { slot }, vec![&[2, 4], &[5, 0, 0, 0]]),
    ];
    for (command, parts) in cases {
        golden(Command::SlotMarket(command), &parts);
    }
}

/// Unknown tags, a tag in a longer form than needed, nothing at all and too much are not commands.
#[test]
fn other_bytes_are_malformed() {
    let long = vec![0; MAX_COMMAND_BYTES + 1];
    for bytes in [&[][..], &[3], &[2, 5], &[0x82, 0, 0], &[2], &long] {
        assert_eq!(Command::decode(bytes), Err(Refusal::Malformed), "{bytes:?}");
    }
}

/// A reading needs the private part it commits to; everything else needs an empty one, also bytes
/// that are no command; those are otherwise admissible, because they get a receipt.
#[test]
fn the_private_part_belongs_to_readings() {
    let (slot, meter) = (Slot::ZERO, MeterId::new(1));
    let reading = Reading { import: Energy::from_wh(5), export: Energy::ZERO, salt: [1; 32] };
    let commitment = reading.commitment(meter, slot);
    let submit =
        Command::SlotMarket(slot_market::Command::SubmitReading { slot, meter, commitment })
            .encode();
    let open = Command::SlotMarket(slot_market::Command::Open).encode();
    let value = reading.encode();

    let judge = |command: &[u8], private: &[u8]| {
        Entry { author: Author::new([0; 32]), command, private }.admissible()
    };
    let unexpected = |bytes| Err(Invalid::PrivatePartUnexpected { bytes });
    assert_eq!(judge(&submit, &value), Ok(()));
    assert_eq!(judge(&submit, &[]), Err(Invalid::PrivatePartMissing { meter, slot }));
    assert_eq!(judge(&open, &[]), Ok(()));
    assert_eq!(judge(&open, &value), unexpected(48));
    assert_eq!(judge(b"not a command", &[]), Ok(()));
    assert_eq!(judge(b"not a command", &[0]), unexpected(1));
}
