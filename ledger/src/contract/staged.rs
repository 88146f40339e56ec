//! States to test with: sound ones in each phase, and broken ones that no command leads to.
//!
//! In: nothing. Out: states, the broken ones with the violation that names what is wrong. Refuses
//! to know: who tests what with them.
//!
//! A broken part is made the way a forged snapshot would bring it: encoded, changed, decoded again.
//! So no field has to be open for tests, and every one of these states is one that `restore` could
//! be given.

use std::collections::BTreeMap;

use credit::{History, ScoreRule};
use market::{Decimal, Energy, Kappa, Money, NrgX, ParticipantId, Price, PriceRule};
use market::{Side, Slot, Tariff};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::members::Member;
use super::{Call, Command, State, members, slot_market, transfer};
use crate::account::Book;
use crate::commitment::{Commitment, Reading};
use crate::fact::Fact;
use crate::genesis::Charter;
use crate::hash::Hash;
use crate::identity::{Author, MeterId};
use crate::phase::Phase;
use crate::receipt::{GateSummary, Receipt};
use crate::refusal::Refusal;
use crate::violation::Violation;

pub(crate) const DSO: Author = Author::new([0xd0; 32]);
pub(crate) const ONE: ParticipantId = ParticipantId::new(1);
pub(crate) const TWO: ParticipantId = ParticipantId::new(2);
/// Nobody's number.
pub(crate) const NINE: ParticipantId = ParticipantId::new(9);

pub(crate) fn author(participant: ParticipantId) -> Author {
    Author::new([participant.get() as u8; 32])
}

pub(crate) fn charter() -> Charter {
    let decimal = |text| Decimal::parse(text).expect("a decimal");
    let rule = NrgX::try_new(decimal("0.2"), decimal("0.4"), decimal("1"));
    let price = Price::from_micro_per_kwh;
    Charter {
        name: "ends".into(),
        dso: DSO,
        tariff: Tariff::try_new(price(80_000), price(300_000)).expect("in order"),
        kappa: Kappa::HALF,
        rule: PriceRule::NrgX(rule.expect("parameters in range")),
        scoring: ScoreRule::V1,
        connection_limit: Energy::from_wh(1_000),
    }
}

pub(crate) fn execute(
    state: &mut State,
    author: Author,
    command: Command,
    reading: Option<Reading>,
) -> (Result<Receipt, Refusal>, Vec<Fact>) {
    let mut facts = Vec::new();
    let call = Call { author, charter: &charter(), facts: &mut facts };
    let receipt = state.execute(call, command, reading);
    (receipt, facts)
}

/// Performs a command of the slot market that is allowed.
fn market(state: &mut State, author: Author, command: slot_market::Command) {
    execute(state, author, Command::SlotMarket(command), None).0.expect("is allowed");
}

/// Members 1 and 2 without money; nothing is open yet.
pub(crate) fn enrolled() -> State {
    let mut state = State::default();
    for participant in [ONE, TWO] {
        let command = members::Command::Register {
            participant,
            author: author(participant),
            meter: MeterId::new(participant.get()),
            deposit: Money::ZERO,
        };
        execute(&mut state, DSO, Command::Members(command), None).0.expect("is allowed");
    }
    state
}

/// Slot 0 takes orders: 1 bids for 10 Wh and 2 offers them; a transfer of 1 to 2 waits.
pub(crate) fn ordering() -> State {
    let mut state = enrolled();
    market(&mut state, DSO, slot_market::Command::Open);
    let (slot, quantity, price) =
        (Slot::ZERO, Energy::from_wh(10), Price::from_micro_per_kwh(100_000));
    for (member, side) in [(ONE, Side::Bid), (TWO, Side::Offer)] {
        let order = slot_market::Command::PlaceOrder { slot, side, price, quantity };
        market(&mut state, author(member), order);
    }
    let pay = transfer::Command::Transfer { slot, to: TWO, amount: Money::from_nano(5) };
    execute(&mut state, author(ONE), Command::Transfer(pay), None).0.expect("is admitted");
    state
}

/// As [`ordering`], the gate closed: 1 bought 10 Wh of 2, both were read.
pub(crate) fn delivered() -> State {
    let mut state = ordering();
    market(&mut state, DSO, slot_market::Command::CloseGate { slot: Slot::ZERO });
    read(&mut state, ONE, 10);
    read(&mut state, TWO, 0);
    state
}

/// As [`delivered`], one slot later: nothing is ordered yet, both owe or own a little.
pub(crate) fn settled() -> State {
    let mut state = delivered();
    market(&mut state, DSO, slot_market::Command::CloseSlot { slot: Slot::ZERO });
    state
}

/// Members 1 and 2, slot 0 closed for orders that nobody gave.
pub(crate) fn idle() -> State {
    let mut state = enrolled();
    market(&mut state, DSO, slot_market::Command::Open);
    market(&mut state, DSO, slot_market::Command::CloseGate { slot: Slot::ZERO });
    state
}

