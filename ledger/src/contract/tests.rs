//! What only happens with balances that no test could earn, and with states that no command leads
//! to.

use std::collections::BTreeSet;

use market::{Money, Slot};

use super::staged::{self, Broken, DSO, ONE, TWO, author, execute, idle, read};
use super::{Command, INVARIANTS, State, slot_market, transfer};
use crate::account::{Account, Posting};
use crate::fact::{Bounce, Fact};
use crate::receipt::Receipt;
use crate::refusal::Refusal;
use crate::violation::Violation;

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
    let mut state = idle();
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
    let mut state = idle();
    read(&mut state, ONE, 0);
    read(&mut state, TWO, 0);
    push(&mut state, Account::External, Account::Member(TWO), i64::MAX);
    push(&mut state, Account::Operator, Account::Member(ONE), 5);
    let amount = Money::from_nano(5);
    let pay = Command::Transfer(transfer::Command::Transfer { slot: Slot::ZERO, to: TWO, amount });
    execute(&mut state, author(ONE), pay, None).0.expect("is admitted");
    let (slot, from, to) = (Slot::ZERO, ONE, TWO);
    let bounced = Fact::Bounced { slot, from, to, amount, reason: Bounce::ReceiverFull };
    assert!(close(&mut state).1.contains(&bounced));
    assert_eq!(state.book.balance(Account::Member(ONE)), Some(amount));
    assert_eq!(state.check(), Ok(()));
}

/// Which kind of violation this is. A new one does not compile until a broken state shows it.
fn kind(violation: &Violation) -> u32 {
    match violation {
        Violation::BalancesSum { .. } => 0,
        Violation::Accounts { .. } => 1,
        Violation::Unmatched(_) => 2,
        Violation::Index(_) => 3,
        Violation::Pending(_) => 4,
        Violation::Seat(_) => 5,
        Violation::Reading(_) => 6,
        Violation::LargestImport(_) => 7,
        Violation::Contracts { .. } => 8,
        Violation::Overdue(_) => 9,
        Violation::Standings { .. } => 10,
        Violation::Score(_) => 11,
    }
}

/// Every way to break a state is noticed and named exactly; every invariant notices something, and
/// every violation there is occurs.
#[test]
fn every_invariant_names_what_is_broken() {
    let mut kinds = BTreeSet::new();
    let mut noticed = [false; INVARIANTS.len()];
    for Broken { how, state, violation } in staged::broken() {
        assert_eq!(state.check(), Err(violation), "{how}");
        kinds.insert(kind(&violation));
        for (invariant, noticed) in INVARIANTS.iter().zip(&mut noticed) {
            *noticed |= (invariant.check)(&state) == Err(violation);
        }
    }
    assert_eq!(kinds, (0..12).collect());
    assert_eq!(noticed, [true; INVARIANTS.len()]);
}

/// The states that the broken ones are made from are sound, in every phase.
#[test]
fn sound_states_have_no_violation() {
    use staged::{delivered, enrolled, ordering, settled};
    for sound in [enrolled, ordering, delivered, settled, idle] {
        assert_eq!(sound().check(), Ok(()));
    }
}
