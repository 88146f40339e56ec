//! What only happens with balances that no test could earn: the ends of 64 bits.

use credit::ScoreRule;
use market::{Decimal, Energy, Kappa, Money, NrgX, ParticipantId, Price, PriceRule, Slot, Tariff};

use super::{Call, Command, State, members, slot_market, transfer};
use crate::account::{Account, Posting};
use crate::commitment::Reading;
use crate::fact::{Bounce, Fact};
use crate::genesis::Charter;
use crate::identity::{Author, MeterId};
use crate::receipt::Receipt;
use crate::refusal::Refusal;

const DSO: Author = Author::new([0xd0; 32]);
const ONE: ParticipantId = ParticipantId::new(1);
const TWO: ParticipantId = ParticipantId::new(2);

fn author(participant: ParticipantId) -> Author {
    Author::new([participant.get() as u8; 32])
}

fn charter() -> Charter {
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

fn execute(
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

/// Members 1 and 2, slot 0 closed for orders.
fn delivered() -> State {
    let mut state = State::default();
    let mut dso = |command| execute(&mut state, DSO, command, None).0.expect("is allowed");
    for participant in [ONE, TWO] {
        dso(Command::Members(members::Command::Register {
            participant,
            author: author(participant),
            meter: MeterId::new(participant.get()),
            deposit: Money::ZERO,
        }));
    }
    dso(Command::SlotMarket(slot_market::Command::Open));
    dso(Command::SlotMarket(slot_market::Command::CloseGate { slot: Slot::ZERO }));
    state
}

/// Member `from` reads its meter: so much import in slot 0.
fn read(state: &mut State, from: ParticipantId, import: i64) {
    let (slot, meter) = (Slot::ZERO, MeterId::new(from.get()));
    let reading = Reading { import: Energy::from_wh(import), export: Energy::ZERO, salt: [0; 32] };
    let commitment = reading.commitment(meter, slot);
    let submit = slot_market::Command::SubmitReading { slot, meter, commitment };
    let read = execute(state, author(from), Command::SlotMarket(submit), Some(reading));
    assert_eq!(read.0, Ok(Receipt::ReadingTaken { meter, slot }));
}

fn close(state: &mut State) -> (Result<Receipt, Refusal>, Vec<Fact>) {
    let command = slot_market::Command::CloseSlot { slot: Slot::ZERO };
    execute(state, DSO, Command::SlotMarket(command), None)
}

fn push(state: &mut State, from: Account, to: Account, nano: i64) {
    let amount = Money::from_nano(nano);
    state.book.post(&Posting { from, to, amount }).expect("fits");
}

/// A close whose bills do not fit a balance is refused as a whole: no bill is posted, no transfer
/// executed, nobody scored, and the slot can still be closed once the balance is in range.
#[test]
fn a_close_that_overflows_changes_nothing() {
    let mut state = delivered();
    read(&mut state, ONE, 10);
    read(&mut state, TWO, 0);

    // The grid is owed 10 Wh at retail, and its balance is full.
    push(&mut state, Account::External, Account::Grid, i64::MAX);
    let (before, roots) = (state.clone(), state.roots());
    let (refused, facts) = close(&mut state);
    assert_eq!(refused, Err(Refusal::BalanceOverflow { account: Account::Grid }));
    assert!(facts.is_empty());
    assert_eq!((&state, state.clone().roots()), (&before, roots));

    push(&mut state, Account::Grid, Account::External, i64::MAX);
    assert!(matches!(close(&mut state).0, Ok(Receipt::SlotClosed(_))));
}

/// A transfer to a member whose balance is full bounces and leaves the payer its money.
#[test]
fn a_full_receiver_bounces_a_transfer() {
    let mut state = delivered();
    read(&mut state, ONE, 0);
    read(&mut state, TWO, 0);
    push(&mut state, Account::External, Account::Member(TWO), i64::MAX);
    push(&mut state, Account::Operator, Account::Member(ONE), 5);
    let amount = Money::from_nano(5);
    let pay = Command::Transfer(transfer::Command::Transfer { to: TWO, amount });
    execute(&mut state, author(ONE), pay, None).0.expect("is admitted");
    let (slot, from, to) = (Slot::ZERO, ONE, TWO);
    let bounced = Fact::Bounced { slot, from, to, amount, reason: Bounce::ReceiverFull };
    assert!(close(&mut state).1.contains(&bounced));
    assert_eq!(state.book.balance(Account::Member(ONE)), Some(amount));
    assert_eq!(state.check(), Ok(()));
}

/// The members contract and all below it agree on who is there: each invariant that compares two
/// of them notices a member that is missing in one.
#[test]
fn invariants_notice_what_does_not_match() {
    let mut unknown = delivered();
    unknown.book.open(ParticipantId::new(9));
    assert!(unknown.check().is_err());

    let mut minted = delivered();
    push(&mut minted, Account::External, Account::Member(ONE), -5);
    // Below zero without being overdue: money that moved outside a close.
    assert!(minted.check().is_err());

    let mut unscored = delivered();
    unscored.scores = super::Scores::default();
    assert!(unscored.check().is_err());

    let mut forgetful = delivered();
    forgetful.members = super::Members::default();
    assert!(forgetful.check().is_err());
    assert_eq!(delivered().check(), Ok(()));
}
