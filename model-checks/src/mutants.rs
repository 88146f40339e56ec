//! Deliberately broken replicas: a check that does not catch them is worth nothing.
//!
//! In: the shipped replica. Out: a wrapper around it that breaks one rule. Refuses to know: switches in
//! the shipped code; there are none. Symbolic keys belong to everybody in a model, so a wrapper can
//! hand the replica a forged vote where the rule asks for one vote more, or sign again what the
//! replica signed.

mod wrap;
mod amnesiac;
mod credulous;
mod forgetful;
mod hasty;
pub mod tampered;

pub use amnesiac::Amnesiac;
pub use credulous::Credulous;
pub use forgetful::Forgetful;
pub use hasty::Hasty;

use crate::catalogue::{self, Counterexample, UnknownName};
use crate::classic::{Bounds, Crash, Detail, Faulty};

/// A broken rule and the world in which it shows.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The broken rule.
    pub broken: &'static str,
    /// Where to look for the counterexample.
    pub bounds: Bounds,
    /// Looks for it.
    pub hunt: fn(Bounds) -> Option<Counterexample>,
}

/// All mutants.
pub fn all() -> Vec<Mutant> {
    let base = Bounds {
        faulty: Faulty::Byzantine(0),
        crash: Crash::Never,
        last_view: 1,
        detail: Detail::StandIns,
    };
    vec![
        Mutant {
            name: "quorum",
            broken: "a batch is prepared, and committed, with one vote fewer than a quorum",
            // Its quorums are smaller than those that stand-ins stand for.
            bounds: Bounds { detail: Detail::EveryQuorum, ..base },
            hunt: catalogue::counterexample::<Hasty>,
        },
        Mutant {
            name: "forgotten-certificate",
            broken: "a view change does not say what prepared at its sender",
            bounds: base,
            hunt: catalogue::counterexample::<Forgetful>,
        },
        Mutant {
            name: "believed-new-view",
            broken: "a new view is believed without computing what follows from its view changes",
            bounds: Bounds { faulty: Faulty::Byzantine(1), ..base },
            hunt: catalogue::counterexample::<Credulous>,
        },
        Mutant {
            name: "forgotten-vote",
            broken: "votes are not restored after a crash",
            bounds: Bounds { crash: Crash::Anywhere, ..base },
            hunt: catalogue::counterexample::<Amnesiac>,
        },
    ]
}

/// The mutant with this name.
///
/// # Errors
///
/// [`UnknownName`] if there is none.
pub fn find(name: &str) -> Result<Mutant, UnknownName> {
    let known = || all().into_iter().map(|mutant| mutant.name);
    let found = all().into_iter().find(|mutant| mutant.name == name);
    found.ok_or_else(|| UnknownName::new("mutant", name, known()))
}
