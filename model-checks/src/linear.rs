//! Linearizability: whether what clients saw can have happened one after the other, each command between its question
//! and its answer.
//!
//! In: the history of a trial. Out: an order of its commands that explains every answer, or the answer that cannot be.
//! Refuses to know: replicas; the node.
//!
//! Source of the definition: Herlihy and Wing (1990). What clients rely on is stated in `region` a second time,
//! without the ledger's code. Answers to queries are not judged: one replica gives them, as of the last
//! slot that it closed.

pub mod search;
pub mod region;
pub mod history;
