//! Which branches of the handlers a run took: for each event, what came of it at honest replicas.
//!
//! In: an event, where the replica stood before and after it, and its actions or its refusal. Out: counts by event and
//! effect. Refuses to know: the insides of a replica; nothing is counted that a driver could not see.
//!
//! Which branches a large swarm has to take is the table in [`expected`].

pub mod expected;

use std::fmt;
use std::ptr;

use crate::action::Action;
use crate::event::{Event, Timer, Verdict};
use crate::protocol::Standing;
use crate::reject::Reject;

use super::tally;

/// What came of an event: a verb, and what it is about if it is about anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Effect {
    /// What was done.
    pub verb: &'static str,
    /// With what; empty if the verb says everything.
    pub object: &'static str,
}

impl Effect {
    const fn plain(verb: &'static str) -> Self {
        Self { verb, object: "" }
    }

    /// Whether both are the same text at the same address.
    fn is_very(self, other: Self) -> bool {
        ptr::eq(self.verb, other.verb) && ptr::eq(self.object, other.object)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = if self.object.is_empty() { "" } else { " " };
        write!(f, "{}{gap}{}", self.verb, self.object)
    }
}

/// The events of one kind, and how often each effect came of one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    event: &'static str,
    effects: Vec<(Effect, u64)>,
}

/// Counts by event and effect. An event that has several effects counts under each of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Branches {
    rows: Vec<Row>,
}

impl Branches {
    /// Adds to a count. The frequent ones are met first, and so are found first.
    fn add(&mut self, event: &'static str, effect: Effect, count: u64) {
        // Nearly always it is the very same text, and comparing addresses does.
        let rows = &mut self.rows;
        let place = rows.iter().position(|row| ptr::eq(row.event, event));
        let place = place.or_else(|| rows.iter().position(|row| row.event == event));
        let place = place.unwrap_or_else(|| {
            rows.push(Row { event, effects: Vec::new() });
            rows.len() - 1
        });
        let effects = &mut rows[place].effects;
        let place = effects.iter().position(|(known, _)| known.is_very(effect));
        let place = place.or_else(|| effects.iter().position(|(known, _)| *known == effect));
        match place {
            Some(place) => effects[place].1 += count,
            None => effects.push((effect, count)),
        }
    }

    /// An event was refused.
    pub fn refused(&mut self, event: &'static str, reject: &Reject) {
        self.add(event, Effect { verb: "refused:", object: tally::refusal(reject) }, 1);
    }

    /// An event was taken, and these actions came of it, under these names.
    pub fn took(&mut self, taken: &Taken, actions: impl Iterator<Item = Effect> + Clone) {
        let Taken { event, before, after, again, round } = *taken;
        let mut quiet = true;
        for (i, effect) in actions.clone().enumerate() {
            quiet = false;
            if !actions.clone().take(i).any(|earlier| earlier == effect) {
                self.add(event, effect, 1);
            }
        }
        if before.active && !after.active {
            self.add(event, Effect::plain("leaves its view"), 1);
        } else if after.active && (before.view < after.view || !before.active) {
            self.add(event, Effect::plain("enters a view"), 1);
        }
        if quiet {
            let open = if before.active { before.view.get() + 1 } else { before.view.get() };
            let verb = match round {
                _ if again => "known",
                Some(round) if round >= open => "early",
                _ => "noted",
            };
            self.add(event, Effect::plain(verb), 1);
        }
    }

    /// How often it was counted.
    pub fn of(&self, event: &str, effect: &str) -> u64 {
        let row = self.rows.iter().filter(|row| row.event == event);
        let mut counts = row.flat_map(|row| &row.effects);
        counts.find(|(known, _)| known.to_string() == effect).map_or(0, |(_, count)| *count)
    }

    /// Adds what another run counted.
    pub fn merge(&mut self, other: &Self) {
        for row in &other.rows {
            for (effect, count) in &row.effects {
                self.add(row.event, *effect, *count);
            }
        }
    }

    /// Everything counted, by event and effect.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, Effect, u64)> {
        let mut all: Vec<_> = self.rows.iter().collect();
        all.sort_by_key(|row| row.event);
        let mut flat = Vec::new();
        for row in all {
            let mut effects = row.effects.clone();
            effects.sort_unstable();
            flat.extend(effects.into_iter().map(|(effect, count)| (row.event, effect, count)));
        }
        flat.into_iter()
    }
}

