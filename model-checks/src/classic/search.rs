//! The search for the shortest sequences of messages that make one machine act.
//!
//! In: a machine and messages that are counted together. Out: each minimal sequence with its effect.
//! Refuses to know: where the messages come from.

use crate::network::{LetterId, LetterSet};
use crate::replica::Subject;
use crate::transitions::{MachineId, Response, Stimulus, Transitions};

/// Stimuli that make a machine act, the machine after them, and what it sends.
pub(super) type Found = (Vec<Stimulus>, MachineId, LetterSet);

/// What to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Single messages that make it act.
    Acts,
    /// Single messages that change it.
    Changes,
    /// Sequences, the last message of which makes it act.
    Quorums,
    /// One such sequence, the first in the order of the messages.
    Quorum,
}

/// Everything `wanted` that `letters`, in this order, can do to `machine`. Where votes are remembered
/// without effect because something else is missing, one of `closing` may follow them.
pub(super) fn search<P: Subject>(
    transitions: &mut Transitions<P>,
    machine: MachineId,
    (letters, closing): (&[LetterId], &[LetterId]),
    wanted: Wanted,
) -> Vec<Found> {
    let start = machine;
    let mut search = Search { transitions, start, letters, closing, wanted, found: Vec::new() };
    search.from(machine, 0, &mut Vec::new());
    search.found
}

struct Search<'a, P> {
    transitions: &'a mut Transitions<P>,
    start: MachineId,
    letters: &'a [LetterId],
    closing: &'a [LetterId],
    wanted: Wanted,
    found: Vec<Found>,
}

impl<P: Subject> Search<'_, P> {
    fn from(&mut self, machine: MachineId, index: usize, path: &mut Vec<Stimulus>) {
        for next in index..self.letters.len() {
            if self.wanted == Wanted::Quorum && !self.found.is_empty() {
                return;
            }
            let stimulus = Stimulus::Letter(self.letters[next]);
            let response = self.transitions.respond(machine, stimulus);
            path.push(stimulus);
            match (response, self.wanted) {
                (Response::Visible(after, sent), _) => {
                    self.found.push((path.clone(), after, sent));
                }
                (Response::Silent(after), Wanted::Changes) => {
                    self.found.push((path.clone(), after, LetterSet::default()));
                }
                (Response::Silent(after), Wanted::Quorum | Wanted::Quorums) => {
                    self.close(after, path);
                    self.from(after, next + 1, path);
                }
                (Response::Silent(_), Wanted::Acts) | (Response::Nothing, _) => {}
            }
            path.pop();
        }
    }

    fn close(&mut self, machine: MachineId, path: &[Stimulus]) {
        for letter in self.closing {
            let stimulus = Stimulus::Letter(*letter);
            // What acts without the votes is not theirs.
            let alone = self.transitions.respond(self.start, stimulus);
            let response = self.transitions.respond(machine, stimulus);
            if let (Response::Visible(after, sent), Response::Nothing) = (response, alone) {
                let stimuli = path.iter().copied().chain([stimulus]).collect();
                self.found.push((stimuli, after, sent));
            }
        }
    }
}
