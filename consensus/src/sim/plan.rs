//! Which faults happen in a run: drawn from frequencies, or exactly those that were written down.
//!
//! In: a seed with frequencies, or a list of faults; questions about one message or action. Out: answers, and the
//! list of what was injected. Refuses to know: what the faults do to anybody.
//!
//! Each question is drawn on its own, from the seed and its name. So the list of what was injected, run again as a
//! written plan, gives the same run; and a list with one fault less gives nearly the same run.

use std::collections::BTreeMap;

use crate::adversary::draw::Draw;

use super::fault::{Class, Faults, Injection};

/// What happens to one message beside its ordinary delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mishap {
    /// It does not arrive.
    pub lost: bool,
    /// It arrives once more, so much after the first time.
    pub again: Option<u64>,
    /// It arrives so much later.
    pub late: u64,
}

/// The faults of one run.
#[derive(Clone, Debug)]
pub struct Plan {
    seed: u64,
    faults: Faults,
    written: Option<Written>,
    episodes: Vec<Injection>,
    happened: Vec<Injection>,
    /// From here on nothing goes wrong.
    calm_from: u64,
}

/// Faults by what they befall.
#[derive(Clone, Debug, Default)]
struct Written {
    links: BTreeMap<(u16, u16, u32), Vec<Injection>>,
    deaths: BTreeMap<(u16, u32), Injection>,
}

/// Names of questions.
const LINK: u64 = 1;
const DEATH: u64 = 2;
const EPISODE: u64 = 3;

impl Plan {
    /// Faults as frequent as `faults` says, among `replicas` replicas.
    pub fn drawn(seed: u64, faults: Faults, replicas: u16) -> Self {
        let episodes = episodes(seed, &faults, replicas);
        let happened = episodes.clone();
        Self { seed, faults, written: None, episodes, happened, calm_from: u64::MAX }
    }

    /// Exactly these faults.
    pub fn written(seed: u64, injections: &[Injection]) -> Self {
        let mut written = Written::default();
        let mut episodes = Vec::new();
        for injection in injections {
            match *injection {
                Injection::Lost { from, to, nth }
                | Injection::Again { from, to, nth, .. }
                | Injection::Late { from, to, nth, .. } => {
                    written.links.entry((from, to, nth)).or_default().push(*injection);
                }
                Injection::Death { at, action, .. } => {
                    written.deaths.insert((at, action), *injection);
                }
                _ => episodes.push(*injection),
            }
        }
        Self {
            seed,
            faults: Faults::default(),
            written: Some(written),
            happened: episodes.clone(),
            episodes,
            calm_from: u64::MAX,
        }
    }

    /// From `now` on nothing goes wrong any more.
    pub fn calm(&mut self, now: u64) {
        self.calm_from = now;
    }

    /// What was injected so far: episodes, then single faults in the order in which they happened.
    pub fn happened(&self) -> &[Injection] {
        &self.happened
    }

    /// What befalls the `nth` message from one node to another.
    pub fn link(&mut self, now: u64, from: u16, to: u16, nth: u32) -> Mishap {
        if now >= self.calm_from {
            return Mishap::default();
        }
        let mut mishap = Mishap::default();
        let first = self.happened.len();
        match &self.written {
            Some(written) => {
                let here = written.links.get(&(from, to, nth));
                self.happened.extend(here.into_iter().flatten());
            }
            None => draw_link(&self.faults, self.seed, (from, to, nth), &mut self.happened),
        }
        for injection in &self.happened[first..] {
            match *injection {
                Injection::Lost { .. } => mishap.lost = true,
                Injection::Again { after, .. } => mishap.again = Some(after),
                Injection::Late { by, .. } => mishap.late = by,
                _ => {}
            }
        }
        mishap
    }

    /// Whether a process dies before its `action`th action, which is a write or not; `may` says which deaths are
    /// allowed now.
    pub fn death(
        &mut self,
        now: u64,
        (at, action): (u16, u32),
        is_write: bool,
        may: impl Fn(Class) -> bool,
    ) -> Option<(Class, u64)> {
        if now >= self.calm_from {
            return None;
        }
        let injection = match &self.written {
            Some(written) => *written.deaths.get(&(at, action))?,
            None => self.draw_death(at, action, is_write)?,
        };
        let Injection::Death { mut how, outage, .. } = injection else { return None };
        if how.is_of_a_write() && !is_write || !may(how) {
            how = Class::Crash;
        }
        if !may(how) {
            return None;
        }
        self.happened.push(Injection::Death { at, action, how, outage });
        Some((how, outage))
    }

    fn draw_death(&self, at: u16, action: u32, is_write: bool) -> Option<Injection> {
        let question = [DEATH, u64::from(at), u64::from(action), 0];
        let mut draw = Draw::about(self.seed, question);
        if !draw.one_in(self.faults.crash) {
            return None;
        }
        let fits: Vec<Class> =
            self.faults.deaths.iter().copied().filter(|c| is_write || !c.is_of_a_write()).collect();
        let how = draw.pick(&fits).copied().unwrap_or(Class::Crash);
        let outage = draw.below(self.faults.outage_ms.max(1)) * 1_000;
        // Somebody has to make room on a full disk first.
        let outage = if how == Class::FullDisk { outage * 4 } else { outage };
        Some(Injection::Death { at, action, how, outage })
    }

    /// Whether messages from one node to another get nowhere now.
    pub fn is_cut(&self, now: u64, from: u16, to: u16) -> bool {
        let has = |set: u64, node: u16| node < 64 && set >> node & 1 == 1;
        self.ongoing(now).any(|episode| match *episode {
            Injection::Cut { from: senders, to: receivers, .. } => {
                has(senders, from) && has(receivers, to)
            }
            _ => false,
        })
    }

