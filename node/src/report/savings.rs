//! Who saved how much: every home's bill against the same readings without a local market.
//!
//! In: the homes. Out: savings in order, their sum, their median. Refuses to know: how it is shown.
//! All amounts are exact nano-currency.

use super::data::HomeRow;

/// What a home paid less than without a market; negative if it paid more.
pub(super) fn of(home: &HomeRow) -> i128 {
    i128::from(home.bill_nano) - i128::from(home.grid_only_nano)
}

/// What all of these homes together paid less.
pub fn of_all(homes: &[HomeRow]) -> i128 {
    homes.iter().map(of).sum()
}

/// One home's saving.
#[derive(Clone, Copy, Debug)]
pub(super) struct Saving<'r> {
    /// The home.
    pub(super) home: &'r HomeRow,
    /// What it paid less than without a market; negative if it paid more.
    pub(super) nano: i128,
}

impl Saving<'_> {
    /// What the home paid with the market; negative if it was paid.
    pub(super) fn paid(&self) -> i128 {
        -i128::from(self.home.bill_nano)
    }

    /// What it would have paid without.
    pub(super) fn paid_without(&self) -> i128 {
        -i128::from(self.home.grid_only_nano)
    }
}

/// The savings of a run, the greatest first; homes that saved the same, by number.
#[derive(Clone, Debug)]
pub(super) struct Savings<'r> {
    in_order: Vec<Saving<'r>>,
}

impl<'r> Savings<'r> {
    /// The savings of these homes.
    pub(super) fn of(homes: &'r [HomeRow]) -> Self {
        let saving = |home: &'r HomeRow| Saving { home, nano: of(home) };
        let mut in_order: Vec<_> = homes.iter().map(saving).collect();
        in_order.sort_by_key(|saving| (-saving.nano, saving.home.home));
        Self { in_order }
    }

    /// All of them.
    pub(super) fn in_order(&self) -> &[Saving<'r>] {
        &self.in_order
    }

    /// Those who pay less than without a market.
    pub(super) fn winners(&self) -> &[Saving<'r>] {
        &self.in_order[..self.in_order.partition_point(|saving| saving.nano > 0)]
    }

    /// Those who pay more, the worst last.
    pub(super) fn losers(&self) -> &[Saving<'r>] {
        &self.in_order[self.in_order.partition_point(|saving| saving.nano >= 0)..]
    }

    /// All savings together.
    pub(super) fn total(&self) -> i128 {
        self.in_order.iter().map(|saving| saving.nano).sum()
    }

    /// What all homes together would have paid without a market.
    pub(super) fn paid_without(&self) -> i128 {
        self.in_order.iter().map(Saving::paid_without).sum()
    }

    /// What all homes together paid.
    pub(super) fn paid(&self) -> i128 {
        self.in_order.iter().map(Saving::paid).sum()
    }

    /// The saving in the middle of the order, of an even number of homes the mean of the two; 0
    /// without homes.
    pub(super) fn median(&self) -> i128 {
        let middle = self.in_order.len() / 2;
        match self.in_order.get(middle) {
            None => 0,
            Some(here) if self.in_order.len() % 2 == 1 => here.nano,
            Some(here) => (here.nano + self.in_order[middle - 1].nano) / 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(home: u32, bill_nano: i64, grid_only_nano: i64) -> HomeRow {
        HomeRow { home, bill_nano, grid_only_nano, ..HomeRow::default() }
    }

    // Pays 8 instead of 10: saved 2. Paid 3 instead of 1: 2, too. Pays 5 instead of 5: 0. Pays 4
    // instead of 1: -3.
    #[test]
    fn savings_are_ordered_and_add_up() {
        let homes = [home(0, -5, -5), home(1, 3, 1), home(2, -4, -1), home(3, -8, -10)];
        let savings = Savings::of(&homes);
        let order: Vec<_> =
            savings.in_order().iter().map(|saving| (saving.home.home, saving.nano)).collect();
        assert_eq!(order, [(1, 2), (3, 2), (0, 0), (2, -3)]);
        assert_eq!((savings.winners().len(), savings.losers().len()), (2, 1));
        assert_eq!((savings.total(), savings.median()), (1, 1));
        assert_eq!((savings.paid(), savings.paid_without()), (14, 15));
        assert_eq!((savings.losers()[0].paid(), savings.losers()[0].paid_without()), (4, 1));
    }

    #[test]
    fn extreme_bills_do_not_overflow() {
        let homes = [home(0, i64::MAX, i64::MIN), home(1, i64::MIN, i64::MAX)];
        let savings = Savings::of(&homes);
        assert_eq!(savings.total(), 0);
        assert_eq!(savings.in_order()[0].nano, i128::from(u64::MAX));
        assert_eq!(Savings::of(&[]).median(), 0);
    }
}
