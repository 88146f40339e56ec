//! The search for an order that explains what was answered.
//!
//! In: operations with their times, and a sequential machine that says which answers are possible. Out: the order, the
//! operation that nothing explains, or "undecided" when the bound is reached. Refuses to know: what the operations
//! mean.
//!
//! Sources: the search is that of Wing and Gong (1993) with Lowe's memory of configurations (2017). Ours is the
//! reduction: an operation that commutes with everything that could come before it is placed at once and never
//! reconsidered, for moving it to the front of any explanation leaves one.

use std::collections::BTreeSet;

/// A sequential machine.
pub trait Machine: Clone + Ord {
    /// What is asked of it, with what was answered.
    type Operation;

    /// The machine after `operation`; none if it would not have answered so. An operation without a known answer
    /// steps as if it took effect.
    fn step(&self, operation: &Self::Operation) -> Option<Self>;

    /// Whether the two can be swapped wherever one follows the other, without changing an answer or the state
    /// afterwards, and neither makes the other possible or impossible.
    fn independent(one: &Self::Operation, other: &Self::Operation) -> bool;
}

/// An operation and when it ran.
#[derive(Clone, Debug)]
pub struct Timed<O> {
    /// What was asked and answered.
    pub operation: O,
    /// When it was asked.
    pub invoked: u64,
    /// When the answer came; without one it may have taken effect at any time since, or never.
    pub answered: Option<u64>,
}

/// What the search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This order explains every answer: places in the list that was given. Operations without an answer that are not
    /// in it had no effect.
    Linearizable(Vec<usize>),
    /// No order does.
    Violated {
        /// The longest explanation that was found of a beginning.
        placed: Vec<usize>,
        /// The operation that had to follow it and could not: of those that had to, the one answered first.
        stuck: usize,
    },
    /// The search was given up after this many steps.
    Undecided {
        /// Steps.
        steps: u64,
    },
}

/// Searches for an order of `operations`, in at most `bound` steps.
pub fn check<M: Machine>(start: M, operations: &[Timed<M::Operation>], bound: u64) -> Verdict {
    Search::new(operations).run(start, bound)
}

/// A place in the search: what was chosen there, and what else could be.
struct Choice<M> {
    /// The machine before it.
    before: M,
    /// What may come next.
    candidates: Vec<usize>,
    /// How many of them were tried.
    tried: usize,
    /// Which of them is placed.
    taken: Option<usize>,
}

struct Search<'a, O> {
    operations: &'a [Timed<O>],
    /// By time of invocation; what follows names places in it.
    order: Vec<usize>,
    /// The places that are open, as a ring in both directions; its head comes after the last of them.
    after: Vec<usize>,
    before: Vec<usize>,
    /// How many operations with an answer are open.
    wanted: usize,
}

impl<'a, O> Search<'a, O> {
    fn new(operations: &'a [Timed<O>]) -> Self {
        let mut order: Vec<usize> = (0..operations.len()).collect();
        order.sort_by_key(|index| operations[*index].invoked);
        let ring = order.len() + 1;
        let wanted = operations.iter().filter(|one| one.answered.is_some()).count();
        let after = (0..ring).map(|place| (place + 1) % ring).collect();
        let before = (0..ring).map(|place| (place + ring - 1) % ring).collect();
        Self { operations, order, after, before, wanted }
    }

