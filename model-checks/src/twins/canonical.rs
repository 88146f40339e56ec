//! The scenarios of one replica that is two, and which of them are the same under other names.
//!
//! In: a number of views. Out: scenarios. Refuses to know: what happens in them.
//!
//! # What symmetry removes
//!
//! - Replicas that lead none of the views are interchangeable: only the view asks for a name.
//! - The twins are: who is called the second is a matter of speech. (Each of them runs the same code with the same
//!   key. The simulation gives the machine to the first, and lets the second build batches in the opposite order.)
//!
//! Scenarios that are equal under such a renaming are played once, the least of them. Delays are drawn by link, so the
//! runs that are left out would differ from those that are played in time, as any two seeds do.
//!
//! What is not here: splits into three sides, and delays other than those of one seed.

use std::fmt;

/// Replicas of these scenarios.
pub const REPLICAS: u16 = 4;
/// Splits of one view: each of five instances is on one of two sides; the first twin's side has no name.
const SPLITS: u8 = 1 << REPLICAS;

/// Who is two, and which side everybody is on in each of the first views.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Split {
    /// The identity that is two.
    pub twin: u16,
    /// Bit i: replica i is on the other side than the first twin. The twins' own bit says that the second twin is
    /// *not* there but with the first.
    pub walls: Vec<u8>,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "replica {} is two;", self.twin)?;
        for (view, wall) in self.walls.iter().enumerate() {
            let here = |id: &u16| wall >> id & 1 == 0;
            let honest = || (0..REPLICAS).filter(|id| *id != self.twin);
            let name = |id: u16| id.to_string();
            let mut near = vec!["first".to_owned()];
            let mut far = Vec::new();
            let second = if wall >> self.twin & 1 == 1 { &mut near } else { &mut far };
            second.push("second".to_owned());
            near.extend(honest().filter(here).map(name));
            far.extend(honest().filter(|id| !here(id)).map(name));
            write!(f, " view {view}: {} | {};", near.join(" "), far.join(" "))?;
        }
        Ok(())
    }
}

impl Split {
    /// The same scenario with the twins' names exchanged: whoever was with the first is with the second.
    fn swapped(&self) -> Self {
        let both = 1_u8 << self.twin;
        let swap = |wall: &u8| if wall & both == 0 { !wall & (SPLITS - 1) & !both } else { *wall };
        Self { twin: self.twin, walls: self.walls.iter().map(swap).collect() }
    }

    /// The same scenario with replica `i` called `names[i]`.
    fn renamed(&self, names: [u16; REPLICAS as usize]) -> Self {
        let rename = |wall: &u8| {
            (0..REPLICAS).map(|id| (wall >> id & 1) << names[usize::from(id)]).sum::<u8>()
        };
        let walls = self.walls.iter().map(rename).collect();
        Self { twin: names[usize::from(self.twin)], walls }
    }

    /// Whether no other name of this scenario comes before this one.
    fn is_least(&self) -> bool {
        renamings(self.walls.len()).into_iter().all(|names| {
            let other = self.renamed(names);
            *self <= other && *self <= other.swapped()
        })
    }
}

/// All ways to exchange the names of replicas that lead none of the first views.
fn renamings(rounds: usize) -> Vec<[u16; REPLICAS as usize]> {
    let mut found = Vec::new();
    for code in 0..4_u16.pow(4) {
        let names = std::array::from_fn(|i| code >> (2 * i) & 3);
        let is_permutation = (0..REPLICAS).all(|id| names.contains(&id));
        if is_permutation && (0..REPLICAS).take(rounds).all(|id| names[usize::from(id)] == id) {
            found.push(names);
        }
    }
    found
}

/// All scenarios of so many views.
pub fn all(rounds: usize) -> impl Iterator<Item = Split> {
    let splits = u64::from(SPLITS).pow(u32::try_from(rounds).expect("a few views"));
    (0..REPLICAS).flat_map(move |twin| {
        (0..splits).map(move |code| {
            let digit = |view: usize| u8::try_from(code >> (4 * view) & 15).expect("four bits");
            Split { twin, walls: (0..rounds).map(digit).collect() }
        })
    })
}

/// One scenario of each class of symmetric ones, in order.
pub fn canonical(rounds: usize) -> Vec<Split> {
    all(rounds).filter(Split::is_least).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, with Burnside's lemma. One view: the twins lead it and the others are interchangeable (2 classes with
    /// the twins apart, 4 with them together), or they do not (3 and 6): 15 of 4 x 16. Two views: replicas 0 or 1 are
    /// two, (256 + 64 + 64 + 16) / 4 each, or one of the other two, (256 + 64) / 2: 360. Three: 4 (4,096 + 512) / 2.
    #[test]
    fn symmetry_removes_what_was_counted_by_hand() {
        let counts = |rounds| (canonical(rounds).len(), all(rounds).count());
        assert_eq!([1, 2, 3].map(counts), [(15, 64), (360, 1_024), (9_216, 16_384)]);
    }

    /// Every scenario has a least name that is played.
    #[test]
    fn whatever_is_left_out_is_played_under_another_name() {
        let played = canonical(2);
        for split in all(2) {
            let names = renamings(2).into_iter().map(|names| split.renamed(names));
            let mut names = names.flat_map(|other| [other.swapped(), other]);
            assert!(names.any(|other| played.contains(&other)), "{split}");
        }
    }
}
