//! The models from outside: what they claim, that they can fail, and that their reductions lose nothing.

mod attacks;
mod claims;
mod mutants;
mod planted;
mod reduction;
mod swarm;
mod twins;
