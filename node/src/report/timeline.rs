//! Time in figures: slots, and groups of slots where a run is too long for its slots to be told
//! apart.
//!
//! In: the slots of a run. Out: groups with their place in time, the horizontal axis, and the words
//! that say what a point stands for. Refuses to know: prices and energies, calendars: day 1 begins
//! with slot 0 at midnight.

use super::data::SlotRow;
use super::figure::{Axis, Tick, Ticks};

/// Slots of a day.
pub(super) const PER_DAY: u32 = 96;
/// Points that a figure shows at most, give or take the last: more cannot be told apart on a
/// screen.
const POINTS_MAX: u32 = 400;
/// Days up to which a point is at most a few hours, so that day and night are seen.
const DAYS_IN_HOURS: u32 = 14;
/// Days up to which the axis tells the time of day.
const DAYS_IN_CLOCK: u32 = 4;

/// Days that an axis names at most: there is never room for more.
const TICKS_MAX: u32 = 40;

/// How the slots of a run are grouped and placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timeline {
    first: u32,
    end: u32,
    per_point: u32,
}

impl Timeline {
    /// The timeline of these slots, which ascend.
    pub(super) fn of(slots: &[SlotRow]) -> Self {
        let end = slots.last().map_or(1, |row| row.slot.saturating_add(1));
        let first = slots.first().map_or(0, |row| row.slot.min(end - 1));
        let length = end - first;
        let per_point = if length <= POINTS_MAX {
            1
        } else if length <= DAYS_IN_HOURS * PER_DAY {
            4
        } else {
            length.div_ceil(PER_DAY).div_ceil(POINTS_MAX) * PER_DAY
        };
        Self { first, end, per_point }
    }

    /// The slots in groups, one per point, each with the slot at which its group begins. Groups
    /// stand at whole multiples of their length, so the first and the last may be incomplete.
    pub(super) fn groups<'s>(
        &self,
        slots: &'s [SlotRow],
    ) -> impl Iterator<Item = (f64, &'s [SlotRow])> {
        let per_point = self.per_point;
        let same =
            move |one: &SlotRow, other: &SlotRow| one.slot / per_point == other.slot / per_point;
        slots.chunk_by(same).map(move |group| (f64::from(group[0].slot), group))
    }

    /// Where the first slot begins.
    pub(super) fn start(&self) -> f64 {
        f64::from(self.first)
    }

    /// The end of the last slot, where the last point ends.
    pub(super) fn end(&self) -> f64 {
        f64::from(self.end)
    }

    /// Slots per point.
    pub(super) const fn per_point(&self) -> u32 {
        self.per_point
    }

    /// Days touched by the run.
    pub(super) const fn days(&self) -> u32 {
        self.end.div_ceil(PER_DAY) - self.first / PER_DAY
    }

    /// The time that the energy of a point is counted over, for axis titles.
    pub(super) const fn unit(&self) -> &'static str {
        match self.per_point {
            1 => "kWh per 15 min",
            4 => "kWh per hour",
            _ => "kWh per day",
        }
    }

    /// What the energy of a group has to be divided by to be energy per [`Self::unit`].
    pub(super) fn units(&self, group: &[SlotRow]) -> f64 {
        if self.per_point <= PER_DAY {
            1.0
        } else {
            (group.len() as f64 / f64::from(PER_DAY)).max(1.0)
        }
    }

    /// A sentence that says what a point stands for; empty if it is a slot.
    pub(super) fn caption(&self) -> String {
        match self.per_point {
            1 => String::new(),
            4 => "Each point is one hour.".to_owned(),
            PER_DAY => "Each point is one day.".to_owned(),
            many => format!("Each point is the mean of {} days.", many / PER_DAY),
        }
    }

    /// The horizontal axis, in slots.
    pub(super) fn axis(&self) -> Axis {
        let (title, choices) = if self.days() <= 1 {
            ("Time of day (hh:mm)", [4, 8, 12, 24, 48].map(|every| self.clock(every)).to_vec())
        } else if self.days() <= DAYS_IN_CLOCK {
            ("Time of day (hh:mm)", [12, 24, 48, 96].map(|every| self.clock(every)).to_vec())
        } else {
            let steps = [1, 2, 5, 7, 14, 28, 50, 100, 200, 500, 1_000, 5_000, 10_000_000];
            let few = steps.into_iter().filter(|every| self.days() / every <= TICKS_MAX);
            ("Day of the run", few.map(|every| self.calendar(every)).collect())
        };
        let axis = Axis::linear(title).with_ticks(Ticks::Choices(choices));
        axis.within(f64::from(self.first), self.end())
    }

    /// A tick every so many slots, with the time of day; midnights are named by the day they begin
    /// if there are several.
    fn clock(&self, every: u32) -> Vec<Tick> {
        let slots = (self.first.div_ceil(every)..=self.end / every).map(|count| count * every);
        let label = |slot: u32| match slot % PER_DAY {
            0 if self.days() > 1 => format!("day {}", slot / PER_DAY + 1),
            0 if slot == self.end => "24:00".to_owned(),
            _ => time_of_day(slot),
        };
        let slots = slots.filter(|slot| self.days() <= 1 || *slot < self.end);
        slots.map(|slot| Tick::new(f64::from(slot), label(slot))).collect()
    }

    /// A tick at the beginning of day 1 and of every so many days after it.
    fn calendar(&self, every: u32) -> Vec<Tick> {
        let first = self.first.div_ceil(PER_DAY).div_ceil(every);
        let counts = first..(self.end.div_ceil(PER_DAY)).div_ceil(every);
        let days = counts.map(|count| count * every);
        days.map(|day| Tick::new(f64::from(day) * f64::from(PER_DAY), (day + 1).to_string()))
            .collect()
    }
}

