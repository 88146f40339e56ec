//! Catching up: noticing that others are ahead, asking them, and answering those who are behind.
//!
//! In: `Status` of others, ticks, how far this replica has executed. Out: whom to ask for what, and whom to
//! answer how often. Refuses to know: what the answers contain; each proves itself.
//!
//! Not in the papers in this form. A replica that waits for something says where it stands with every tick;
//! whoever is ahead sends again what it said, and a replica that made no step between two ticks asks one other
//! replica, a different one each time, for the decisions it misses. A liar can waste one question and one tick.

use std::collections::{BTreeMap, BTreeSet};

use super::message::Status;
use super::seat::Seat;
use crate::ids::{ReplicaId, SeqNum};

/// What is known about the others' progress, and the bounds on answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct CatchUp {
    /// Counts ticks; chooses whom to ask.
    turn: u64,
    /// How far this replica had executed at the last tick.
    executed_at_tick: SeqNum,
    /// How far each other replica says it has executed.
    claims: BTreeMap<ReplicaId, SeqNum>,
    /// Who was sent our votes since the last tick.
    answered: BTreeSet<ReplicaId>,
    /// How many questions each replica asked since the last tick.
    recalled: BTreeMap<ReplicaId, u32>,
    /// The last question: whom, and the last position of the answer once it is here.
    asked: Option<(ReplicaId, Option<SeqNum>)>,
}

impl CatchUp {
    /// Questions one replica may ask between two ticks.
    const RECALLS_PER_TICK: u32 = 64;
    /// A replica that waits for nothing still says where it stands every so many ticks, so that one that was
    /// cut off while nothing happened finds out what it missed.
    const IDLE_TICKS: u64 = 10;

    /// A tick passed. Answers whether nothing was executed since the one before.
    pub(super) fn tick(&mut self, executed: SeqNum) -> bool {
        let stalled = self.executed_at_tick == executed;
        self.turn += 1;
        self.executed_at_tick = executed;
        self.answered.clear();
        self.recalled.clear();
        if stalled {
            self.asked = None;
        }
        stalled
    }

    /// Whether it is time to say where this replica stands although it waits for nothing.
    pub(super) fn is_idle_turn(&self) -> bool {
        self.turn.is_multiple_of(Self::IDLE_TICKS)
    }

    /// Ticks so far.
    pub(super) fn turn(&self) -> u64 {
        self.turn
    }

    /// Whom to ask this time, whatever for.
    pub(super) fn peer(&self, seat: &Seat) -> ReplicaId {
        seat.peer(self.turn)
    }

    /// Another replica says where it stands. Answers whether it may be sent what it misses: at most once
    /// between two ticks.
    pub(super) fn hears(&mut self, status: &Status) -> bool {
        self.claims.insert(status.from, status.executed);
        self.answered.insert(status.from)
    }

    /// The highest position anybody claims to have executed.
    pub(super) fn highest_claim(&self) -> SeqNum {
        self.claims.values().max().copied().unwrap_or_default()
    }

    /// Whether `to` may ask another question before the next tick; it counts as asked from now on.
    pub(super) fn may_recall(&mut self, to: ReplicaId) -> bool {
        let count = self.recalled.entry(to).or_insert(0);
        *count += 1;
        *count <= Self::RECALLS_PER_TICK
    }

    /// Whom to ask for decisions above `executed`: somebody who claims to have them, in turn, or just the next.
    pub(super) fn ask(&mut self, seat: &Seat, executed: SeqNum) -> ReplicaId {
        let ahead: Vec<ReplicaId> =
            self.claims.iter().filter(|(_, seq)| **seq > executed).map(|(id, _)| *id).collect();
        let peer = match ahead.len() {
            0 => seat.peer(self.turn),
            count => {
                ahead[usize::try_from(self.turn % count as u64).expect("an index into a list")]
            }
        };
        self.asked = Some((peer, None));
        peer
    }

    /// An answer with decisions up to `last` was taken.
    pub(super) fn answered_up_to(&mut self, last: SeqNum) {
        if let Some((_, up_to)) = &mut self.asked {
            *up_to = Some(last);
        }
    }

    /// Whom to ask for more at once: the answer was good, has been executed, and is not all there is.
    pub(super) fn follow_up(&mut self, executed: SeqNum) -> Option<ReplicaId> {
        let (peer, up_to) = self.asked?;
        let more = self.claims.get(&peer).is_some_and(|claimed| *claimed > executed);
        if up_to != Some(executed) || !more {
            return None;
        }
        self.asked = Some((peer, None));
        Some(peer)
    }
}
