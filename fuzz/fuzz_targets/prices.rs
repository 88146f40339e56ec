//! Hunts regions in which a price rule breaks what it claims to keep, or settlement loses a unit.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| model_checks::fuzz::prices(bytes));
