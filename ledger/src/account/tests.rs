//! Money is moved, never made: the balances add up to zero whatever is posted.

use std::cell::Cell;

use market::{Money, ParticipantId};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::{Account, Book, Overflow, Posting};

const ACCOUNTS: [Account; 5] = [
    Account::Member(ParticipantId::new(1)),
    Account::Member(ParticipantId::new(2)),
    Account::Operator,
    Account::Grid,
    Account::External,
];

fn book() -> Book {
    let mut book = Book::default();
    book.open(ParticipantId::new(1));
    book.open(ParticipantId::new(2));
    book
}

fn posting(from: Account, to: Account, nano: i64) -> Posting {
    Posting { from, to, amount: Money::from_nano(nano) }
}

/// A deposit of 5 and a bill of 7 leave the member at -2 and the counter-accounts at the opposite.
#[test]
fn both_sides_of_a_posting_move() {
    let [member, _, operator, _, external] = ACCOUNTS;
    let mut book = book();
    book.post(&posting(external, member, 5)).expect("fits");
    book.post(&posting(member, operator, 7)).expect("fits");
    let balance = |account| book.balance(account).map(Money::nano);
    assert_eq!(balance(member), Some(-2));
    assert_eq!(balance(operator), Some(7));
    assert_eq!(balance(external), Some(-5));
    assert_eq!(balance(Account::Member(ParticipantId::new(3))), None);
}

/// A balance stops at both ends of 64 bits, names the account, and the book is as before.
#[test]
fn a_posting_that_does_not_fit_changes_nothing() {
    let [member, other, operator, ..] = ACCOUNTS;
    let mut full = book();
    full.post(&posting(operator, member, i64::MAX)).expect("fits exactly");
    let before = full.clone();
    assert_eq!(full.post(&posting(other, member, 1)), Err(Overflow(member)));
    assert_eq!(full.post(&posting(operator, other, 2)), Err(Overflow(operator)));
    assert_eq!(full, before);
    full.post(&posting(operator, other, 1)).expect("the lowest balance is i64::MIN");
    assert_eq!(full.sum(), 0);
}

/// Amounts that sometimes do not fit.
fn amounts() -> impl Strategy<Value = i64> {
    prop_oneof![3 => -1000..1000_i64, 1 => any::<i64>()]
}

/// After any postings, also refused ones, the sum is zero; a group is performed whole or not at
/// all, and both happen.
#[test]
fn the_book_always_sums_to_zero() {
    let (whole, refused) = (Cell::new(0), Cell::new(0));
    let one = (0..5_usize, 0..5_usize, amounts())
        .prop_map(|(from, to, nano)| posting(ACCOUNTS[from], ACCOUNTS[to], nano));
    let groups = prop::collection::vec(prop::collection::vec(one, 1..6), 1..8);
    let run = |groups: Vec<Vec<Posting>>| {
        let mut book = book();
        for group in groups {
            let before = book.clone();
            if book.post_all(&group).is_err() {
                refused.set(refused.get() + 1);
                prop_assert_eq!(&book, &before);
                prop_assert_eq!(book.sub_root(), before.clone().sub_root());
            } else {
                whole.set(whole.get() + 1);
            }
            prop_assert_eq!(book.sum(), 0);
        }
        Ok(())
    };
    TestRunner::new(Config::with_cases(512)).run(&groups, run).expect("the claim holds");
    assert!(whole.get() > 100 && refused.get() > 100, "{whole:?} whole, {refused:?} refused");
}
