//! The property kit on the rules of this crate, and on rules with a planted defect.

mod auction;
mod planted_auctions;
mod price;

/// Regions or books per rule: a few by default, `GRIDQUORUM_CASES` where somebody has time.
fn cases() -> u32 {
    match std::env::var("GRIDQUORUM_CASES") {
        Ok(text) => text.parse().expect("GRIDQUORUM_CASES is a number of cases"),
        Err(_) => 1_000,
    }
}
