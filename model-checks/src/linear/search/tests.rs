//! The search against one that tries everything, on a register.

use proptest::prelude::*;

use super::*;

/// Two registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Registers([u8; 2]);

#[derive(Clone, Copy, Debug)]
enum Access {
    Write(usize, u8),
    Read(usize, u8),
}

impl Machine for Registers {
    type Operation = Access;

    fn step(&self, operation: &Access) -> Option<Self> {
        let mut after = *self;
        match *operation {
            Access::Write(at, value) => after.0[at] = value,
            Access::Read(at, value) if self.0[at] == value => {}
            Access::Read(..) => return None,
        }
        Some(after)
    }

    fn independent(one: &Access, other: &Access) -> bool {
        let at = |access: &Access| match *access {
            Access::Write(at, _) | Access::Read(at, _) => at,
        };
        at(one) != at(other)
    }
}

fn timed(operation: Access, invoked: u64, answered: impl Into<Option<u64>>) -> Timed<Access> {
    Timed { operation, invoked, answered: answered.into() }
}

fn verdict(operations: &[Timed<Access>]) -> Verdict {
    check(Registers::default(), operations, 1_000_000)
}

/// Whether some order explains the open operations, by trying all of them.
fn explained(state: Registers, open: &[Timed<Access>]) -> bool {
    let first_answer = open.iter().filter_map(|one| one.answered).min();
    let Some(first_answer) = first_answer else { return true };
    (0..open.len()).any(|index| {
        let mut rest = open.to_vec();
        let one = rest.remove(index);
        one.invoked <= first_answer
            && state.step(&one.operation).is_some_and(|after| explained(after, &rest))
    })
}

/// A value that was overwritten before the question is never read: the one violation that every stale replica makes.
#[test]
fn a_stale_read_is_a_violation() {
    let (one, two) = (Access::Write(0, 1), Access::Write(0, 2));
    let mut history =
        vec![timed(one, 0, 10), timed(two, 20, 30), timed(Access::Read(0, 1), 25, 40)];
    assert_eq!(verdict(&history), Verdict::Linearizable(vec![0, 2, 1]));
    history[2].invoked = 31;
    assert_eq!(verdict(&history), Verdict::Violated { placed: vec![0, 1], stuck: 2 });
}

/// A write without an answer may be seen, also much later, or never; but not seen and then undone.
#[test]
fn an_operation_without_an_answer_happens_at_most_once() {
    let unknown = timed(Access::Write(0, 1), 0, None);
    let read = |value, at| timed(Access::Read(0, value), at, at + 1);
    let seen = [unknown.clone(), read(0, 10), read(1, 20), read(1, 30)];
    assert_eq!(verdict(&seen), Verdict::Linearizable(vec![1, 0, 2, 3]));
    let never = [unknown.clone(), read(0, 10), read(0, 20)];
    assert_eq!(verdict(&never), Verdict::Linearizable(vec![1, 2]));
    let undone = [unknown, read(1, 10), read(0, 20)];
    assert!(matches!(verdict(&undone), Verdict::Violated { stuck: 2, .. }));
}

/// A hundred concurrent operations that commute are placed without searching; a bound that is too small is no verdict.
#[test]
fn what_commutes_costs_nothing_and_a_bound_is_no_verdict() {
    let at = |index: u64| usize::try_from(index % 2).expect("0 or 1");
    let history: Vec<_> = (0..100)
        .map(|index| timed(Access::Write(at(index), 1), index, 100 + index))
        .filter(|one| matches!(one.operation, Access::Write(0, _)) || one.invoked < 2)
        .collect();
    assert!(
        matches!(verdict(&history), Verdict::Linearizable(order) if order.len() == history.len())
    );
    let steps = 5;
    let given_up = check(Registers::default(), &history, steps);
    assert_eq!(given_up, Verdict::Undecided { steps });
}

fn access() -> impl Strategy<Value = Timed<Access>> {
    let operation =
        (any::<bool>(), 0..2_usize, 0..3_u8).prop_map(|(write, at, value)| match write {
            true => Access::Write(at, value),
            false => Access::Read(at, value),
        });
    (operation, 0..20_u64, 0..12_u64, 0..6_u8).prop_map(|(operation, invoked, takes, ends)| {
        timed(operation, invoked, (ends > 0).then_some(invoked + takes))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// The search finds an explanation exactly where one that tries every order does, and what it finds explains.
    #[test]
    fn nothing_is_missed_and_nothing_invented(history in prop::collection::vec(access(), 0..7)) {
        let expected = explained(Registers::default(), &history);
        match verdict(&history) {
            Verdict::Linearizable(order) => {
                prop_assert!(expected);
                let mut state = Registers::default();
                for (position, index) in order.iter().enumerate() {
                    let one = &history[*index];
                    let too_late = order[position..].iter().any(|later| {
                        history[*later].answered.is_some_and(|answered| answered < one.invoked)
                    });
                    prop_assert!(!too_late);
                    state = state.step(&one.operation).expect("the order explains the answer");
                }
            }
            Verdict::Violated { .. } => prop_assert!(!expected),
            Verdict::Undecided { steps } => prop_assert!(false, "gave up after {steps}"),
        }
    }
}
