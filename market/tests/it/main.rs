//! The market through its public face.

mod books;
mod auction;
mod prices;
mod internal_prices;
mod flaws;
mod settling;
mod tiers;
mod day;
mod exchange;
mod response;
mod kit;