    /// How much later than usual a message arrives that is sent now.
    pub fn held(&self, now: u64, from: u16, to: u16) -> u64 {
        let held = self.ongoing(now).map(|episode| match *episode {
            Injection::Clog { from: a, to: b, end, .. } if (a, b) == (from, to) => end - now,
            Injection::Slow { at, by, .. } if at == from => by,
            _ => 0,
        });
        held.max().unwrap_or(0)
    }

    /// Until when a machine does nothing.
    pub fn paused(&self, now: u64, at: u16) -> Option<u64> {
        let until = self.ongoing(now).filter_map(|episode| match *episode {
            Injection::Pause { at: who, end, .. } if who == at => Some(end.min(self.calm_from)),
            _ => None,
        });
        until.max()
    }

    fn ongoing(&self, now: u64) -> impl Iterator<Item = &Injection> {
        let is_calm = now >= self.calm_from;
        let span = |episode: &Injection| match *episode {
            Injection::Cut { start, end, .. }
            | Injection::Clog { start, end, .. }
            | Injection::Slow { start, end, .. }
            | Injection::Pause { start, end, .. } => start..end,
            _ => 0..0,
        };
        self.episodes.iter().filter(move |episode| !is_calm && span(episode).contains(&now))
    }
}

fn draw_link(
    faults: &Faults,
    seed: u64,
    (from, to, nth): (u16, u16, u32),
    happened: &mut Vec<Injection>,
) {
    let mut draw = Draw::about(seed, [LINK, u64::from(from), u64::from(to), u64::from(nth)]);
    if draw.one_in(faults.loss) {
        happened.push(Injection::Lost { from, to, nth });
        return;
    }
    if draw.one_in(faults.duplication) {
        let after = draw.below(Injection::OLD_US);
        happened.push(Injection::Again { from, to, nth, after });
    } else if draw.one_in(faults.replay) {
        let after = Injection::OLD_US + draw.below(1_000_000);
        happened.push(Injection::Again { from, to, nth, after });
    }
    if draw.one_in(faults.reordering) {
        let by = draw.below(faults.late_us);
        happened.push(Injection::Late { from, to, nth, by });
    }
}

/// Least length of an episode: several round trips.
const EPISODE_US: u64 = 20_000;

fn episodes(seed: u64, faults: &Faults, replicas: u16) -> Vec<Injection> {
    let mut drawn = Vec::new();
    let mut number = 0;
    let mut next = || {
        number += 1;
        let mut draw = Draw::about(seed, [EPISODE, number, 0, 0]);
        let storm = faults.storm_ms * 1_000;
        let start = draw.below(storm);
        (draw, start, start + EPISODE_US + draw.below(storm / 3))
    };
    let node = |draw: &mut Draw| {
        u16::try_from(draw.below(u64::from(replicas))).expect("below a 16-bit number")
    };
    for _ in 0..faults.cuts {
        let (mut draw, start, end) = next();
        let everybody = (1 << replicas.min(63)) - 1;
        let from = (draw.any() & everybody).max(1);
        let to = everybody & !from;
        drawn.push(Injection::Cut { from, to, start, end });
        if draw.one_in(2) {
            drawn.push(Injection::Cut { from: to, to: from, start, end });
        }
    }
    for _ in 0..faults.clogs {
        let (mut draw, start, end) = next();
        let from = node(&mut draw);
        let to = (from + 1 + node(&mut draw) % (replicas - 1)) % replicas;
        drawn.push(Injection::Clog { from, to, start, end });
    }
    for _ in 0..faults.slows {
        let (mut draw, start, end) = next();
        // Half of the time it is the first primary.
        let at = if draw.one_in(2) { 0 } else { node(&mut draw) };
        let by = 10_000 + draw.below(100_000);
        drawn.push(Injection::Slow { at, by, start, end });
    }
    for _ in 0..faults.pauses {
        let (mut draw, start, end) = next();
        drawn.push(Injection::Pause { at: node(&mut draw), start, end });
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was injected, written down, is injected again; nothing after the calm.
    #[test]
    fn a_drawn_plan_written_down_is_the_same_plan() {
        let faults = Faults {
            loss: 5,
            duplication: 5,
            replay: 5,
            reordering: 5,
            late_us: 9,
            crash: 5,
            deaths: Class::DEATHS.to_vec(),
            cuts: 2,
            clogs: 1,
            slows: 1,
            pauses: 1,
            storm_ms: 100,
            ..Faults::default()
        };
        let ask = |plan: &mut Plan| {
            let links: Vec<_> = (0..50).map(|nth| plan.link(7, 0, 1, nth)).collect();
            let deaths: Vec<_> =
                (0..50).map(|action| plan.death(7, (2, action), true, |_| true)).collect();
            let cuts: Vec<_> = (0..200).map(|t| plan.is_cut(t * 1_000, 0, 1)).collect();
            (links, deaths, cuts)
        };
        let mut drawn = Plan::drawn(3, faults, 4);
        let before = ask(&mut drawn);
        assert!(drawn.happened().len() > 20, "{:?}", drawn.happened());
        let mut written = Plan::written(3, drawn.happened());
        assert_eq!(ask(&mut written), before);
        assert_eq!(written.happened(), drawn.happened());
        written.calm(7);
        assert_eq!(written.link(7, 0, 1, 0), Mishap::default());
    }
}
