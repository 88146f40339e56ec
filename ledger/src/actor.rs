//! What an author is at the moment of its command, and what that permits.
//!
//! In: a role that the members contract looked up. Out: permission or a refusal that names both
//! roles. Refuses to know: keys.

use market::ParticipantId;

use crate::identity::Role;
use crate::refusal::Refusal;

/// Who gives a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The operator named in the genesis.
    Dso,
    /// A registered member.
    Member(ParticipantId),
    /// Nobody the ledger knows.
    Stranger,
}

impl Actor {
    /// Permits the operator alone.
    ///
    /// # Errors
    ///
    /// [`Refusal::Role`].
    pub(crate) fn dso(self) -> Result<(), Refusal> {
        match self {
            Self::Dso => Ok(()),
            _ => Err(Refusal::Role { needs: Role::Dso, is: self.role() }),
        }
    }

    /// Permits members alone, and says which one it is.
    ///
    /// # Errors
    ///
    /// [`Refusal::Role`].
    pub(crate) fn member(self) -> Result<ParticipantId, Refusal> {
        match self {
            Self::Member(participant) => Ok(participant),
            _ => Err(Refusal::Role { needs: Role::Member, is: self.role() }),
        }
    }

    fn role(self) -> Role {
        match self {
            Self::Dso => Role::Dso,
            Self::Member(_) => Role::Member,
            Self::Stranger => Role::Stranger,
        }
    }
}
