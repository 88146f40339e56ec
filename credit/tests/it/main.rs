//! Credit through its public face.

mod members;
mod scores;
mod refusals;
