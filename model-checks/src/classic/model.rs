//! The model as the checker sees it: where it starts, what can happen, what must hold.
//!
//! In: [`Classic`]. Out: `stateright::Model`. Refuses to know: how moves are found.

use consensus::classic::message::Message;
use stateright::{Model, Property};

use super::bounds::Crash;
use super::world::{Classic, Move, World};
use crate::network::LetterSet;
use crate::properties::REPLICAS;
use crate::replica::{Machine, Subject};
use crate::transitions::MachineId;

impl<P: Subject> Model for Classic<P> {
    type State = World;
    type Action = Move;

    fn init_states(&self) -> Vec<World> {
        let mut memory = self.memory();
        let mut machines = [MachineId::NONE; REPLICAS as usize];
        let mut sent = LetterSet::default();
        let may_crash = self.bounds.crash != Crash::Never;
        for id in self.honest() {
            let step = Machine::start(self.config(id), &self.request, may_crash);
            sent = sent.union(&memory.transitions.post_all(step.sent));
            machines[usize::from(id.get())] = memory.transitions.enrol(step.machine);
        }
        vec![World { machines, sent, may_crash }]
    }

    fn actions(&self, world: &World, moves: &mut Vec<Move>) {
        moves.extend(self.moves(world));
    }

    fn next_state(&self, world: &World, step: Move) -> Option<World> {
        let mut next = *world;
        next.machines[usize::from(step.at.get())] = step.machine;
        next.sent = next.sent.union(&step.sent);
        if step.crash.is_some() {
            next.may_crash = false;
            let mut memory = self.memory();
            for id in next.machines.iter_mut().filter(|id| **id != MachineId::NONE) {
                *id = memory.transitions.lasting(*id);
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = always();
        properties.push(Property::sometimes("a batch is executed in view 0", |model, world| {
            executed_in(model, world, &[0])
        }));
        if self.bounds.last_view > 0 {
            properties.extend(across_views());
        }
        properties
    }
}

fn always<P: Subject>() -> Vec<Property<Classic<P>>> {
    type Check<P> = fn(&Classic<P>, &World) -> bool;
    let agreement: Check<P> = |model, world| {
        model.look(world, |machines| {
            let agrees = |(index, one): (usize, &&Machine<P>)| {
                machines[..index].iter().all(|two| one.history().agrees(two.history()))
            };
            machines.iter().enumerate().all(agrees)
        })
    };
    let clean: Check<P> =
        |model, world| model.look(world, |all| all.iter().all(|one| one.history().is_clean()));
    let consistent: Check<P> =
        |model, world| !model.memory().transitions.network().has_contradiction(&world.sent);
    let sound: Check<P> = |model, world| {
        let memory = model.memory();
        world.sent.iter().all(|id| memory.transitions.network().letter(id).sound)
    };
    vec![
        Property::always("two honest replicas execute the same bytes", agreement),
        Property::always("each position is executed once, on a quorum", clean),
        Property::always("no honest replica contradicts itself", consistent),
        Property::always("certificates are made of distinct members", sound),
    ]
}

/// What makes the claims worth anything: the interesting worlds are reached.
fn across_views<P: Subject>() -> Vec<Property<Classic<P>>> {
    vec![
        Property::sometimes("a batch is executed in view 1", |model, world| {
            executed_in(model, world, &[1])
        }),
        Property::sometimes("one executes in view 0 and another in view 1", |model, world| {
            executed_in(model, world, &[0, 1])
        }),
        Property::sometimes("a view change carries a prepared certificate", |model, world| {
            model.look_at_sent(world, |sent| {
                sent.iter().any(|message| {
                    matches!(message, Message::ViewChange(vote) if !vote.prepared.is_empty())
                })
            })
        }),
    ]
}

/// Whether something was executed in each of these views.
fn executed_in<P: Subject>(model: &Classic<P>, world: &World, views: &[u64]) -> bool {
    model.look(world, |all| {
        views.iter().all(|view| {
            all.iter().any(|one| one.history().ran().values().any(|ran| ran.view == *view))
        })
    })
}
