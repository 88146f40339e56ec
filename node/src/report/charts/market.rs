//! Prices and energies over the slots.
//!
//! In: the slots and the tariff. Out: three exhibits, and the mean day of long runs. Refuses to
//! know: homes.

use crate::report::data::{Report, SlotRow};
use crate::report::exhibit::{Exhibit, Frame};
use crate::report::figure::{Axis, Figure, Note, Pen, Point, Series, Shape};
use crate::report::number;
use crate::report::timeline::{PER_DAY, Timeline};

/// All figures about the market, in the order of the page.
pub(in crate::report) fn exhibits(report: &Report) -> Vec<Exhibit> {
    if report.slots.is_empty() {
        return Vec::new();
    }
    let timeline = Timeline::of(&report.slots);
    let mut exhibits = vec![
        price(report, &timeline),
        energy(&report.slots, &timeline),
        exchange(&report.slots, &timeline),
    ];
    if timeline.per_point() > 1 {
        exhibits.push(mean_day(&report.slots));
    }
    exhibits
}

fn price(report: &Report, timeline: &Timeline) -> Exhibit {
    let (slots, run) = (&report.slots, &report.run);
    let currency = |micro: f64| micro / 1e6;
    let mean = |of: fn(&SlotRow) -> i64| {
        points(slots, timeline, move |group| {
            currency(group.iter().map(|row| of(row) as f64).sum::<f64>() / group.len() as f64)
        })
    };
    let (low, high) = (currency(run.feed_in as f64), currency(run.retail as f64));
    let ends = |price| [(timeline.start(), price), (timeline.end(), price)];
    let mut series = vec![
        Series::new("", Pen::Muted, Shape::Segments(vec![ends(low), ends(high)])).wide(1.0),
        Series::new("bought beyond contracts", Pen::Orange, Shape::Step(mean(|row| row.buy)))
            .wide(1.5),
        Series::new("sold beyond contracts", Pen::Green, Shape::Step(mean(|row| row.sell)))
            .wide(1.5),
        Series::new("auction", Pen::Blue, Shape::Step(points(slots, timeline, auction_mean)))
            .wide(2.5),
    ];
    if timeline.per_point() > 1 {
        let band = Shape::Band(auction_band(slots, timeline));
        series.insert(1, Series::new("auction, lowest to highest", Pen::Blue, band).faint());
    }
    let top = slots.iter().map(|row| currency(row.buy.max(row.price.unwrap_or(0)) as f64));
    let top = top.fold(high, f64::max) * 1.12;
    let y = Axis::linear("Price (currency/kWh)");
    let y = if top > 0.0 && low >= 0.0 { y.within(0.0, top) } else { y };
    let mut figure = Figure::new("Prices over the run", timeline.axis(), y, series);
    let note =
        |price, below, text| Note { at: (timeline.end(), price), below, text, pen: Pen::Muted };
    figure.notes = vec![
        note(high, false, format!("the grid asks {}", number::price(run.retail))),
        note(low, true, format!("the grid pays {}", number::price(run.feed_in))),
    ];
    let sentence = format!(
        "What a kWh cost in the local auction, and what it cost or earned beyond what had been \
         contracted; all between the grid's two prices. Where the blue line is missing, nothing \
         was traded. {}{}",
        timeline.caption(),
        if timeline.per_point() > 1 {
            " Lines are means, the auction's by traded energy."
        } else {
            ""
        }
    );
    Exhibit::new(Frame { heading: "Price", sentence, data: "slots.csv" }, &figure)
}

