//! Hunts order books that the uniform auction clears differently from the brute-force matcher, or that any auction
//! loses a unit on.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| model_checks::fuzz::matching(bytes));
