//! A replica that repeats old messages: others', and its own of earlier views.
//!
//! In: what it hears and says. Out: some of it again, to anybody. Refuses to know: what is in a message.

use super::mouth::{Deeds, Mouth, send};

/// Once in so many messages heard, an old one is sent.
const CHANCES: u64 = 3;

/// Repeats something.
pub fn hear(mouth: &mut Mouth, out: &mut Deeds) {
    if mouth.draw.one_in(CHANCES)
        && let Some(old) = mouth.old()
    {
        let to = mouth.somebody();
        send(&[to], &old, out);
    }
}
