//! Bills and scores, home by home; of many homes the distribution and those at its ends.
//!
//! In: the homes. Out: exhibits. Refuses to know: slots.

use crate::report::data::HomeRow;
use crate::report::exhibit::{Exhibit, Frame};
use crate::report::figure::{Axis, Bar, Figure, Margin, Pen, Series, Shape, Tick, Ticks};
use crate::report::number;
use crate::report::savings::{Saving, Savings};

/// Homes up to which each has a row in every figure; more rows than a few screens are not read.
pub(in crate::report) const ROWS_MAX: usize = 60;
/// Of more homes than that, those who saved most are shown.
pub(in crate::report) const GAINS_SHOWN: usize = 10;
/// And those who lost, as many as this.
pub(in crate::report) const LOSSES_SHOWN: usize = 40;
/// What a score is about.
const REWARDS: &str = "A score rewards paying on time, delivering what was contracted and using \
                       local energy while there is some; a home nobody knows begins at 500.";
/// Bars of a distribution, about.
const BARS: f64 = 24.0;

/// Bills with and without a local market.
pub(in crate::report) fn bills(savings: &Savings<'_>) -> Vec<Exhibit> {
    let all = savings.in_order();
    if all.is_empty() {
        return Vec::new();
    }
    if all.len() <= ROWS_MAX {
        let sentence = "What each home paid for all slots together, and what the same meter \
                        readings would have cost at the grid's two prices alone; left of zero the \
                        home was paid. Sorted by what was saved.";
        return vec![pairs("Every home's bill", sentence.to_owned(), all)];
    }
    let shown = ends(savings);
    let losers = savings.losers().len();
    let sentence = format!(
        "The {GAINS_SHOWN} homes that saved most, and {} that paid more than without a local \
         market; left of zero the home was paid.",
        match losers {
            0 => "none".to_owned(),
            some if some <= LOSSES_SHOWN => format!("all {some}"),
            some => format!("the {LOSSES_SHOWN} worst of {some}"),
        }
    );
    vec![distribution(savings), pairs("The ends of the distribution", sentence, &shown)]
}

/// Of many homes those that saved most, then those that lost.
pub(in crate::report) fn ends<'r>(savings: &Savings<'r>) -> Vec<Saving<'r>> {
    let (winners, losers) = (savings.winners(), savings.losers());
    let worst = &losers[losers.len().saturating_sub(LOSSES_SHOWN)..];
    winners.iter().take(GAINS_SHOWN).chain(worst).copied().collect()
}

