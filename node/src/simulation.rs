//! The reference outcome: the same commands as a trial, through one ledger without consensus.
//!
//! In: a data set, a seed. Out: the root, the facts gathered, the meters. Refuses to know: replicas.

use std::num::NonZeroUsize;

use community::{Community, Dataset, InMemory, Outcome, Settings, ZeroIntelligence, run, terms};
use ledger::{Fact, Genesis, Hash, INVARIANTS, Ledger, SlotSummary};

use crate::harvest::Harvest;
use crate::people;

/// What a simulation came to.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The loop's own account.
    pub outcome: Outcome,
    /// What the facts give.
    pub harvest: Harvest,
    /// The state root after the last close.
    pub root: Hash,
    /// Bills that were posted.
    pub bills: u64,
    /// Invariants that were looked at in the last state.
    pub invariants: usize,
    /// Those that do not hold in it, each with the values that clash.
    pub violations: Vec<String>,
}

/// Plays `dataset`, at most `slots` of it, on `threads` threads.
///
/// # Errors
///
/// A region that cannot be founded, or a refused command of the operator: faults of this program.
pub fn simulate(
    dataset: &Dataset,
    seed: u64,
    slots: Option<u32>,
    threads: NonZeroUsize,
    each_slot: impl FnMut(&SlotSummary),
) -> anyhow::Result<Reference> {
    let cast = people::cast(seed, dataset.homes());
    let genesis = Genesis::try_new(terms::charter(cast.operator))?;
    let settings = Settings { threads, ..Settings::from_seed(seed) };
    let strategy = Box::new(ZeroIntelligence);
    let mut community = Community::try_new(dataset.clone(), cast, strategy, settings)?;
    let mut harvest = Harvest::default();
    let mut bills = 0;
    let mut region = InMemory::new(Ledger::new(genesis), |fact| {
        bills += u64::from(matches!(fact, Fact::Billed(_)));
        harvest.fold(&fact);
    });
    let outcome = run(&mut community, &mut region, terms::tariff(), slots, each_slot)?;
    let (root, state) = (region.ledger().root(), region.ledger().state());
    let broken = INVARIANTS.iter().filter_map(|invariant| (invariant.check)(state).err());
    let violations = broken.map(|violation| violation.to_string()).collect();
    Ok(Reference { outcome, harvest, root, bills, invariants: INVARIANTS.len(), violations })
}
