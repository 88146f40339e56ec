//! The restated rules against the shipped ledger, and histories with a lie in them.

use credit::ScoreRule;
use ledger::{Charter, Entry, Genesis, Ledger, Reading};
use market::{Decimal, Kappa, NrgXSafe, PriceRule, Tariff};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::linear::search::{Timed, Verdict, check};

const HOMES: u32 = 3;
const BOUND: u64 = 100_000;

fn author(actor: Actor) -> Author {
    match actor {
        Actor::Operator => Author::new([7; 32]),
        Actor::Home(home) => Author::new([100 + home.get() as u8; 32]),
    }
}

fn ledger() -> Ledger {
    let price = Price::from_micro_per_kwh;
    let decimal = |text| Decimal::parse(text).expect("a decimal");
    let rule = NrgXSafe::try_new(decimal("0.12"), decimal("0.4"), decimal("0.5"));
    let charter = Charter {
        name: "a street".into(),
        dso: author(Actor::Operator),
        tariff: Tariff::try_new(price(80_000), price(300_000)).expect("a tariff"),
        kappa: Kappa::HALF,
        rule: PriceRule::NrgXSafe(rule.expect("a rule")),
        scoring: ScoreRule::V1,
        connection_limit: Energy::from_wh(2_000),
    };
    Ledger::new(Genesis::try_new(charter).expect("a charter"))
}

/// What somebody may try, sensible or not.
#[derive(Clone, Copy, Debug)]
enum Try {
    Register { number: u32, meter: u32, deposit: i64 },
    Open,
    Order { late: bool, bid: bool, cents: i64, wh: i64 },
    Gate,
    Reading { own: bool, wh: i64 },
    Transfer { to: u32, amount: i64 },
    Close,
}

impl Try {
    /// The command, and what goes beside it.
    fn command(self, actor: Actor, phase: Phase) -> (Command, Vec<u8>) {
        let open = phase.slot().unwrap_or_default();
        let market = |command| (Command::SlotMarket(command), Vec::new());
        match self {
            Self::Register { number, meter, deposit } => {
                let participant = ParticipantId::new(number);
                let author = author(Actor::Home(participant));
                let (meter, deposit) = (MeterId::new(meter), Money::from_nano(deposit));
                let register = members::Command::Register { participant, author, meter, deposit };
                (Command::Members(register), Vec::new())
            }
            Self::Open => market(slot_market::Command::Open),
            Self::Order { late, bid, cents, wh } => market(slot_market::Command::PlaceOrder {
                slot: if late { Slot::new(open.get().saturating_sub(1)) } else { open },
                side: if bid { Side::Bid } else { Side::Offer },
                price: Price::from_micro_per_kwh(cents * 10_000),
                quantity: Energy::from_wh(wh),
            }),
            Self::Gate => market(slot_market::Command::CloseGate { slot: open }),
            Self::Reading { own, wh } => {
                let number =
                    if let (Actor::Home(home), true) = (actor, own) { home.get() } else { 0 };
                let (import, export) = (Energy::from_wh(wh), Energy::ZERO);
                let (meter, salt) = (MeterId::new(number), [3; 32]);
                let reading = Reading { import, export, salt };
                let commitment = reading.commitment(meter, open);
                let submit = slot_market::Command::SubmitReading { slot: open, meter, commitment };
                (Command::SlotMarket(submit), reading.encode())
            }
            Self::Transfer { to, amount } => {
                let (to, amount) = (ParticipantId::new(to), Money::from_nano(amount));
                let transfer = transfer::Command::Transfer { slot: open, to, amount };
                (Command::Transfer(transfer), Vec::new())
            }
            Self::Close => market(slot_market::Command::CloseSlot { slot: open }),
        }
    }
}

fn attempt() -> impl Strategy<Value = (u32, Try)> {
    let attempt = prop_oneof![
        2 => (0..=HOMES, 0..=HOMES, -1..3_i64)
            .prop_map(|(number, meter, deposit)| Try::Register { number, meter, deposit }),
        1 => Just(Try::Open),
        6 => (prop::bool::weighted(0.1), any::<bool>(), 6..32_i64, 0..700_i64)
            .prop_map(|(late, bid, cents, wh)| Try::Order { late, bid, cents, wh }),
        2 => Just(Try::Gate),
        4 => (prop::bool::weighted(0.8), 0..2_400_i64).prop_map(|(own, wh)| Try::Reading { own, wh }),
        3 => (0..=HOMES, -1..5_i64).prop_map(|(to, amount)| Try::Transfer { to, amount }),
        2 => Just(Try::Close),
    ];
    // Who says it: mostly somebody who may.
    (0..HOMES * 4, attempt)
}

