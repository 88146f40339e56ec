//! What a quarter hour of the day cost when it was last settled.
//!
//! In: prices, slot by slot. Out: for each quarter hour of the local day the last price, and which
//! of them are cheap and which are dear. Refuses to know: what was traded, the future, homes.
//!
//! It is a rolling day: before noon the afternoon's prices are yesterday's. On the day on which
//! clocks go forward the lost hour keeps the prices of the day before; on the day on which they go
//! back the second of two equal quarter hours counts.

use market::{Price, Slot};

const QUARTERS: usize = Slot::PER_DAY as usize;
/// How many quarter hours of a day are cheap, and how many are dear, if no two prices are equal: a
/// quarter of them each (ours).
const FEW: usize = QUARTERS / 4;

/// How a quarter hour compares with the rest of its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Band {
    /// Among the cheapest quarter of the day.
    Cheap,
    /// Neither.
    Middle,
    /// Among the dearest quarter of the day.
    Dear,
}

/// The prices of the last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LastDay {
    prices: [Option<Price>; QUARTERS],
    /// The highest cheap and the lowest dear price, once every quarter hour has a price, and unless
    /// they are the same.
    bounds: Option<(Price, Price)>,
}

impl LastDay {
    /// Before the first slot.
    pub const NONE: Self = Self { prices: [None; QUARTERS], bounds: None };

    /// Notes what quarter hour `quarter` (0..96; others count as none) of the local day cost.
    pub fn note(&mut self, quarter: u32, price: Price) {
        let Some(place) = self.prices.get_mut(quarter as usize) else { return };
        *place = Some(price);
        let mut sorted: Vec<Price> = self.prices.iter().copied().flatten().collect();
        sorted.sort_unstable();
        self.bounds = (sorted.len() == QUARTERS)
            .then(|| (sorted[FEW - 1], sorted[QUARTERS - FEW]))
            .filter(|(cheap, dear)| cheap < dear);
    }

    /// What `quarter` cost last.
    pub fn price(&self, quarter: u32) -> Option<Price> {
        self.prices.get(quarter as usize).copied().flatten()
    }

    /// The highest price that is cheap and the lowest that is dear; `None` until a whole day is
    /// known, and for a day that cost the same throughout.
    pub const fn bounds(&self) -> Option<(Price, Price)> {
        self.bounds
    }

    /// How `quarter` compares with the rest of the day, `None` as for [`LastDay::bounds`]. Equal
    /// prices are in one band, so cheap and dear quarter hours may be more than a quarter each.
    pub fn band(&self, quarter: u32) -> Option<Band> {
        let ((cheap, dear), price) = (self.bounds?, self.price(quarter)?);
        Some(if price <= cheap {
            Band::Cheap
        } else if price >= dear {
            Band::Dear
        } else {
            Band::Middle
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(milli: u32) -> Price {
        Price::from_micro_per_kwh(i64::from(milli) * 1_000)
    }

    fn day(of: impl Fn(u32) -> u32) -> LastDay {
        let mut day = LastDay::NONE;
        (0..96).for_each(|quarter| day.note(quarter, price(of(quarter))));
        day
    }

    // Prices 0.100 to 0.195 falling over the day: the last 24 quarter hours are cheap (to 0.123),
    // the first 24 dear (from 0.172).
    #[test]
    fn a_quarter_of_the_day_is_cheap_and_a_quarter_is_dear() {
        let day = day(|quarter| 195 - quarter);
        assert_eq!(day.bounds(), Some((price(123), price(172))));
        let count = |band| (0..96).filter(|quarter| day.band(*quarter) == Some(band)).count();
        assert_eq!((count(Band::Cheap), count(Band::Middle), count(Band::Dear)), (24, 48, 24));
        assert_eq!(
            (day.band(23), day.band(24), day.band(72)),
            (Some(Band::Dear), Some(Band::Middle), Some(Band::Cheap))
        );
    }

    // Thirty hours of sun make cheap quarter hours, the other 66 are equally dear: equal prices are
    // never told apart.
    #[test]
    fn equal_prices_are_in_one_band() {
        let day = day(|quarter| if (35..65).contains(&quarter) { 190 } else { 300 });
        let count = |band| (0..96).filter(|quarter| day.band(*quarter) == Some(band)).count();
        assert_eq!((count(Band::Cheap), count(Band::Middle), count(Band::Dear)), (30, 0, 66));
    }

    // A day that is not whole and a day of one price tell nothing apart.
    #[test]
    fn nothing_is_cheap_without_a_day_to_compare() {
        let mut young = LastDay::NONE;
        (0..95).for_each(|quarter| young.note(quarter, price(quarter)));
        assert_eq!((young.bounds(), young.band(3), young.price(3)), (None, None, Some(price(3))));
        assert_eq!(young.price(95), None);
        young.note(95, price(7));
        assert!(young.bounds().is_some());
        assert_eq!(day(|_| 250).bounds(), None);
        let before = young;
        young.note(96, price(1));
        assert_eq!(young, before);
    }
}
