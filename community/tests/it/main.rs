//! The community as its users see it: the public API, whole data sets, whole days.

mod recorded;
mod simulated;
