//! Hunts bytes that decode to a message, record, command or receipt and encode to other bytes, or panic on the way.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| model_checks::fuzz::decode(bytes));
