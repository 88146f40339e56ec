//! The score: 0 to 1000 from a versioned rule, with the reasons for what is missing.
//!
//! In: a history. Out: a score, its factors, at most four reasons. Refuses to know: what the score
//! is used for.
//!
//! # The rule (version 1)
//!
//! A factor starts at 500 and moves with evidence: with n slots that gave an occasion, L points
//! lost in them and a prior of P neutral slots, `f = floor((500 P + 1000 n - L) / (P + n))`. The
//! score is `floor(sum w f / sum w)`, which is 500 + sum w (f - 500) / sum w: 500 for a member
//! nobody knows. Weights are 300, 200 and 200; dividing by their sum is what renormalises them to
//! 1000 until the other factors exist.
//!
//! # Guarantees
//!
//! *Monotone*: a slot with fewer points lost never gives a lower score, since L only enters with a
//! minus sign. *Bounded step*: one slot moves a factor by at most 500 / (P + 1), so the score by at
//! most [`ScoreRule::max_step`]. *Additive*: the points lost to all causes together are exactly
//! 1000 less the score.

use serde::{Deserialize, Serialize};

use crate::error::CreditError;
use crate::factor::{ALL_POINTS, Cause, Factor};
use crate::history::History;
use crate::reason::Reason;

/// A score from 0 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Score(u16);

impl Score {
    /// The best score.
    pub const BEST: Self = Self(1000);
    /// The score of a member nobody knows.
    pub const START: Self = Self(500);

    /// The number, 0..=1000.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How much each factor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Weights {
    /// Of payment punctuality.
    pub punctuality: u16,
    /// Of delivery reliability.
    pub reliability: u16,
    /// Of local solar loyalty.
    pub loyalty: u16,
}

impl Weights {
    const fn of(&self, factor: Factor) -> u16 {
        match factor {
            Factor::Punctuality => self.punctuality,
            Factor::Reliability => self.reliability,
            Factor::Loyalty => self.loyalty,
        }
    }
}

/// A versioned set of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawRule", into = "RawRule")]
pub struct ScoreRule {
    version: u16,
    weights: Weights,
    prior: u32,
}

/// A score, and everything needed to explain it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Assessment {
    /// Version of the rule.
    pub version: u16,
    /// The score.
    pub score: Score,
    /// The factors it is made of.
    pub factors: [FactorScore; Factor::ALL.len()],
    /// The causes that cost most points, at most [`Reason::MOST`], the dearest first.
    pub reasons: Vec<Reason>,
}

/// One factor of an assessment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FactorScore {
    /// Which.
    pub factor: Factor,
    /// Its points, 0..=1000.
    pub points: u16,
    /// Its weight; weights count relative to their sum.
    pub weight: u16,
    /// Slots that gave an occasion.
    pub observed: u64,
}

/// Points the prior's slots lose each: a factor without evidence stands in the middle.
const NEUTRAL_LOSS: u64 = 500;

impl ScoreRule {
    /// The first rule: one day of neutral slots as prior.
    pub const V1: Self = Self {
        version: 1,
        weights: Weights { punctuality: 300, reliability: 200, loyalty: 200 },
        prior: 96,
    };

    /// A rule with `prior` neutral slots.
    ///
    /// # Errors
    ///
    /// [`CreditError::Rule`] unless every weight is at most 1000, one is above zero, and the prior
    /// is.
    pub fn try_new(version: u16, weights: Weights, prior: u32) -> Result<Self, CreditError> {
        let list = Factor::ALL.map(|factor| weights.of(factor));
        let bounded = list.iter().all(|weight| *weight <= 1000);
        if bounded && list.iter().any(|weight| *weight > 0) && prior > 0 {
            Ok(Self { version, weights, prior })
        } else {
            Err(CreditError::Rule { weights: list, prior })
        }
    }

    /// The most one more slot can move a score.
    pub fn max_step(&self) -> u16 {
        NEUTRAL_LOSS.div_ceil(u64::from(self.prior) + 1) as u16
    }

