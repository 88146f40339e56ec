//! An attack: what it is called, who had the mistake, what holds nevertheless.
//!
//! In: words and a function. Out: the same under names. Refuses to know: what is played.

/// One attack.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// What it is called.
    pub name: &'static str,
    /// Who had the mistake.
    pub source: &'static str,
    /// What holds nevertheless.
    pub claim: &'static str,
    /// Plays it.
    pub play: fn() -> anyhow::Result<()>,
}
