//! Every experiment in miniature: real clusters, fractions of a second, counts and never timings.

mod small;
mod latencies;
mod recoveries;
mod bursts;
mod scalings;