/// The time at which a slot begins: `13:15`.
pub(super) fn time_of_day(slot: u32) -> String {
    let quarter = slot % PER_DAY;
    format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15)
}

/// The slot in words: `13:15 to 13:30 on day 2`.
pub(super) fn in_words(slot: u32) -> String {
    let end = match time_of_day(slot.wrapping_add(1)) {
        midnight if midnight == "00:00" => "24:00".to_owned(),
        end => end,
    };
    format!("{} to {end} on day {}", time_of_day(slot), slot / PER_DAY + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(count: u32) -> Vec<SlotRow> {
        (0..count).map(|slot| SlotRow { slot, ..SlotRow::default() }).collect()
    }

    fn points(count: u32) -> usize {
        let rows = slots(count);
        Timeline::of(&rows).groups(&rows).count()
    }

    // Four days slot by slot, a fortnight by the hour, 45 days and a year by the day, three years
    // by three days.
    #[test]
    fn long_runs_are_shown_in_fewer_points() {
        assert_eq!(points(1), 1);
        assert_eq!(points(96), 96);
        assert_eq!(points(14 * 96), 14 * 24);
        assert_eq!(points(45 * 96), 45);
        assert_eq!(points(365 * 96), 365);
        assert_eq!(points(3 * 365 * 96), 365);
        for count in [1, 97, 400, 401, 1_344, 1_345, 38_400, 38_401, 200_000] {
            assert!(points(count) <= POINTS_MAX as usize + 1, "{count} slots");
            assert!(points(count) >= 5.min(count as usize), "{count} slots");
        }
    }

    #[test]
    fn slots_are_named_by_their_time() {
        assert_eq!(time_of_day(53), "13:15");
        assert_eq!(in_words(53), "13:15 to 13:30 on day 1");
        assert_eq!(in_words(2 * 96 - 1), "23:45 to 24:00 on day 2");
    }

    // A run that begins in the middle of a day has no tick before it and none after it.
    #[test]
    fn ticks_stand_inside_the_run() {
        for (first, end) in [(0, 96), (40, 90), (90, 300), (96, 4_320), (0, 1)] {
            let timeline = Timeline { first, end, per_point: 1 };
            let Ticks::Choices(choices) = timeline.axis().ticks else { panic!("fixed ticks") };
            for tick in choices.iter().flatten() {
                assert!(
                    f64::from(first) <= tick.at && tick.at <= f64::from(end),
                    "{first}..{end}: {tick:?}"
                );
            }
        }
        let labels = |timeline: &Timeline, every| -> Vec<String> {
            timeline.clock(every).into_iter().map(|tick| tick.label).collect()
        };
        let day = Timeline { first: 0, end: 96, per_point: 1 };
        assert_eq!(labels(&day, 48), ["00:00", "12:00", "24:00"]);
        let two = Timeline { first: 0, end: 192, per_point: 1 };
        assert_eq!(labels(&two, 48), ["day 1", "12:00", "day 2", "12:00"]);
    }

    // Three days in one group are given per day.
    #[test]
    fn energy_of_many_days_is_a_mean() {
        let rows = slots(3 * 96);
        let timeline = Timeline { first: 0, end: 288, per_point: 288 };
        assert_eq!(timeline.units(&rows), 3.0);
        assert_eq!(Timeline { per_point: 96, ..timeline }.units(&rows[..96]), 1.0);
    }
}
