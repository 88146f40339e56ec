//! A small region to test with: one operator, members 1, 2, ..., each with meter 100 + number.

use credit::ScoreRule;
use ledger::{
    Applied, Author, Charter, Command, Entry, Genesis, Ledger, MeterId, Reading, Receipt, members,
    slot_market, transfer,
};
use market::{
    Decimal, Energy, Kappa, Money, NrgXSafe, ParticipantId, Price, PriceRule, Side, Slot, Tariff,
};

pub(crate) const DSO: Author = Author::new([0xd0; 32]);
pub(crate) const STRANGER: Author = Author::new([0xee; 32]);

/// The author behind member `number`.
pub(crate) fn author(number: u32) -> Author {
    let mut fingerprint = [0; 32];
    fingerprint[..4].copy_from_slice(&number.to_be_bytes());
    Author::new(fingerprint)
}

pub(crate) fn participant(number: u32) -> ParticipantId {
    ParticipantId::new(number)
}

pub(crate) fn meter(number: u32) -> MeterId {
    MeterId::new(100 + number)
}

/// Feed-in 0.08, retail 0.30; nrgx-safe with top 0.12, r 0.40, alpha 0.5; 100 kWh per connection
/// and slot.
pub(crate) fn charter() -> Charter {
    let price = Price::from_micro_per_kwh;
    let decimal = |text| Decimal::parse(text).expect("a decimal");
    let rule = NrgXSafe::try_new(decimal("0.12"), decimal("0.40"), decimal("0.5"));
    Charter {
        name: "test".into(),
        dso: DSO,
        tariff: Tariff::try_new(price(80_000), price(300_000)).expect("in order"),
        kappa: Kappa::HALF,
        rule: PriceRule::NrgXSafe(rule.expect("parameters in range")),
        scoring: ScoreRule::V1,
        connection_limit: Energy::from_wh(100_000),
    }
}

pub(crate) fn ledger() -> Ledger {
    Ledger::new(Genesis::try_new(charter()).expect("the terms fit together"))
}

/// One command on its way, as a client would hand it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) author: Author,
    pub(crate) command: Vec<u8>,
    pub(crate) private: Vec<u8>,
}

impl Sent {
    pub(crate) fn new(author: Author, command: Command) -> Self {
        Self { author, command: command.encode(), private: Vec::new() }
    }

    pub(crate) fn entry(&self) -> Entry<'_> {
        Entry { author: self.author, command: &self.command, private: &self.private }
    }
}

/// Applies all as one batch.
pub(crate) fn apply(ledger: &mut Ledger, sent: &[Sent]) -> Applied {
    let entries: Vec<Entry<'_>> = sent.iter().map(Sent::entry).collect();
    Ledger::validate(&entries).expect("an honest primary proposed them");
    ledger.apply(&entries)
}

/// Applies one and returns its receipt.
pub(crate) fn submit(ledger: &mut Ledger, sent: &Sent) -> Receipt {
    apply(ledger, std::slice::from_ref(sent)).receipts[0]
}

pub(crate) fn register(number: u32, nano: i64) -> Sent {
    let command = members::Command::Register {
        participant: participant(number),
        author: author(number),
        meter: meter(number),
        deposit: Money::from_nano(nano),
    };
    Sent::new(DSO, Command::Members(command))
}

pub(crate) fn market(author: Author, command: slot_market::Command) -> Sent {
    Sent::new(author, Command::SlotMarket(command))
}

pub(crate) fn open() -> Sent {
    market(DSO, slot_market::Command::Open)
}

pub(crate) fn close_gate(slot: u32) -> Sent {
    market(DSO, slot_market::Command::CloseGate { slot: Slot::new(slot) })
}

pub(crate) fn close_slot(slot: u32) -> Sent {
    market(DSO, slot_market::Command::CloseSlot { slot: Slot::new(slot) })
}

/// An order of member `number`: price in micro-currency per kWh, quantity in Wh.
pub(crate) fn order(number: u32, slot: u32, side: Side, micro: i64, wh: i64) -> Sent {
    let command = slot_market::Command::PlaceOrder {
        slot: Slot::new(slot),
        side,
        price: Price::from_micro_per_kwh(micro),
        quantity: Energy::from_wh(wh),
    };
    market(author(number), command)
}

/// A reading of member `number`'s own meter, in Wh.
pub(crate) fn reading(number: u32, slot: u32, import: i64, export: i64) -> Sent {
    reading_of(meter(number), author(number), slot, import, export)
}

pub(crate) fn reading_of(
    meter: MeterId,
    author: Author,
    slot: u32,
    import: i64,
    export: i64,
) -> Sent {
    let slot = Slot::new(slot);
    let (import, export) = (Energy::from_wh(import), Energy::from_wh(export));
    let reading = Reading { import, export, salt: [0x5a; 32] };
    let commitment = reading.commitment(meter, slot);
    let command = slot_market::Command::SubmitReading { slot, meter, commitment };
    Sent { private: reading.encode(), ..market(author, command) }
}

/// A transfer at the close of `slot`.
pub(crate) fn transfer(from: u32, slot: u32, to: u32, nano: i64) -> Sent {
    let (slot, to, amount) = (Slot::new(slot), participant(to), Money::from_nano(nano));
    Sent::new(author(from), Command::Transfer(transfer::Command::Transfer { slot, to, amount }))
}