fn energy(slots: &[SlotRow], timeline: &Timeline) -> Exhibit {
    let production = kwh(slots, timeline, |row| row.production_wh);
    let consumption = kwh(slots, timeline, |row| row.consumption_wh);
    let area = production.iter().map(|(x, y)| (*x, 0.0, *y)).collect();
    let series = vec![
        Series::new("", Pen::Orange, Shape::Band(area)).faint(),
        Series::new("fed in by homes", Pen::Orange, Shape::Step(production)),
        Series::new("drawn by homes", Pen::Blue, Shape::Step(consumption)),
    ];
    let y = Axis::linear(format!("Energy ({})", timeline.unit()));
    let figure = Figure::new("Production and consumption over the run", timeline.axis(), y, series);
    let sentence = format!(
        "What the meters of all homes counted together, after each home has used its own panels \
         and battery. {}",
        timeline.caption()
    );
    Exhibit::new(
        Frame { heading: "Production and consumption", sentence, data: "slots.csv" },
        &figure,
    )
}

fn exchange(slots: &[SlotRow], timeline: &Timeline) -> Exhibit {
    let local = kwh(slots, timeline, |row| row.local_wh);
    let import = kwh(slots, timeline, |row| row.grid_import_wh);
    let export = kwh(slots, timeline, |row| row.grid_export_wh);
    let volume = kwh(slots, timeline, |row| row.volume_wh);
    let from_zero =
        |points: &[Point]| points.iter().map(|(x, y)| (*x, 0.0, *y)).collect::<Vec<_>>();
    let below = export.iter().map(|(x, y)| (*x, -y, 0.0)).collect();
    let series = vec![
        Series::new("used locally", Pen::Green, Shape::Band(from_zero(&local))),
        Series::new("from the grid", Pen::Slate, Shape::Band(stacked(&local, &import))),
        Series::new("to the grid (below zero)", Pen::Orange, Shape::Band(below)),
        Series::new("traded in the auction", Pen::Ink, Shape::Step(volume)).wide(1.5),
    ];
    let y = Axis::linear(format!("Energy ({})", timeline.unit()));
    let figure = Figure::new("Energy traded locally and with the grid", timeline.axis(), y, series);
    let sentence = format!(
        "Where the energy that homes drew came from, and what was left over for the grid. The line \
         is what homes had contracted among each other before the slot began. {}",
        timeline.caption()
    );
    Exhibit::new(Frame { heading: "Local and grid energy", sentence, data: "slots.csv" }, &figure)
}

/// `upper` on top of `lower`, both at the same places.
fn stacked(lower: &[Point], upper: &[Point]) -> Vec<(f64, f64, f64)> {
    lower.iter().zip(upper).map(|((x, below), (_, more))| (*x, *below, below + more)).collect()
}

/// What a day looked like on average, for runs whose figures show no single slots.
fn mean_day(slots: &[SlotRow]) -> Exhibit {
    let mean = |of: fn(&SlotRow) -> i64| -> Vec<Point> {
        let mut sums = vec![(0.0, 0_u32); PER_DAY as usize];
        for row in slots {
            let (sum, count) = &mut sums[(row.slot % PER_DAY) as usize];
            (*sum, *count) = (*sum + of(row) as f64 / 1e3, *count + 1);
        }
        let points = sums.into_iter().zip(0_u32..);
        let mut points: Vec<Point> =
            points.map(|((sum, count), slot)| (f64::from(slot), sum / f64::from(count))).collect();
        points.push((f64::from(PER_DAY), f64::NAN));
        points
    };
    let local = mean(|row| row.local_wh).into_iter().map(|(x, y)| (x, 0.0, y)).collect();
    let series = vec![
        Series::new("used locally", Pen::Green, Shape::Band(local)).faint(),
        Series::new("fed in by homes", Pen::Orange, Shape::Step(mean(|row| row.production_wh))),
        Series::new("drawn by homes", Pen::Blue, Shape::Step(mean(|row| row.consumption_wh))),
    ];
    let day: Vec<SlotRow> =
        (0..PER_DAY).map(|slot| SlotRow { slot, ..SlotRow::default() }).collect();
    let y = Axis::linear("Energy (kWh per 15 min)");
    let figure = Figure::new("The mean day of the run", Timeline::of(&day).axis(), y, series);
    let sentence =
        "The same energies by the time of day, as the mean of all days of the run.".to_owned();
    Exhibit::new(Frame { heading: "The mean day", sentence, data: "slots.csv" }, &figure)
}