/// An event that was not refused.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// Its name, from [`event`].
    pub event: &'static str,
    /// Where the replica stood.
    pub before: Standing,
    /// Where it stands.
    pub after: Standing,
    /// Whether the same message came before.
    pub again: bool,
    /// The view that a vote is for; none for everything else.
    pub round: Option<u64>,
}

/// What an event is called, messages by `name`.
pub fn event<M>(event: &Event<M>, name: impl Fn(&M) -> &'static str) -> &'static str {
    match event {
        Event::Received(message) => name(message),
        Event::Started => "(started)",
        Event::Expired(Timer::View) => "(view timer)",
        Event::Expired(Timer::Status) => "(status timer)",
        Event::Built { proposal: Some(_) } => "(built)",
        Event::Built { proposal: None } => "(built nothing)",
        Event::Validated { verdict: Verdict::Acceptable, .. } => "(acceptable)",
        Event::Validated { verdict: Verdict::Refused, .. } => "(unacceptable)",
        Event::Executed { .. } => "(executed)",
        Event::Exported { .. } => "(exported)",
        Event::Installed { .. } => "(installed)",
        Event::Answered { .. } => "(answered)",
        Event::Recalled { .. } => "(recalled)",
    }
}

/// What an action is called, messages by `name`.
pub fn effect<M, R, E>(action: &Action<M, R, E>, name: impl Fn(&M) -> &'static str) -> Effect {
    let plain = Effect::plain;
    match action {
        Action::Send { message, .. } => Effect { verb: "sends", object: name(message) },
        Action::Broadcast { message } => Effect { verb: "broadcasts", object: name(message) },
        Action::Reply { .. } => plain("replies"),
        Action::Persist { .. } => plain("persists"),
        Action::Arm { timer: Timer::View, .. } => plain("arms the view timer"),
        Action::Disarm { timer: Timer::View } => plain("disarms the view timer"),
        Action::Arm { .. } | Action::Disarm { .. } => plain("arms the status timer"),
        Action::Build { .. } => plain("builds"),
        Action::Validate { fresh: true, .. } => plain("validates a new batch"),
        Action::Validate { fresh: false, .. } => plain("validates an old batch"),
        Action::Export { .. } => plain("exports"),
        Action::Install { .. } => plain("installs"),
        Action::Query { .. } => plain("queries"),
        Action::Execute { .. } => plain("executes"),
        Action::Skip { .. } => plain("skips"),
        Action::Stable { .. } => plain("stabilises"),
        Action::Accuse { .. } => plain("accuses"),
        Action::Recall { .. } => plain("recalls"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ReplicaId, SeqNum, View};

    fn standing(view: u64, active: bool) -> Standing {
        let (executed, stable, primary) = (SeqNum::ZERO, SeqNum::ZERO, ReplicaId::new(0));
        Standing { view: View::new(view), active, executed, stable, primary, waiting: 0 }
    }

    /// A quiet event is known, early or noted; a loud one counts once under each effect, beside a change of view.
    #[test]
    fn each_effect_of_an_event_counts_once() {
        let mut branches = Branches::default();
        let (before, after) = (standing(1, true), standing(1, true));
        let taken = Taken { event: "commit", before, after, again: false, round: Some(1) };
        branches.took(&taken, std::iter::empty());
        branches.took(&Taken { round: Some(2), ..taken }, std::iter::empty());
        branches.took(&Taken { again: true, round: Some(2), ..taken }, std::iter::empty());
        let loud = [Effect::plain("replies"), Effect::plain("skips"), Effect::plain("replies")];
        branches.took(&Taken { after: standing(2, false), ..taken }, loud.into_iter());
        branches.took(
            &Taken { before: standing(2, false), after: standing(2, true), ..taken },
            loud.into_iter(),
        );
        let names = ["noted", "early", "known", "replies", "leaves its view", "enters a view"];
        assert_eq!(names.map(|name| branches.of("commit", name)), [1, 1, 1, 2, 1, 1]);
        let mut twice = branches.clone();
        twice.merge(&branches);
        assert_eq!((twice.of("commit", "skips"), twice.iter().count()), (4, 7));
    }
}
