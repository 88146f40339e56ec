//! What can happen next: deliveries, lost patience, crashes.
//!
//! In: a world. Out: its moves, in an order that does not depend on how it was reached. Refuses to know:
//! which worlds were visited.

use std::collections::{BTreeMap, BTreeSet};

use consensus::classic::message::Message;
use consensus::ids::ReplicaId;

use super::bounds::Detail;
use super::search::{Found, Wanted, search};
use super::world::{Classic, Effect, Memory, Move, World};
use crate::network::{Group, LetterId, LetterSet, Network};
use crate::properties::primary;
use crate::replica::Subject;
use crate::transitions::{MachineId, Response, Stimulus};

/// Messages that are counted together, in an order that does not depend on when they were sent.
type Groups = BTreeMap<Group, Vec<LetterId>>;

impl<P: Subject> Classic<P> {
    /// Everything that can happen in `world`.
    pub(super) fn moves(&self, world: &World) -> Vec<Move> {
        let mut memory = self.memory();
        let letters = self.deliverable(&mut memory, world);
        let letters = groups(memory.transitions.network(), &letters);
        let mut moves = Vec::new();
        for at in self.honest() {
            let machine = world.machines[usize::from(at.get())];
            let mut here = self.deliveries(&mut memory, (at, machine), &letters);
            here.extend(self.expiry(&mut memory, (at, machine)));
            if world.may_crash && self.bounds.may_crash(at) {
                let crashes = self.crashes(&mut memory, (at, machine), &here);
                here.extend(crashes);
            }
            moves.append(&mut here);
        }
        moves
    }

    /// Every message that can arrive.
    fn deliverable(&self, memory: &mut Memory<P>, world: &World) -> LetterSet {
        if let Some(derived) = memory.derived.get(&world.sent) {
            return world.sent.union(derived);
        }
        let network = memory.transitions.network();
        let messages = || world.sent.iter().map(|id| &*network.letter(id).message);
        // Whoever has a batch gives it to whoever asks for it.
        let mut made: Vec<_> = messages()
            .filter_map(|message| match message {
                Message::Propose(propose) => Some(Message::Proposal(propose.proposal.clone())),
                _ => None,
            })
            .collect();
        if let Some(byzantine) = &self.byzantine {
            made.extend(byzantine.given(messages()));
        }
        let derived = memory.transitions.post_all(made).union(&self.always);
        memory.derived.insert(world.sent, derived);
        world.sent.union(&derived)
    }

    /// What messages can do to one replica.
    fn deliveries(
        &self,
        memory: &mut Memory<P>,
        (at, machine): (ReplicaId, MachineId),
        all: &Groups,
    ) -> Vec<Move> {
        let mut moves = Vec::new();
        for (group, letters) in all {
            // Only the leader of the next view looks into view changes; others count them.
            let reads = matches!(group, Group::Changes(view) if primary(view.get()) == at);
            let wanted = match (self.bounds.detail, group) {
                (Detail::OneByOne, _) => Wanted::Changes,
                (_, Group::Alone) => Wanted::Acts,
                (Detail::StandIns, _) if !reads => Wanted::Quorum,
                _ => Wanted::Quorums,
            };
            let closing = closing(memory.transitions.network(), *group, all);
            let mut found = search(&mut memory.transitions, machine, (letters, &closing), wanted);
            if self.bounds.detail == Detail::StandIns && *group != Group::Alone {
                found = self.stand_in(memory, (at, machine), (*group, &closing), &found);
            }
            moves.extend(found.into_iter().map(|found| deliver(at, found)));
        }
        moves
    }

    /// One of all quorums that have the same effect.
    fn stand_in(
        &self,
        memory: &mut Memory<P>,
        (at, machine): (ReplicaId, MachineId),
        (group, closing): (Group, &[LetterId]),
        found: &[Found],
    ) -> Vec<Found> {
        let network = memory.transitions.network();
        let effects: BTreeSet<Effect> =
            found.iter().map(|(_, _, sent)| Effect::of(network, sent)).collect();
        let mut chosen = Vec::new();
        for effect in effects {
            let key = (machine, group, effect);
            if let Some(known) = memory.stand_ins.get(&key) {
                chosen.push(known.clone());
                continue;
            }
            let mut like = self.evidence.votes(group, at, key.2.claim).into_iter();
            let found = like.find_map(|messages| {
                let post = |message| memory.transitions.post(message);
                let letters: Vec<_> = messages.into_iter().map(post).collect();
                let found =
                    search(&mut memory.transitions, machine, (&letters, closing), Wanted::Quorum)
                        .pop();
                let network = memory.transitions.network();
                found.filter(|(_, _, sent)| Effect::of(network, sent).proposes == key.2.proposes)
            });
            let found =
                found.expect("where votes form a quorum, stand-ins do, with the same effect");
            memory.stand_ins.insert(key, found.clone());
            chosen.push(found);
        }
        chosen
    }

    /// Patience runs out, if that leads to a view within the bounds.
    fn expiry(
        &self,
        memory: &mut Memory<P>,
        (at, machine): (ReplicaId, MachineId),
    ) -> Option<Move> {
        let state = memory.transitions.machine(machine);
        if !state.is_patient() || state.standing().view.get() >= self.bounds.last_view {
            return None;
        }
        match memory.transitions.respond(machine, Stimulus::Expiry) {
            Response::Visible(after, sent) => {
                Some(deliver(at, (vec![Stimulus::Expiry], after, sent)))
            }
            Response::Silent(_) | Response::Nothing => None,
        }
    }

    /// Crashes between two steps, and in the middle of each of `moves`.
    fn crashes(
        &self,
        memory: &mut Memory<P>,
        (at, machine): (ReplicaId, MachineId),
        moves: &[Move],
    ) -> Vec<Move> {
        let config = self.config(at);
        let idle = memory.transitions.crash(machine, config);
        let mut wrecks = vec![(Vec::new(), idle)];
        for whole in moves {
            let Some((last, before)) = whole.stimuli.split_last() else { continue };
            let start = before.iter().fold(machine, |machine, stimulus| {
                match memory.transitions.respond(machine, *stimulus) {
                    Response::Silent(next) | Response::Visible(next, _) => next,
                    Response::Nothing => machine,
                }
            });
            let here = memory.transitions.wrecks(start, *last, config);
            wrecks.extend(here.iter().map(|wreck| (whole.stimuli.clone(), *wreck)));
        }
        let crash = |(stimuli, wreck): (Vec<Stimulus>, crate::transitions::Wreck)| Move {
            at,
            stimuli,
            crash: Some(wreck.after),
            machine: wreck.machine,
            sent: wreck.sent,
        };
        wrecks.into_iter().map(crash).collect()
    }
}

fn deliver(at: ReplicaId, (stimuli, machine, sent): Found) -> Move {
    Move { at, stimuli, crash: None, machine, sent }
}

/// Votes for a batch that the receiver does not have wait for that batch.
fn closing(network: &Network, group: Group, all: &Groups) -> Vec<LetterId> {
    let Group::Commits(_, _, digest) = group else { return Vec::new() };
    let is_wanted = |id: &&LetterId| network.letter(**id).batch == Some(digest);
    all.get(&Group::Alone).into_iter().flatten().filter(is_wanted).copied().collect()
}

fn groups(network: &Network, letters: &LetterSet) -> Groups {
    let mut groups = Groups::new();
    for id in letters.iter() {
        groups.entry(network.letter(id).group).or_default().push(id);
    }
    for group in groups.values_mut() {
        group.sort_by(|one, two| network.letter(*one).rank.cmp(&network.letter(*two).rank));
    }
    groups
}
