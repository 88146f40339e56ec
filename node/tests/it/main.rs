//! The node as its users see it: the program and its public API.

mod calculators;