    /// Scores a history.
    pub fn assess(&self, history: &History) -> Assessment {
        let factors = Factor::ALL.map(|factor| self.factor(factor, history));
        let weighted = |f: &FactorScore| u64::from(f.weight) * u64::from(f.points);
        let score = factors.iter().map(weighted).sum::<u64>() / self.total_weight();
        // An average of numbers of at most 1000.
        let score = Score(score as u16);
        let reasons = self.reasons(&factors, history, ALL_POINTS - u64::from(score.0));
        Assessment { version: self.version, score, factors, reasons }
    }

    fn total_weight(&self) -> u64 {
        Factor::ALL.iter().map(|factor| u64::from(self.weights.of(*factor))).sum()
    }

    fn factor(&self, factor: Factor, history: &History) -> FactorScore {
        let observed = history.observed(factor);
        let slots = u64::from(self.prior) + observed;
        let points = (ALL_POINTS * slots - self.lost(factor, history)) / slots;
        FactorScore { factor, points: points as u16, weight: self.weights.of(factor), observed }
    }

    /// Points lost over the prior and all slots of a factor.
    fn lost(&self, factor: Factor, history: &History) -> u64 {
        let causes = factor.causes().iter();
        self.neutral() + causes.map(|cause| history.lost(*cause)).sum::<u64>()
    }

    fn neutral(&self) -> u64 {
        NEUTRAL_LOSS * u64::from(self.prior)
    }

    /// The causes that cost points, the dearest first, cut to the number people read.
    fn reasons(&self, factors: &[FactorScore], history: &History, lost: u64) -> Vec<Reason> {
        let mut reasons: Vec<Reason> = whole(&self.losses(factors, history), lost)
            .map(|(cause, lost)| Reason { cause, lost, latest: history.latest(cause) })
            .filter(|reason| reason.lost > 0)
            .collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.lost));
        reasons.truncate(Reason::MOST);
        reasons
    }

    /// What each cause cost, in millionths of a point of the score, rounded down.
    fn losses(&self, factors: &[FactorScore], history: &History) -> [u128; Cause::ALL.len()] {
        const MILLIONTHS: u128 = 1_000_000;
        let mut losses = [0; Cause::ALL.len()];
        for FactorScore { factor, points, weight, .. } in factors {
            let lost = u128::from(ALL_POINTS - u64::from(*points)) * u128::from(*weight);
            let all = u128::from(self.lost(*factor, history)) * u128::from(self.total_weight());
            let mut add = |cause: Cause, part: u64| {
                losses[cause as usize] += lost * u128::from(part) * MILLIONTHS / all;
            };
            add(Cause::ShortHistory, self.neutral());
            for cause in factor.causes() {
                add(*cause, history.lost(*cause));
            }
        }
        losses
    }
}

/// Whole points per cause that add up to `total`: each rounded down, then one more to the largest
/// fractions.
fn whole(millionths: &[u128; Cause::ALL.len()], total: u64) -> impl Iterator<Item = (Cause, u16)> {
    let points = millionths.map(|loss| (loss / 1_000_000) as u16);
    let left = total - points.iter().map(|points| u64::from(*points)).sum::<u64>();
    let mut by_fraction: Vec<usize> = (0..millionths.len()).collect();
    by_fraction.sort_by_key(|at| std::cmp::Reverse(millionths[*at] % 1_000_000));
    let mut points = points;
    for at in by_fraction.into_iter().take(left as usize) {
        points[at] += 1;
    }
    Cause::ALL.into_iter().zip(points)
}

/// The rule as it travels, before it is checked.
#[derive(Serialize, Deserialize)]
struct RawRule {
    version: u16,
    weights: Weights,
    prior: u32,
}

impl TryFrom<RawRule> for ScoreRule {
    type Error = CreditError;

    fn try_from(raw: RawRule) -> Result<Self, CreditError> {
        Self::try_new(raw.version, raw.weights, raw.prior)
    }
}

impl From<ScoreRule> for RawRule {
    fn from(rule: ScoreRule) -> Self {
        Self { version: rule.version, weights: rule.weights, prior: rule.prior }
    }
}
