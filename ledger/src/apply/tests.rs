//! When a running ledger looks at itself.

use market::Slot;

use super::Ledger;
use crate::block::BlockHeader;
use crate::command::Entry;
use crate::contract::staged::{self, Broken, DSO};
use crate::contract::{Command, State, slot_market};
use crate::genesis::Genesis;
use crate::identity::Author;
use crate::phase::Phase;

fn ledger(mut state: State) -> Ledger {
    let genesis = Genesis::try_new(staged::charter()).expect("the terms fit together");
    let head = BlockHeader::genesis(genesis.digest(), state.roots().root());
    Ledger::resume(genesis, state, head)
}

/// The command with which the operator ends the phase of `state`.
fn turn(state: &State) -> Option<slot_market::Command> {
    match state.market().phase() {
        Phase::Enrolment => None,
        Phase::Orders(slot) => Some(slot_market::Command::CloseGate { slot }),
        Phase::Delivered(slot) => Some(slot_market::Command::CloseSlot { slot }),
    }
}

fn apply(ledger: &mut Ledger, author: Author, command: slot_market::Command) -> super::Checks {
    let command = Command::SlotMarket(command).encode();
    let entry = Entry { author, command: &command, private: &[] };
    ledger.apply_checked(&[entry]).1
}

/// What is wrong with orders, seats, contracts, readings or pending transfers is found when the
/// gate or the slot closes, although closing empties what it was wrong with.
#[test]
fn a_ledger_looks_before_it_empties_what_it_looks_at() {
    let mut found = 0;
    for Broken { how, state, violation } in staged::broken() {
        let Some(command) = turn(&state) else { continue };
        assert_eq!(apply(&mut ledger(state), DSO, command).violation, Some(violation), "{how}");
        found += 1;
    }
    assert!(found >= 15, "{found} broken states are in a phase that ends");
}

/// A sound slot is looked at three times: before the gate, before the close, after it. Commands
/// that are too late, or are not the operator's, make nobody look.
#[test]
fn only_the_operator_makes_a_ledger_look() {
    let mut ledger = ledger(staged::ordering());
    let slot = Slot::ZERO;
    let (gate, close) =
        (slot_market::Command::CloseGate { slot }, slot_market::Command::CloseSlot { slot });
    let mut times = |author, command| {
        let checks = apply(&mut ledger, author, command);
        assert_eq!(checks.violation, None);
        checks.times
    };
    let member = staged::author(staged::ONE);
    assert_eq!([times(member, gate), times(DSO, close), times(DSO, gate)], [0, 0, 1]);
    assert_eq!([times(member, close), times(DSO, gate), times(DSO, close)], [0, 0, 2]);
    assert_eq!([times(DSO, close), times(member, close)], [0, 0]);
}
