//! What a replica keeps on disk: its promises, its chain, and the private parts beside the chain.
//!
//! In: records, executed decisions, certificates. Out: the same after a restart. Refuses to know: what they mean.
//!
//! ```text
//! DATA/records.log            promises of the protocol, compacted at checkpoints
//! DATA/chain/genesis.json     what the region was founded on
//! DATA/chain/blocks.log       every block with its seal, and the seals of null requests
//! DATA/chain/checkpoints.log  certificates of stable checkpoints
//! DATA/chain/private.log      private parts of commands, by position: off chain, erasable
//! ```

pub mod log;
pub mod records;
pub mod chain;
