//! The terms of a region as its founder writes them: a TOML file over the default terms.
//!
//! In: a file. Out: a charter, or one line with file, line and field. Refuses to know: who operates the region, and
//! whether the terms fit together; the genesis checks that.
//!
//! Numbers are texts (`retail = "0.30"`), because a TOML number with a point is a float and prices are exact.

use std::path::Path;

use anyhow::{Context, anyhow};
use community::terms;
use ledger::{Author, Charter};
use market::{Decimal, Energy, Kappa, NrgX, NrgXSafe, Price, PriceRule, Tariff};
use serde::Deserialize;
use toml::Spanned;

type Text = Spanned<String>;

/// The file as it is written; what it leaves out stays as it is by default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CharterFile {
    name: Option<String>,
    retail: Option<Text>,
    feed_in: Option<Text>,
    kappa: Option<Text>,
    connection_limit_wh: Option<i64>,
    rule: Option<RuleFile>,
}

/// A price rule with its parameters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum RuleFile {
    #[serde(rename = "nrgx")]
    NrgX {
        q: Text,
        r: Text,
        a: Text,
    },
    #[serde(rename = "nrgx-safe")]
    NrgXSafe {
        top: Text,
        r: Text,
        alpha: Text,
    },
    Sdr,
    MidMarket,
    BillSharing,
}

/// A file and its text.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

/// Reads the terms in `path`; the operator of the charter is yet to be named.
///
/// # Errors
///
/// One line with file, line and what is wrong.
pub(super) fn read(path: &Path) -> anyhow::Result<Charter> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Source { path, text: &text }.charter()
}

impl Source<'_> {
    fn charter(&self) -> anyhow::Result<Charter> {
        let file: CharterFile = toml::from_str(self.text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            anyhow!(
                "{}: {}",
                self.place(start),
                error.message().lines().next().unwrap_or("not TOML")
            )
        })?;
        let mut charter = terms::charter(Author::new([0; 32]));
        charter.name = file.name.unwrap_or(charter.name);
        let price = |text: &Option<Text>, default: Price| {
            text.as_ref().map_or(Ok(default), |text| {
                self.value(text, Decimal::to_price, "currency/kWh with at most 6 decimals")
            })
        };
        let retail = price(&file.retail, charter.tariff.retail())?;
        let feed_in = price(&file.feed_in, charter.tariff.feed_in())?;
        charter.tariff = Tariff::try_new(feed_in, retail).with_context(|| self.place(0))?;
        if let Some(kappa) = &file.kappa {
            charter.kappa = self.value(kappa, |value| Kappa::try_from(value).ok(), "0 to 1")?;
        }
        if let Some(limit) = file.connection_limit_wh {
            charter.connection_limit = Energy::from_wh(limit);
        }
        let number = |text: &Text| self.value(text, Some, "a decimal number");
        match &file.rule {
            None => {}
            Some(RuleFile::NrgX { q, r, a }) => {
                let rule = NrgX::try_new(number(q)?, number(r)?, number(a)?);
                charter.rule = PriceRule::NrgX(rule.with_context(|| self.place(q.span().start))?);
            }
            Some(RuleFile::NrgXSafe { top, r, alpha }) => {
                let rule = NrgXSafe::try_new(number(top)?, number(r)?, number(alpha)?);
                let rule = rule.with_context(|| self.place(top.span().start))?;
                charter.rule = PriceRule::NrgXSafe(rule);
            }
            Some(RuleFile::Sdr) => charter.rule = PriceRule::SupplyDemand,
            Some(RuleFile::MidMarket) => charter.rule = PriceRule::MidMarket,
            Some(RuleFile::BillSharing) => charter.rule = PriceRule::BillSharing,
        }
        Ok(charter)
    }

    fn value<T>(
        &self,
        text: &Text,
        read: impl Fn(Decimal) -> Option<T>,
        expected: &str,
    ) -> anyhow::Result<T> {
        let (start, got) = (text.span().start, text.get_ref());
        let value = Decimal::parse(got).ok().and_then(read);
        value.with_context(|| format!("{}: got {got:?}, expected {expected}", self.place(start)))
    }

    /// File, line and field of what stands at `start`.
    fn place(&self, start: usize) -> String {
        let before = &self.text[..start.min(self.text.len())];
        let line = 1 + before.matches('\n').count();
        let here = self.text.lines().nth(line - 1).unwrap_or_default();
        let field = here.split('=').next().unwrap_or_default().trim();
        format!("{}:{line}: field {field}", self.path.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Charter, String> {
        let source = Source { path: Path::new("terms.toml"), text };
        source.charter().map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn what_a_file_leaves_out_stays() {
        let default = terms::charter(Author::new([0; 32]));
        assert_eq!(read_text(""), Ok(default.clone()));
        let text = "name = \"hill\"\nretail = \"0.40\"\nconnection_limit_wh = 5000\n\
                    [rule.nrgx]\nq = \"0.1\"\nr = \"0.2\"\na = \"40\"\n";
        let charter = read_text(text).expect("good terms");
        assert_eq!(charter.name, "hill");
        assert_eq!(charter.tariff.retail().micro_per_kwh(), 400_000);
        assert_eq!(charter.tariff.feed_in(), default.tariff.feed_in());
        assert!(matches!(charter.rule, PriceRule::NrgX(_)));
    }

    #[test]
    fn rules_without_parameters_are_named() {
        for (name, rule) in [
            ("sdr", PriceRule::SupplyDemand),
            ("mid-market", PriceRule::MidMarket),
            ("bill-sharing", PriceRule::BillSharing),
        ] {
            let charter = read_text(&format!("rule = \"{name}\"\n")).expect("good terms");
            assert_eq!(charter.rule, rule);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("name = \"x\"\ncolour = \"green\"", "terms.toml:2: field colour: unknown field"),
            ("retail = \"cheap\"", "terms.toml:1: field retail: got \"cheap\""),
            ("retail = 0.3", "terms.toml:1: field retail: invalid type"),
            ("\nkappa = \"1.5\"", "terms.toml:2: field kappa: got \"1.5\""),
            ("[rule.nrgx]\nq = \"-1\"\nr = \"1\"\na = \"1\"", "terms.toml:2: field q"),
            ("[rule.barter]\n", "terms.toml:1"),
        ] {
            let error = read_text(text).expect_err(text);
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }
}
