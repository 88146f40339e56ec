//! One slot of the run worked through, from orders to the operator's account.
//!
//! In: the slots and the tariff. Out: steps in words with this run's numbers. Refuses to know:
//! single homes; the chains hold every order and every bill.

use super::data::{RunInfo, SlotRow};
use super::number;
use super::timeline;

/// A slot in steps.
#[derive(Clone, Debug)]
pub(super) struct Worked {
    /// Number of the slot.
    pub(super) slot: u32,
    /// Its time in words.
    pub(super) when: String,
    /// From orders to accounts.
    pub(super) steps: Vec<Step>,
    /// The operator's account, line by line; it adds up to the last line exactly.
    pub(super) account: Vec<Entry>,
}

/// One step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) text: String,
}

/// One line of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) what: String,
    /// Energy times price.
    pub(super) how: String,
    /// In currency, with its sign.
    pub(super) amount: String,
}

/// The slot of the run in which most was traded, the first of several; nothing if none had trades.
pub(super) fn worked(run: &RunInfo, slots: &[SlotRow]) -> Option<Worked> {
    let traded = slots.iter().filter(|row| row.price.is_some() && row.volume_wh > 0);
    let most = traded.clone().map(|row| row.volume_wh).max()?;
    let row = traded.clone().find(|row| row.volume_wh == most)?;
    Some(Worked {
        slot: row.slot,
        when: timeline::in_words(row.slot),
        steps: steps(run, row, row.price?),
        account: account(run, row),
    })
}

fn steps(run: &RunInfo, row: &SlotRow, price: i64) -> Vec<Step> {
    let value = i128::from(price) * i128::from(row.volume_wh);
    let step = |name, text| Step { name, text };
    vec![
        step(
            "Orders",
            format!(
                "Before the slot began, homes {} {} orders: so much energy, at this price or \
                 better.",
                // Without replicas nobody signs, and nothing is sent.
                if run.kind == "simulate" { "placed" } else { "signed and sent" },
                number::grouped(u128::from(row.orders))
            ),
        ),
        step(
            "Auction",
            format!(
                "At gate closure all orders met in one auction: {} kWh changed hands at one price \
                 for everybody, {}, which makes {}.",
                number::kwh(row.volume_wh),
                number::price(price),
                number::decimal(value, 9, 4)
            ),
        ),
        step("Readings", readings(row)),
        step(
            "Beyond contracts",
            format!(
                "{} Both prices follow from the two totals by the rule {}.",
                beyond_contracts(row),
                run.rule
            ),
        ),
        step("Grid", grid(run, row)),
        step("Operator", operator(row)),
    ]
}

fn readings(row: &SlotRow) -> String {
    let missing = match row.missing {
        0 => "Every home's reading came.".to_owned(),
        1 => "One home's reading is missing: it is billed for the most it ever drew in a slot, \
              or for what it bought if that is more."
            .to_owned(),
        many => format!(
            "{many} homes' readings are missing: each is billed for the most it ever drew in a \
             slot, or for what it bought if that is more."
        ),
    };
    format!(
        "After the slot, meters told what had really flowed: homes fed in {} kWh and drew {} kWh, \
         so {} kWh were made and used within the neighbourhood. {missing}",
        number::kwh(row.production_wh),
        number::kwh(row.consumption_wh),
        number::kwh(row.local_wh)
    )
}

fn beyond_contracts(row: &SlotRow) -> String {
    format!(
        "Homes that drew more or fed in less than contracted were short of {} kWh together and \
         paid {} for each; homes that fed in more or drew less had {} kWh to spare and got {} for \
         each.",
        number::kwh(row.short_wh),
        number::price(row.buy),
        number::kwh(row.long_wh),
        number::price(row.sell)
    )
}

fn grid(run: &RunInfo, row: &SlotRow) -> String {
    match (row.grid_import_wh, row.grid_export_wh) {
        (0, 0) => {
            "The neighbourhood needed nothing from the grid and had nothing left for it.".to_owned()
        }
        (0, export) => format!(
            "What all homes together had left over, {} kWh, went to the grid for {} each.",
            number::kwh(export),
            number::price(run.feed_in)
        ),
        (import, _) => format!(
            "What all homes together lacked, {} kWh, came from the grid for {} each.",
            number::kwh(import),
            number::price(run.retail)
        ),
    }
}

fn operator(row: &SlotRow) -> String {
    let change = number::decimal(i128::from(row.operator_nano).abs(), 9, 4);
    let verb = if row.operator_nano < 0 { "lost" } else { "gained" };
    format!(
        "The operator bought and sold what was beyond contracts and settled with the grid; its \
         account {verb} {change}. With the homes' bills and the grid's this adds up to exactly \
         zero."
    )
}