fn pairs(heading: &'static str, sentence: String, rows: &[Saving<'_>]) -> Exhibit {
    let currency = |nano: i128| nano as f64 / 1e9;
    let heights: Vec<(f64, Saving<'_>)> =
        rows.iter().rev().enumerate().map(|(height, row)| (height as f64, *row)).collect();
    let (with, without): (Vec<_>, Vec<_>) = heights
        .iter()
        .map(|(y, row)| ((currency(row.paid()), *y), (currency(row.paid_without()), *y)))
        .unzip();
    let lines = |keep: fn(i128) -> bool| -> Vec<_> {
        let kept = heights.iter().filter(|(_, row)| keep(row.nano));
        kept.map(|(y, row)| [(currency(row.paid_without()), *y), (currency(row.paid()), *y)])
            .collect()
    };
    let series = vec![
        Series::new("", Pen::Green, Shape::Segments(lines(|nano| nano >= 0))).wide(3.0),
        Series::new("", Pen::Red, Shape::Segments(lines(|nano| nano < 0))).wide(3.0),
        Series::new("without a local market", Pen::Slate, Shape::Rings(without)),
        Series::new("with the local market", Pen::Blue, Shape::Dots(with)),
    ];
    let mut figure = Figure::new(
        "Bills with and without a local market",
        Axis::linear("Paid (currency)"),
        lanes(rows),
        series,
    );
    let saved = heights.iter().map(|(y, row)| Tick::new(*y, number::money_change(row.nano)));
    figure.margin = Some(Margin { title: "Saved (currency)".to_owned(), labels: saved.collect() });
    Exhibit::rows(Frame { heading, sentence, data: "homes.csv" }, &figure, rows.len())
}

/// An axis with a row per home, the first on top.
fn lanes(rows: &[Saving<'_>]) -> Axis {
    names(rows.iter().map(|row| row.home.home), rows.len())
}

fn names(homes: impl Iterator<Item = u32>, count: usize) -> Axis {
    let last = count.saturating_sub(1);
    let tick =
        |(index, home): (usize, u32)| Tick::new((last - index) as f64, format!("Home {home}"));
    let ticks = Ticks::Choices(vec![homes.enumerate().map(tick).collect()]);
    Axis::linear("").within(-0.8, last as f64 + 0.8).with_ticks(ticks)
}

fn distribution(savings: &Savings<'_>) -> Exhibit {
    let values: Vec<f64> =
        savings.in_order().iter().map(|saving| saving.nano as f64 / 1e9).collect();
    let bars = bars(&values);
    let (losses, gains): (Vec<Bar>, Vec<Bar>) = bars.into_iter().partition(|bar| bar.x.1 <= 0.0);
    let series = vec![
        Series::new("saved", Pen::Green, Shape::Bars(gains)),
        Series::new("paid more", Pen::Red, Shape::Bars(losses)),
    ];
    let figure = Figure::new(
        "How many homes saved how much",
        Axis::linear("Saved by a home (currency)"),
        Axis::linear("Homes"),
        series,
    );
    let sentence = "How many homes saved how much over the whole run; left of zero they paid more \
                    than without a local market."
        .to_owned();
    Exhibit::new(Frame { heading: "Savings of all homes", sentence, data: "homes.csv" }, &figure)
}

/// A histogram of values with whole bounds, zero among them; a value on a bound counts to its
/// right.
fn bars(values: &[f64]) -> Vec<Bar> {
    let low = values.iter().copied().fold(0.0, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    let raw = ((high - low) / BARS).max(1e-9);
    let power = 10_f64.powf(raw.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= raw);
    let step = step.unwrap_or(raw);
    let mut counts = std::collections::BTreeMap::<i64, u32>::new();
    for value in values {
        *counts.entry((value / step).floor() as i64).or_default() += 1;
    }
    let bar = |(index, count): (i64, u32)| Bar {
        x: (index as f64 * step, (index + 1) as f64 * step),
        y: (0.0, f64::from(count)),
    };
    counts.into_iter().map(bar).collect()
}

/// Scores at the beginning and at the end; nothing if none were given.
pub(in crate::report) fn scores(homes: &[HomeRow]) -> Option<Exhibit> {
    if homes.iter().all(|home| home.score_before == 0 && home.score_after == 0) {
        return None;
    }
    let mut rows: Vec<&HomeRow> = homes.iter().collect();
    rows.sort_by_key(|home| (std::cmp::Reverse(home.score_after), home.home));
    if rows.len() > ROWS_MAX { Some(score_distribution(&rows)) } else { Some(score_pairs(&rows)) }
}

fn score_pairs(rows: &[&HomeRow]) -> Exhibit {
    let last = rows.len() - 1;
    let height = |index: usize| (last - index) as f64;
    let at = |of: fn(&HomeRow) -> u16| -> Vec<_> {
        rows.iter().enumerate().map(|(index, home)| (f64::from(of(home)), height(index))).collect()
    };
    let (before, after) = (at(|home| home.score_before), at(|home| home.score_after));
    let lines = before.iter().zip(&after).map(|(from, to)| [*from, *to]).collect();
    let series = vec![
        Series::new("", Pen::Rule, Shape::Segments(lines)).wide(3.0),
        Series::new("at the beginning", Pen::Slate, Shape::Rings(before)),
        Series::new("at the end", Pen::Blue, Shape::Dots(after)),
    ];
    let axis = names(rows.iter().map(|home| home.home), rows.len());
    let mut figure = Figure::new(
        "Scores before and after",
        Axis::linear("Score (points of 1000)"),
        axis,
        series,
    );
    let change = |home: &HomeRow| i128::from(home.score_after) - i128::from(home.score_before);
    let labels = rows.iter().enumerate();
    let labels =
        labels.map(|(index, home)| Tick::new(height(index), number::signed(change(home), 0, 0)));
    figure.margin = Some(Margin { title: "Change (points)".to_owned(), labels: labels.collect() });
    let sentence = format!("Each home's score before the first and after the last slot. {REWARDS}");
    Exhibit::rows(
        Frame { heading: "Every home's score", sentence, data: "homes.csv" },
        &figure,
        rows.len(),
    )
}

fn score_distribution(rows: &[&HomeRow]) -> Exhibit {
    let after: Vec<f64> = rows.iter().map(|home| f64::from(home.score_after)).collect();
    let (low, high) = after
        .iter()
        .fold((1_000.0_f64, 0.0_f64), |(low, high), score| (low.min(*score), high.max(*score)));
    let widths = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0];
    let width = widths.into_iter().find(|width| (high - low) / width <= BARS).unwrap_or(50.0);
    let series = vec![Series::new("", Pen::Blue, Shape::Bars(fixed_bars(&after, width)))];
    let (x, y) = (Axis::linear("Score at the end (points of 1000)"), Axis::linear("Homes"));
    let figure = Figure::new("How many homes have which score", x, y, series);
    let mut before: Vec<u16> = rows.iter().map(|home| home.score_before).collect();
    before.sort_unstable();
    let sentence = format!(
        "How many homes ended with which score; at the beginning the home in the middle had {}. \
         {REWARDS}",
        before[before.len() / 2]
    );
    Exhibit::new(Frame { heading: "Scores of all homes", sentence, data: "homes.csv" }, &figure)
}

/// A histogram with bars of this width from the first to the last value, empty ones included.
fn fixed_bars(values: &[f64], width: f64) -> Vec<Bar> {
    let index = |value: &f64| (value / width).floor() as i64;
    let (first, last) = (values.iter().map(index).min(), values.iter().map(index).max());
    let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
    let count = |bar: i64| values.iter().filter(|value| index(value) == bar).count();
    let bar = |at: i64| Bar {
        x: (at as f64 * width, (at + 1) as f64 * width),
        y: (0.0, count(at) as f64),
    };
    (first..=last).map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Every value is in one bar, no bar reaches over zero, and there are not many more bars than
    // wanted.
    #[test]
    fn a_distribution_counts_every_home_once() {
        let values = [-3.0, -0.01, 0.0, 0.4, 1.0, 2.5, 2.5, 7.9];
        let bars = bars(&values);
        assert_eq!(bars.iter().map(|bar| bar.y.1).sum::<f64>(), 8.0);
        assert!(bars.iter().all(|bar| bar.x.1 <= 0.0 || bar.x.0 >= 0.0));
        let width = bars[0].x.1 - bars[0].x.0;
        assert!(
            (0.4..=1.0).contains(&width),
            "10.9 in 24 bars is 0.45 each, the next whole step is 0.5"
        );
        assert_eq!(super::bars(&[0.0]).len(), 1);
        assert!(super::bars(&[]).is_empty());
    }

    #[test]
    fn empty_bars_between_values_are_there() {
        let bars = fixed_bars(&[500.0, 545.0], 20.0);
        let counts: Vec<f64> = bars.iter().map(|bar| bar.y.1).collect();
        assert_eq!(counts, [1.0, 0.0, 1.0]);
    }

    // 300 homes, 100 of them losers: ten gains and the forty worst, the worst last.
    #[test]
    fn of_many_homes_the_ends_are_shown() {
        let home =
            |home: u32| HomeRow { home, bill_nano: 200 - i64::from(home), ..HomeRow::default() };
        let homes: Vec<HomeRow> = (0..300).map(home).collect();
        let savings = Savings::of(&homes);
        let shown: Vec<u32> = ends(&savings).iter().map(|saving| saving.home.home).collect();
        assert_eq!(shown.len(), GAINS_SHOWN + LOSSES_SHOWN);
        assert_eq!((shown[0], shown[9], shown[10], shown[49]), (0, 9, 260, 299));
    }
}
