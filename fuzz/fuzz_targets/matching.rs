//! Hunts order books that the auction clears differently from the brute-force matcher, or loses a unit on.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| model_checks::fuzz::matching(bytes));
