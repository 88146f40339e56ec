//! Proofs of one member's balance against a state root.
//!
//! In: a member's number. Out: a value small enough to send to the member, which the member checks against the
//! root in a certified header, without the state. Refuses to know: who certified the header.

use market::{Money, ParticipantId};
use serde::{Deserialize, Serialize};

use crate::account::Book;
use crate::apply::Ledger;
use crate::hash::Hash;
use crate::merkle::Path;
use crate::records::leaf_of;
use crate::root::{CONTRACTS, Roots};

/// A member's balance, and what else its root covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BalanceProof {
    /// Whose balance.
    pub participant: ParticipantId,
    /// The balance.
    pub balance: Money,
    /// From the book's tree to the balance.
    path: Path,
    /// The balances that stand beside the members': operator, grid, external.
    others: [Money; 3],
    /// The sub-roots of the contracts.
    contracts: [Hash; CONTRACTS],
}

impl BalanceProof {
    /// Whether the state with this root holds this balance.
    pub fn verify(&self, root: &Hash) -> bool {
        let tree = self.path.root(self.participant.get(), leaf_of(self.participant, &self.balance));
        tree.is_some_and(|tree| {
            let book = Book::sub_root_of(tree, self.others);
            Roots { book, contracts: self.contracts }.root() == *root
        })
    }
}

impl Ledger {
    /// Proves the balance of `participant` against [`Ledger::root`]; `None` if there is no such member.
    pub fn prove_balance(&self, participant: ParticipantId) -> Option<BalanceProof> {
        let (balance, path) = self.state().book().prove(participant)?;
        let others = self.state().book().others();
        let contracts = self.roots().contracts;
        Some(BalanceProof { participant, balance, path, others, contracts })
    }
}