fn account(run: &RunInfo, row: &SlotRow) -> Vec<Entry> {
    let entry = |what: &str, wh: i64, price: i64, sign: i128| Entry {
        what: what.to_owned(),
        how: format!("{} kWh × {}", decimal(wh, 3), decimal(price, 6)),
        amount: number::signed(sign * i128::from(wh) * i128::from(price), 9, 6),
    };
    let mut lines = vec![
        entry("paid by homes that were short", row.short_wh, row.buy, 1),
        entry("paid to homes that had energy to spare", row.long_wh, row.sell, -1),
    ];
    if row.substituted_wh > 0 {
        lines.push(entry("paid by homes without a reading", row.substituted_wh, run.retail, 1));
    }
    if row.grid_import_wh > 0 {
        lines.push(entry("paid to the grid", row.grid_import_wh, run.retail, -1));
    }
    if row.grid_export_wh > 0 {
        lines.push(entry("paid by the grid", row.grid_export_wh, run.feed_in, 1));
    }
    lines.push(Entry {
        what: "change of the operator's account".to_owned(),
        how: String::new(),
        amount: number::signed(i128::from(row.operator_nano), 9, 6),
    });
    lines
}

/// A whole number of small units with all of its digits after the point.
fn decimal(value: i64, places: u32) -> String {
    number::decimal(i128::from(value), places, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Homes are 3 kWh short and 5 kWh long, so 2 kWh go to the grid. By hand, in nano-currency:
    /// 0.20 x 3 kWh paid in, 0.12 x 5 kWh paid out, 0.08 x 2 kWh from the grid: 0.60 - 0.60 + 0.16
    /// = 0.16 for the operator.
    fn slot() -> (RunInfo, SlotRow) {
        let run = RunInfo { retail: 300_000, feed_in: 80_000, ..RunInfo::default() };
        let row = SlotRow {
            slot: 53,
            price: Some(150_000),
            volume_wh: 10_000,
            buy: 200_000,
            sell: 120_000,
            grid_export_wh: 2_000,
            short_wh: 3_000,
            long_wh: 5_000,
            operator_nano: 160_000_000,
            ..SlotRow::default()
        };
        (run, row)
    }

    #[test]
    fn the_account_adds_up_line_by_line() {
        let (run, row) = slot();
        let amounts: Vec<String> =
            account(&run, &row).into_iter().map(|entry| entry.amount).collect();
        assert_eq!(amounts, ["+0.600000", "\u{2212}0.600000", "+0.160000", "+0.160000"]);
    }

    // As above, and a home without a reading pays for 4 kWh at 0.30: 1.20 that go to the grid, which
    // now sells 2 kWh where it bought 2: 0.60 paid to it. 0.60 - 0.60 + 1.20 - 0.60 = 0.60.
    #[test]
    fn a_substitute_is_a_line_of_the_account() {
        let (run, row) = slot();
        let row = SlotRow {
            substituted_wh: 4_000,
            missing: 1,
            grid_export_wh: 0,
            grid_import_wh: 2_000,
            operator_nano: 600_000_000,
            ..row
        };
        let amounts: Vec<String> =
            account(&run, &row).into_iter().map(|entry| entry.amount).collect();
        let minus = '\u{2212}';
        let expected = ["+0.600000", &format!("{minus}0.600000"), "+1.200000"];
        assert_eq!(amounts[..3], expected);
        assert_eq!(amounts[3..], [format!("{minus}0.600000"), "+0.600000".to_owned()]);
        assert!(readings(&row).contains("billed for the most it ever drew"));
    }

    // A simulation signs nothing, and its page says so elsewhere: no step may claim the opposite.
    #[test]
    fn only_orders_that_were_signed_are_called_so() {
        let (run, row) = slot();
        let orders = |kind: &str| {
            let run = RunInfo { kind: kind.to_owned(), ..run.clone() };
            steps(&run, &row, 150_000).swap_remove(0).text
        };
        assert!(orders("trial").contains("signed"));
        assert!(!orders("simulate").contains("signed"));
    }

    // 10 kWh at 0.15 are 1.50.
    #[test]
    fn the_auction_is_worked_out_exactly() {
        let (run, row) = slot();
        let empty = SlotRow { slot: 1, ..SlotRow::default() };
        let less = SlotRow { slot: 2, volume_wh: 9_999, ..row.clone() };
        let same = SlotRow { slot: 54, ..row.clone() };
        let worked = worked(&run, &[empty, less, row, same]).expect("three slots have trades");
        assert_eq!((worked.slot, worked.when.as_str()), (53, "13:15 to 13:30 on day 1"));
        assert!(worked.steps[1].text.contains(
            "10.00 kWh changed hands at one price for everybody, 0.1500, which makes 1.5000"
        ));
    }

    #[test]
    fn a_slot_without_trades_is_not_worked_through() {
        let (run, row) = slot();
        assert!(worked(&run, &[SlotRow::default()]).is_none());
        assert!(worked(&run, &[SlotRow { price: None, ..row }]).is_none());
    }
}
