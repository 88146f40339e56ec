//! The market through its public face.

mod books;
mod auction;
