//! The one place where facts become money.
//!
//! In: a fact. Out: the posting it causes, if any. Refuses to know: balances and rules.
//!
//! | fact | from | to |
//! |---|---|---|
//! | registered | external | member |
//! | billed | operator | member |
//! | grid settled | operator | grid |
//! | transferred | member | member |
//!
//! A member's bill is settled with the operator, never with another member, so whatever bills and
//! grid leave over stays on the operator's account. No other fact moves money: what the operator
//! gained is the sum of the postings above, and the close of a slot asserts that it is what the
//! settlement says.

use crate::account::{Account, Posting};
use crate::fact::Fact;

/// The posting that `fact` causes.
pub(crate) fn posting(fact: &Fact) -> Option<Posting> {
    let (from, to, amount) = match fact {
        Fact::Registered { participant, deposit, .. } => {
            (Account::External, Account::Member(*participant), *deposit)
        }
        Fact::Billed(bill) => {
            (Account::Operator, Account::Member(bill.line.participant), bill.line.amount())
        }
        Fact::GridSettled { line, .. } => (Account::Operator, Account::Grid, line.amount),
        Fact::Transferred { from, to, amount, .. } => {
            (Account::Member(*from), Account::Member(*to), *amount)
        }
        Fact::Opened { .. }
        | Fact::Ordered { .. }
        | Fact::GateClosed(_)
        | Fact::OperatorSettled { .. }
        | Fact::Bounced { .. }
        | Fact::Scored { .. }
        | Fact::SlotClosed(_) => return None,
    };
    Some(Posting { from, to, amount })
}