    fn run<M: Machine<Operation = O>>(mut self, start: M, bound: u64) -> Verdict {
        let (mut steps, mut here) = (0, start);
        let mut seen = BTreeSet::new();
        let mut choices: Vec<Choice<M>> = Vec::new();
        let mut furthest: Option<(Vec<usize>, usize)> = None;
        while self.wanted > 0 {
            let mut candidates = self.candidates::<M>();
            if candidates.len() > 1 && !seen.insert((self.configuration(&choices), here.clone())) {
                candidates.clear(); // what follows was searched before, in vain
            }
            choices.push(Choice { before: here, candidates, tried: 0, taken: None });
            here = loop {
                let Some(choice) = choices.last_mut() else {
                    let (placed, stuck) = furthest.unwrap_or_default();
                    return Verdict::Violated { placed, stuck };
                };
                if let Some(place) = choice.taken.take() {
                    self.put_back(place);
                }
                let Some(place) = choice.candidates.get(choice.tried).copied() else {
                    // A dead end, unless it was one before: the deepest of them is what is told.
                    let stuck = self.first_answered(&choice.candidates);
                    choices.pop();
                    let further =
                        furthest.as_ref().is_none_or(|(placed, _)| placed.len() < choices.len());
                    if let Some(stuck) = stuck.filter(|_| further) {
                        furthest = Some((self.named(&choices), self.order[stuck]));
                    }
                    continue;
                };
                choice.tried += 1;
                steps += 1;
                if steps > bound {
                    return Verdict::Undecided { steps: bound };
                }
                if let Some(next) = choice.before.step(&self.at(place).operation) {
                    choice.taken = Some(place);
                    self.take(place);
                    break next;
                }
            };
        }
        Verdict::Linearizable(self.named(&choices))
    }

    /// The open places from `from` on whose operations were invoked until `until`.
    fn open(&self, until: u64) -> impl Iterator<Item = usize> {
        let head = self.order.len();
        std::iter::successors(Some(self.after[head]), |place| Some(self.after[*place]))
            .take_while(move |place| *place != head && self.at(*place).invoked <= until)
    }

    /// What may come next: whatever was invoked before the first answer among the open ones. One alone if it commutes
    /// with everything that could come before it.
    fn candidates<M: Machine<Operation = O>>(&self) -> Vec<usize> {
        let mut first_answer = u64::MAX;
        let mut candidates = Vec::new();
        for place in self.open(u64::MAX) {
            if self.at(place).invoked > first_answer {
                break;
            }
            first_answer = first_answer.min(self.at(place).answered.unwrap_or(u64::MAX));
            candidates.push(place);
        }
        let free = candidates.iter().copied().find(|place| self.is_free::<M>(*place));
        free.map_or(candidates, |place| vec![place])
    }

    fn is_free<M: Machine<Operation = O>>(&self, place: usize) -> bool {
        let Timed { operation, answered: Some(answered), .. } = self.at(place) else {
            return false;
        };
        self.open(*answered)
            .all(|other| other == place || M::independent(operation, &self.at(other).operation))
    }

    /// Of `candidates`, the one whose answer came first.
    fn first_answered(&self, candidates: &[usize]) -> Option<usize> {
        let answered = |place: &&usize| self.at(**place).answered.unwrap_or(u64::MAX);
        candidates.iter().min_by_key(answered).copied()
    }

    /// What was chosen so far, whatever the order: the number of operations placed, and which of those
    /// before the last of them are open.
    fn configuration(&self, choices: &[Choice<impl Sized>]) -> (usize, Vec<usize>) {
        let last = choices.iter().filter_map(|choice| choice.taken).max().unwrap_or_default();
        let open = self.open(u64::MAX).take_while(|place| *place < last).collect();
        (choices.len(), open)
    }

    fn take(&mut self, place: usize) {
        let (before, after) = (self.before[place], self.after[place]);
        (self.after[before], self.before[after]) = (after, before);
        self.wanted -= usize::from(self.at(place).answered.is_some());
    }

    /// Undoes the last [`Search::take`] that was not undone, which must have been of this place.
    fn put_back(&mut self, place: usize) {
        let (before, after) = (self.before[place], self.after[place]);
        (self.after[before], self.before[after]) = (place, place);
        self.wanted += usize::from(self.at(place).answered.is_some());
    }

    fn at(&self, place: usize) -> &'a Timed<O> {
        &self.operations[self.order[place]]
    }

    fn named(&self, choices: &[Choice<impl Sized>]) -> Vec<usize> {
        choices.iter().filter_map(|choice| choice.taken).map(|place| self.order[place]).collect()
    }
}

#[cfg(test)]
mod tests;
