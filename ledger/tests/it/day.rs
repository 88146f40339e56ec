//! Random market days, as segments of commands between the operator's phase commands.
//!
//! Members trade on few price levels (so that levels are rationed), pay each other more than they
//! have (so that transfers bounce), join in the middle, and send what is late, early, malformed or
//! not theirs to send.

use ledger::{Author, slot_market};
use market::{Side, Slot};
use proptest::prelude::*;

use crate::region::{
    DSO, STRANGER, Sent, author, close_gate, close_slot, market, meter, open, order, reading,
    reading_of, register, transfer,
};

/// Members of the first hour; later ones join with higher numbers.
const FOUNDERS: u32 = 5;

/// Commands that may be interleaved freely between authors, each author's own kept in order.
pub(crate) type Segment = Vec<Sent>;

/// What one author might do. Numbers are drawn wide and folded into what makes sense.
#[derive(Clone, Debug)]
enum Deed {
    Order { side: bool, level: i64, wh: i64 },
    Reading { import: i64, export: i64 },
    ForeignReading,
    Transfer { to: u32, nano: i64 },
    Join { deposit: i64 },
    Late,
    Malformed,
}

fn deed() -> impl Strategy<Value = Deed> {
    let order = (any::<bool>(), 0..4_i64, 1..2_000_i64).prop_map(|(side, level, wh)| Deed::Order {
        side,
        level,
        wh,
    });
    let reading =
        (0..1_500_i64, 0..1_500_i64).prop_map(|(import, export)| Deed::Reading { import, export });
    let transfer =
        (1..FOUNDERS + 4, 1..400_000_000_i64).prop_map(|(to, nano)| Deed::Transfer { to, nano });
    let join = (0..1_000_000_000_i64).prop_map(|deposit| Deed::Join { deposit });
    prop_oneof![
        8 => order,
        8 => reading,
        3 => transfer,
        1 => join,
        1 => Just(Deed::ForeignReading),
        1 => Just(Deed::Late),
        1 => Just(Deed::Malformed),
    ]
}

/// Author 0 is a stranger, `FOUNDERS + 1` and up join during the day.
fn deeds() -> impl Strategy<Value = Vec<(u32, Deed)>> {
    prop::collection::vec((0..FOUNDERS + 3, deed()), 0..25)
}

fn sender(number: u32) -> Author {
    if number == 0 { STRANGER } else { author(number) }
}

/// The command for a deed in slot `slot`.
fn sent(number: u32, deed: &Deed, slot: u32, joined: &mut u32) -> Sent {
    let by = sender(number);
    let from = |sent: Sent| Sent { author: by, ..sent };
    match *deed {
        Deed::Order { side, level, wh } => {
            let side = if side { Side::Bid } else { Side::Offer };
            from(order(number, slot, side, 100_000 + 50_000 * level, wh))
        }
        Deed::Reading { import, export } => from(reading(number, slot, import, export)),
        Deed::ForeignReading => reading_of(meter(number + 1), by, slot, 7, 7),
        Deed::Transfer { to, nano } => from(transfer(number, slot, to, nano)),
        Deed::Join { deposit } => {
            *joined += 1;
            register(FOUNDERS + *joined, deposit)
        }
        Deed::Late => {
            let slot = Slot::new(slot.saturating_sub(1));
            market(by, slot_market::Command::CloseSlot { slot })
        }
        Deed::Malformed => {
            Sent { author: by, command: vec![0xff, number as u8], private: Vec::new() }
        }
    }
}

/// A day of one to four slots: enrolment, opening, then orders, gate, delivery, close for each
/// slot.
pub(crate) fn days() -> impl Strategy<Value = Vec<Segment>> {
    let deposits = prop::collection::vec(0..600_000_000_i64, FOUNDERS as usize);
    let slots = prop::collection::vec((deeds(), deeds()), 1..5);
    (deposits, slots).prop_map(|(deposits, slots)| {
        let enrolment = (1..).zip(deposits).map(|(number, nano)| register(number, nano)).collect();
        let mut segments: Vec<Segment> = vec![enrolment, vec![open()]];
        let mut joined = 0;
        for (slot, (ordering, delivering)) in (0..).zip(slots) {
            let mut segment = |deeds: Vec<(u32, Deed)>| -> Segment {
                deeds.iter().map(|(number, deed)| sent(*number, deed, slot, &mut joined)).collect()
            };
            let (ordering, delivering) = (segment(ordering), segment(delivering));
            segments.extend([ordering, vec![close_gate(slot)], delivering, vec![close_slot(slot)]]);
        }
        segments
    })
}

/// A source of choices for shuffles and batch borders (splitmix64); proptest draws the seed.
pub(crate) struct Choices(pub(crate) u64);

impl Choices {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % bound as u64) as usize
    }
}

/// The commands of a segment in another legal order, as indices: each author's own order is kept,
/// and what an author sent before or after its registration stays there.
pub(crate) fn reorder(segment: &[Sent], choices: &mut Choices) -> Vec<usize> {
    let mut left: Vec<usize> = (0..segment.len()).collect();
    let mut order = Vec::with_capacity(segment.len());
    while !left.is_empty() {
        let is_free = |at: &usize| {
            let sent = &segment[left[*at]];
            left[..*at].iter().all(|earlier| !tied(&segment[*earlier], sent))
        };
        let free: Vec<usize> = (0..left.len()).filter(is_free).collect();
        order.push(left.remove(free[choices.below(free.len())]));
    }
    order
}

/// Whether two commands must keep their order.
fn tied(one: &Sent, other: &Sent) -> bool {
    // A registration names the key after two tags and a number.
    let registers = |sent: &Sent, author: Author| {
        sent.author == DSO && sent.command.get(6..38) == Some(&author.bytes()[..])
    };
    one.author == other.author || registers(one, other.author) || registers(other, one.author)
}

/// Cuts `sent` into batches of 1 to 12 commands.
pub(crate) fn batches(sent: &[Sent], choices: &mut Choices) -> Vec<Vec<Sent>> {
    let mut rest = sent;
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let (batch, after) = rest.split_at((1 + choices.below(12)).min(rest.len()));
        batches.push(batch.to_vec());
        rest = after;
    }
    batches
}
