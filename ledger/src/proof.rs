//! Proofs of one member's balance and score against a state root.
//!
//! In: a member's number. Out: a value small enough to send to the member, which the member checks
//! against the root in a certified header, without the state. Refuses to know: who certified the
//! header.
//!
//! A path shows hashes of neighbouring leaves. They are not salted, so somebody who knows all but a
//! little of a neighbour's balance could test guesses against them: proofs are for the member, not
//! for publication.

use market::{Money, ParticipantId};
use serde::{Deserialize, Serialize};

use crate::account::Book;
use crate::apply::Ledger;
use crate::contract::score::Standing;
use crate::contract::{CONTRACTS, Roots, SCORES};
use crate::hash::Hash;
use crate::merkle::Path;
use crate::records::leaf_of;

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

/// A member's score with the history behind it, and what else its root covers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ScoreProof {
    /// Whose score.
    pub participant: ParticipantId,
    /// History, debt and score.
    pub standing: Standing,
    /// From the scores' tree to the standing.
    path: Path,
    /// The sub-roots; that of the scores is computed anew.
    roots: Roots,
}

impl BalanceProof {
    /// Whether the state with this root holds this balance.
    pub fn verify(&self, root: &Hash) -> bool {
        let leaf = leaf_of(self.participant, &self.balance);
        self.path.root(self.participant.get(), leaf).is_some_and(|tree| {
            let book = Book::sub_root_of(tree, self.others);
            Roots { book, contracts: self.contracts }.root() == *root
        })
    }
}

impl ScoreProof {
    /// Whether the state with this root holds this standing.
    pub fn verify(&self, root: &Hash) -> bool {
        let leaf = leaf_of(self.participant, &self.standing);
        self.path.root(self.participant.get(), leaf).is_some_and(|tree| {
            let mut roots = self.roots;
            roots.contracts[SCORES] = tree;
            roots.root() == *root
        })
    }
}

impl Ledger {
    /// Proves the balance of `participant` against [`Ledger::root`]; `None` if there is no such
    /// member.
    pub fn prove_balance(&self, participant: ParticipantId) -> Option<BalanceProof> {
        let book = self.state().book();
        let (balance, path) = book.prove(participant)?;
        let (others, contracts) = (book.others(), self.roots().contracts);
        Some(BalanceProof { participant, balance, path, others, contracts })
    }

    /// Proves the score of `participant` against [`Ledger::root`]; `None` if there is no such
    /// member.
    pub fn prove_score(&self, participant: ParticipantId) -> Option<ScoreProof> {
        let (standing, path) = self.state().scores().prove(participant)?;
        let (standing, roots) = (standing.clone(), *self.roots());
        Some(ScoreProof { participant, standing, path, roots })
    }
}