/// Speakers for whom most attempts are sensible.
fn speaker(drawn: u32, attempt: Try) -> Actor {
    let operate = matches!(attempt, Try::Register { .. } | Try::Open | Try::Gate | Try::Close);
    let (home, odd) = (ParticipantId::new(drawn % HOMES), drawn == 0);
    if operate != odd { Actor::Operator } else { Actor::Home(home) }
}

/// Plays attempts on the shipped ledger, one after the other: what was said and answered.
fn play(attempts: &[(u32, Try)]) -> Vec<Operation> {
    let (mut ledger, mut region) = (ledger(), Vec::new());
    let enrol = (0..HOMES).map(|home| (1, Try::Register { number: home, meter: home, deposit: 9 }));
    let begin = enrol.chain([(1, Try::Open)]);
    for (drawn, attempt) in begin.chain(attempts.iter().copied()) {
        let actor = speaker(drawn, attempt);
        let phase = ledger.state().market().phase();
        let (command, private) = attempt.command(actor, phase);
        let encoded = command.encode();
        let entry = Entry { author: author(actor), command: &encoded, private: &private };
        let receipt = ledger.apply(&[entry]).receipts[0];
        region.push(Operation { actor, command, outcome: Outcome::Receipt(receipt) });
    }
    region
}

/// Each operation around its moment, `10 * index`, and as long before and after it as drawn.
fn spread(operations: &[Operation], around: &[(u64, u64)]) -> Vec<Timed<Operation>> {
    let spans = around.iter().cycle();
    let timed = |((index, operation), (before, after)): ((usize, &Operation), &(u64, u64))| {
        let moment = 1_000 + 10 * index as u64;
        Timed { operation: *operation, invoked: moment - before, answered: Some(moment + after) }
    };
    operations.iter().enumerate().zip(spans).map(timed).collect()
}

fn verdict(history: &[Timed<Operation>]) -> Verdict {
    check(Region::default(), history, BOUND)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the shipped ledger answers one after the other, the restated rules explain, when the answers are
    /// spread over times that overlap and some of them never arrive.
    #[test]
    fn what_the_ledger_answers_is_explained(
        attempts in prop::collection::vec(attempt(), 0..60),
        around in prop::collection::vec((0..60_u64, 0..60_u64), 1..20),
        lost in prop::collection::vec(any::<Index>(), 0..3),
    ) {
        let operations = play(&attempts);
        let alone = spread(&operations, &[(0, 0)]);
        let found = verdict(&alone);
        prop_assert!(matches!(found, Verdict::Linearizable(_)), "{:?}: {:?}", found, alone);
        let mut history = spread(&operations, &around);
        for index in lost {
            let one = &mut history[index.index(operations.len())];
            one.answered = None;
            // A command that was refused had no effect, and may not have one now.
            if !matches!(one.operation.outcome, Outcome::Receipt(Receipt::Refused(_))) {
                one.operation.outcome = Outcome::Unknown;
            }
        }
        let found = verdict(&history);
        prop_assert!(!matches!(found, Verdict::Violated { .. }), "{:?}: {:?}", found, history);
    }
}

/// The attempts of the property above reach every answer that a command of the right form can have here.
#[test]
fn the_attempts_reach_every_answer() {
    let mut runner = TestRunner::deterministic();
    let mut reached = BTreeSet::new();
    for _ in 0..300 {
        let tree = prop::collection::vec(attempt(), 40..60).new_tree(&mut runner);
        for operation in play(&tree.expect("drawn").current()) {
            let Outcome::Receipt(receipt) = operation.outcome else { panic!("it was answered") };
            let text = format!("{receipt:?}");
            let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
            let kept = if words[0] == "Refused" { words[1] } else { words[0] };
            reached.insert(kept.to_owned());
        }
    }
    let expected = [
        "AboveConnection",
        "AlreadyRead",
        "Amount",
        "Deposit",
        "GateClosed",
        "MeterTaken",
        "NotYourMeter",
        "Opened",
        "OrderPlaced",
        "ParticipantTaken",
        "Phase",
        "Price",
        "Quantity",
        "ReadingTaken",
        "Registered",
        "Role",
        "SlotClosed",
        "ToSelf",
        "TransferAdmitted",
    ];
    assert_eq!(reached, expected.map(String::from).into());
}