/// One point per group, and one that ends the last.
fn points(slots: &[SlotRow], timeline: &Timeline, value: impl Fn(&[SlotRow]) -> f64) -> Vec<Point> {
    let groups = timeline.groups(slots).map(|(x, group)| (x, value(group)));
    groups.chain([(timeline.end(), f64::NAN)]).collect()
}

fn kwh(slots: &[SlotRow], timeline: &Timeline, of: fn(&SlotRow) -> i64) -> Vec<Point> {
    points(slots, timeline, |group| {
        group.iter().map(|row| of(row) as f64 / 1e3).sum::<f64>() / timeline.units(group)
    })
}

/// The mean auction price in currency/kWh, each slot weighing as much as was traded in it; NaN if
/// nothing was.
fn auction_mean(group: &[SlotRow]) -> f64 {
    let traded =
        group.iter().filter_map(|row| Some((row.price? as f64 / 1e6, row.volume_wh as f64)));
    let (value, volume) =
        traded.fold((0.0, 0.0), |(value, volume), (price, wh)| (value + price * wh, volume + wh));
    value / volume
}

fn auction_band(slots: &[SlotRow], timeline: &Timeline) -> Vec<(f64, f64, f64)> {
    let reach = |group: &[SlotRow]| {
        let prices = || group.iter().filter_map(|row| row.price).map(|micro| micro as f64 / 1e6);
        (prices().fold(f64::NAN, f64::min), prices().fold(f64::NAN, f64::max))
    };
    let band = timeline.groups(slots).map(|(x, group)| {
        let (low, high) = reach(group);
        (x, low, high)
    });
    band.chain([(timeline.end(), f64::NAN, f64::NAN)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traded(price: Option<i64>, volume_wh: i64) -> SlotRow {
        SlotRow { price, volume_wh, ..SlotRow::default() }
    }

    // 1 kWh at 0.10 and 3 kWh at 0.20 cost 0.70 for 4 kWh: 0.175 on the mean.
    #[test]
    fn the_mean_price_weighs_what_was_traded() {
        let group = [traded(Some(100_000), 1_000), traded(None, 0), traded(Some(200_000), 3_000)];
        assert!((auction_mean(&group) - 0.175).abs() < 1e-12);
        assert!(auction_mean(&group[1..2]).is_nan());
    }

    // Auction prices of a group reach from the least to the greatest; a group without trades has
    // none.
    #[test]
    fn a_group_without_trades_is_a_gap() {
        let mut slots: Vec<SlotRow> =
            (0..500).map(|slot| SlotRow { slot, ..SlotRow::default() }).collect();
        (slots[1].price, slots[2].price) = (Some(90_000), Some(250_000));
        let timeline = Timeline::of(&slots);
        let band = auction_band(&slots, &timeline);
        assert_eq!(band[0], (0.0, 0.09, 0.25));
        assert!(band[1].1.is_nan() && band[1].2.is_nan());
    }

    // 2 kWh from the grid on top of 3 kWh made locally reach from 3 to 5.
    #[test]
    fn what_the_grid_gave_stands_on_what_was_local() {
        assert_eq!(stacked(&[(7.0, 3.0)], &[(7.0, 2.0)]), [(7.0, 3.0, 5.0)]);
    }

    // Hours: four slots of 250 Wh each are 1 kWh per hour.
    #[test]
    fn energy_of_an_hour_is_the_sum_of_its_slots() {
        let row = |slot| SlotRow { slot, production_wh: 250, ..SlotRow::default() };
        let slots: Vec<SlotRow> = (0..500).map(row).collect();
        let energy = kwh(&slots, &Timeline::of(&slots), |row| row.production_wh);
        assert_eq!(energy[0], (0.0, 1.0));
        assert_eq!(energy.len(), 126);
    }
}