/// Member `from` reads its meter: so much import in slot 0.
pub(crate) fn read(state: &mut State, from: ParticipantId, import: i64) {
    let (slot, meter) = (Slot::ZERO, MeterId::new(from.get()));
    let reading = Reading { import: Energy::from_wh(import), export: Energy::ZERO, salt: [0; 32] };
    let commitment = reading.commitment(meter, slot);
    let submit = slot_market::Command::SubmitReading { slot, meter, commitment };
    let read = execute(state, author(from), Command::SlotMarket(submit), Some(reading));
    assert_eq!(read.0, Ok(Receipt::ReadingTaken { meter, slot }));
}

/// A state that no command leads to, and what is wrong with it.
pub(crate) struct Broken {
    /// What was done to it.
    pub(crate) how: &'static str,
    pub(crate) state: State,
    pub(crate) violation: Violation,
}

/// At least one broken state for every invariant of every contract.
pub(crate) fn broken() -> Vec<Broken> {
    let parts = [accounts(), members(), transfers(), seats(), deliveries(), scores()];
    parts.into_iter().flatten().collect()
}

/// The parts of a state as their encoding has them.
type RawBook = (BTreeMap<ParticipantId, Money>, Money, Money, Money);
type RawMembers = BTreeMap<ParticipantId, Member>;
type RawTransfers = BTreeMap<ParticipantId, Vec<(ParticipantId, Money)>>;
type RawOrder = (Side, Price, Energy);
type RawDelivery = (Commitment, Energy, Energy, [u8; 32]);
type RawSeat = (Vec<RawOrder>, Energy, Option<RawDelivery>);
type RawMarket = (
    Phase,
    Option<Hash>,
    Option<GateSummary>,
    BTreeMap<ParticipantId, RawSeat>,
    BTreeMap<ParticipantId, Energy>,
);
type RawScores = BTreeMap<ParticipantId, (History, Option<Slot>, u16)>;

/// `part` as its encoding shows it, changed, and read back.
fn forge<P, R>(part: &mut P, change: impl FnOnce(&mut R))
where
    P: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    let mut raw: R = bcs::from_bytes(&bcs::to_bytes(part).expect("encodes")).expect("its shape");
    change(&mut raw);
    *part = bcs::from_bytes(&bcs::to_bytes(&raw).expect("encodes")).expect("the same shape");
}

/// One broken state: `base` with one of its parts forged.
fn one<P, R>(
    how: &'static str,
    violation: Violation,
    base: fn() -> State,
    part: fn(&mut State) -> &mut P,
    change: impl FnOnce(&mut R),
) -> Broken
where
    P: Serialize + DeserializeOwned,
    R: Serialize + DeserializeOwned,
{
    let mut state = base();
    forge(part(&mut state), change);
    Broken { how, state, violation }
}

fn accounts() -> Vec<Broken> {
    let book = |how, violation, change: fn(&mut RawBook)| {
        let part: fn(&mut State) -> &mut Book = |state| &mut state.book;
        one(how, violation, enrolled, part, change)
    };
    let (members, accounts) = (2, 3);
    vec![
        book("money was minted", Violation::BalancesSum { sum: 5 }, move |raw| {
            raw.0.insert(ONE, Money::from_nano(5));
        }),
        book("money was lost", Violation::BalancesSum { sum: -7 }, move |raw| {
            raw.1 = Money::from_nano(-7);
        }),
        book("an account is nobody's", Violation::Accounts { members, accounts }, |raw| {
            raw.0.insert(NINE, Money::ZERO);
        }),
        book("an account is somebody else's", Violation::Unmatched(TWO), |raw| {
            raw.0.remove(&TWO);
            raw.0.insert(NINE, Money::ZERO);
        }),
        Broken {
            how: "a debt without a date",
            violation: Violation::Overdue(ONE),
            state: {
                let mut state = enrolled();
                forge(&mut state.book, |raw: &mut RawBook| {
                    raw.0.insert(ONE, Money::from_nano(-5));
                    raw.0.insert(TWO, Money::from_nano(5));
                });
                state
            },
        },
    ]
}

fn members() -> Vec<Broken> {
    let member = |how, change: fn(&mut Member)| {
        let change = |raw: &mut RawMembers| change(raw.get_mut(&TWO).expect("registered"));
        one(how, Violation::Index(ONE), enrolled, |state| &mut state.members, change)
    };
    vec![
        member("two members have one key", |second| second.author = author(ONE)),
        member("two members have one meter", |second| second.meter = MeterId::new(1)),
    ]
}