const BID: Try = Try::Order { late: false, bid: true, cents: 20, wh: 100 };
const OFFER: Try = Try::Order { late: false, bid: false, cents: 10, wh: 50 };
const READING: Try = Try::Reading { own: true, wh: 70 };

/// An honest day: homes 1 and 2 trade, all three are read, home 1 pays home 2.
fn honest() -> Vec<Timed<Operation>> {
    let day = [
        (1, BID),
        (2, OFFER),
        (1, BID),
        (1, Try::Gate),
        (1, READING),
        (2, READING),
        (3, READING),
        (1, Try::Transfer { to: 2, amount: 4 }),
        (1, Try::Close),
    ];
    spread(&play(&day), &[(4, 4)])
}

const FIRST: usize = HOMES as usize + 1;

fn receipt(history: &mut [Timed<Operation>], index: usize) -> &mut Receipt {
    match &mut history[FIRST + index].operation.outcome {
        Outcome::Receipt(receipt) => receipt,
        Outcome::Unknown => panic!("it was answered"),
    }
}

/// The lies that a ledger could tell its clients, each found at the answer that cannot be.
#[test]
fn planted_violations_are_found() {
    type Lie = fn(&mut [Timed<Operation>]);
    let lies: [(&str, usize, Lie); 7] = [
        ("an order that was acknowledged and lost", 3, |history| {
            let Receipt::GateClosed(summary) = receipt(history, 3) else { panic!("a gate") };
            summary.bids -= 1;
        }),
        ("an order that was executed twice", 2, |history| {
            let Receipt::OrderPlaced { id } = receipt(history, 2) else { panic!("an order") };
            id.counter += 1;
        }),
        ("more energy traded than was ordered", 3, |history| {
            let Receipt::GateClosed(summary) = receipt(history, 3) else { panic!("a gate") };
            summary.volume = Energy::from_wh(51);
        }),
        ("a reading that was acknowledged and lost", 8, |history| {
            let Receipt::SlotClosed(summary) = receipt(history, 8) else { panic!("a slot") };
            summary.missing += 1;
        }),
        ("a transfer that was acknowledged and lost", 8, |history| {
            let Receipt::SlotClosed(summary) = receipt(history, 8) else { panic!("a slot") };
            (summary.transfers, summary.bounced) = (0, 0);
        }),
        ("a price that changed after the gate", 8, |history| {
            let Receipt::SlotClosed(summary) = receipt(history, 8) else { panic!("a slot") };
            summary.price =
                summary.price.map(|price| Price::from_micro_per_kwh(price.micro_per_kwh() + 1));
        }),
        ("an order that was taken after the gate had closed", 2, |history| {
            let order = &mut history[FIRST + 2];
            (order.invoked, order.answered) = (2_000, Some(2_001));
        }),
    ];
    assert!(matches!(verdict(&honest()), Verdict::Linearizable(_)));
    for (what, stuck, lie) in lies {
        let mut history = honest();
        lie(&mut history);
        let found = verdict(&history);
        let expected = if what.contains("after the gate had") { 3 } else { stuck };
        assert!(
            matches!(found, Verdict::Violated { stuck, .. } if stuck == FIRST + expected),
            "{what}: {found:?}"
        );
    }
}

/// The bid that the summary of the gate does not count may be one whose answer nobody has, and none that was
/// acknowledged before the gate was closed.
#[test]
fn an_unknown_order_may_be_lost_and_an_acknowledged_one_may_not() {
    let mut history = honest();
    let Receipt::GateClosed(summary) = receipt(&mut history, 3) else { panic!("a gate") };
    summary.bids -= 1;
    let order = &mut history[FIRST + 2];
    (order.answered, order.operation.outcome) = (None, Outcome::Unknown);
    assert!(
        matches!(verdict(&history), Verdict::Linearizable(order) if order.len() == history.len() - 1)
    );
}
