//! What a replica keeps on disk: its promises, its chain, and the private parts beside the chain.
//!
//! In: records, executed decisions, certificates. Out: the same after a restart. Refuses to know: what they mean.
//!
//! ```text
//! DATA/records.log            promises of the protocol, compacted at checkpoints
//! DATA/evidence.log           proof that replicas contradict themselves
//! DATA/chain/genesis.json     what the region was founded on
//! DATA/chain/blocks.log       every block with its seal, and the seals of null requests
//! DATA/chain/checkpoints.log  certificates of stable checkpoints
//! DATA/chain/private.log      private parts of commands, by position: off chain
//! ```
//!
//! What may be removed while a replica is stopped:
//!
//! - `records.log`: never. Without its promises the replica could contradict its own votes.
//! - `private.log`: the blocks stay, and the replica fetches the parts from the others when it executes its chain
//!   again. Once every replica has erased a part, no replica can be restarted from before it.
//! - `evidence.log`: the replica needs it for nothing, but what it proves may be proved nowhere else. A damaged one is
//!   renamed to `evidence.log.damaged-N` and the replica starts.
//! - All of `chain`: fetched again from the others, as long as f+1 of them hold it; so one replica at a time.

pub mod log;
pub mod syncer;
pub mod records;
pub mod chain;
pub mod journal;
pub mod evidence;