fn transfers() -> Vec<Broken> {
    let pending = |how, base, change: fn(&mut RawTransfers)| {
        one(how, Violation::Pending(ONE), base, |state: &mut State| &mut state.transfers, change)
    };
    vec![
        pending("a transfer to oneself", ordering, |raw| {
            raw.insert(ONE, vec![(ONE, Money::from_nano(5))]);
        }),
        pending("a transfer of nothing", delivered, |raw| {
            raw.insert(ONE, vec![(TWO, Money::ZERO)]);
        }),
        pending("too many transfers", delivered, |raw| {
            raw.insert(ONE, vec![(TWO, Money::from_nano(5)); 17]);
        }),
        pending("no transfer where one is said to wait", ordering, |raw| {
            raw.insert(ONE, Vec::new());
        }),
        pending("a transfer before the market opened", enrolled, |raw| {
            raw.insert(ONE, vec![(TWO, Money::from_nano(5))]);
        }),
    ]
}

fn seats() -> Vec<Broken> {
    let seat = |how, violation, base, change: fn(&mut RawMarket)| {
        one(how, violation, base, |state: &mut State| &mut state.market, change)
    };
    let order = (Side::Bid, Price::from_micro_per_kwh(100_000), Energy::from_wh(10));
    vec![
        seat("an empty seat", Violation::Seat(ONE), ordering, |raw| {
            raw.3.insert(ONE, (Vec::new(), Energy::ZERO, None));
        }),
        one(
            "more orders than a member may give",
            Violation::Seat(TWO),
            ordering,
            |state: &mut State| &mut state.market,
            |raw: &mut RawMarket| {
                raw.3.insert(TWO, (vec![order; 17], Energy::ZERO, None));
            },
        ),
        seat("an order over nothing", Violation::Seat(TWO), ordering, |raw| {
            raw.3.get_mut(&TWO).expect("has ordered").0[0].2 = Energy::ZERO;
        }),
        seat("a contract before the auction", Violation::Seat(ONE), ordering, |raw| {
            raw.3.get_mut(&ONE).expect("has ordered").1 = Energy::from_wh(10);
        }),
        one(
            "an order behind the gate",
            Violation::Seat(TWO),
            delivered,
            |state: &mut State| &mut state.market,
            |raw: &mut RawMarket| raw.3.get_mut(&TWO).expect("has sold").0.push(order),
        ),
        one(
            "a seat of nobody",
            Violation::Seat(NINE),
            ordering,
            |state: &mut State| &mut state.market,
            |raw: &mut RawMarket| {
                raw.3.insert(NINE, (vec![order], Energy::ZERO, None));
            },
        ),
        one(
            "a seat before the market opened",
            Violation::Seat(ONE),
            enrolled,
            |state: &mut State| &mut state.market,
            |raw: &mut RawMarket| {
                raw.3.insert(ONE, (vec![order], Energy::ZERO, None));
            },
        ),
    ]
}

fn deliveries() -> Vec<Broken> {
    let seat = |how, violation, base, change: fn(&mut RawMarket)| {
        one(how, violation, base, |state: &mut State| &mut state.market, change)
    };
    let contracts = |bought, sold| {
        let [bought, sold] = [bought, sold].map(Energy::from_wh);
        Violation::Contracts { slot: Slot::ZERO, bought, sold }
    };
    vec![
        seat("energy bought of nobody", contracts(11, 10), delivered, |raw| {
            raw.3.get_mut(&ONE).expect("has bought").1 = Energy::from_wh(11);
        }),
        seat("more contracts than the auction made", contracts(11, 11), delivered, |raw| {
            raw.3.get_mut(&ONE).expect("has bought").1 = Energy::from_wh(11);
            raw.3.get_mut(&TWO).expect("has sold").1 = Energy::from_wh(-11);
        }),
        seat("another value than was committed to", Violation::Reading(TWO), delivered, |raw| {
            raw.3.get_mut(&TWO).and_then(|seat| seat.2.as_mut()).expect("was read").2 =
                Energy::from_wh(1);
        }),
        seat("another salt than was committed to", Violation::Reading(ONE), delivered, |raw| {
            raw.3.get_mut(&ONE).and_then(|seat| seat.2.as_mut()).expect("was read").3 = [1; 32];
        }),
        seat("an import below zero", Violation::LargestImport(ONE), settled, |raw| {
            raw.4.insert(ONE, Energy::from_wh(-1));
        }),
        seat("an import of nobody", Violation::LargestImport(NINE), settled, |raw| {
            raw.4.insert(NINE, Energy::ZERO);
        }),
    ]
}

fn scores() -> Vec<Broken> {
    let score = |how, violation, base, change: fn(&mut RawScores)| {
        one(how, violation, base, |state: &mut State| &mut state.scores, change)
    };
    let (members, standings) = (2, 1);
    vec![
        score("a member nobody scores", Violation::Standings { members, standings }, idle, |raw| {
            raw.remove(&TWO);
        }),
        score("a score above the scale", Violation::Score(TWO), idle, |raw| {
            raw.get_mut(&TWO).expect("stands").2 = 1001;
        }),
        score("a date without a debt", Violation::Overdue(TWO), idle, |raw| {
            raw.get_mut(&TWO).expect("stands").1 = Some(Slot::ZERO);
        }),
    ]
}
