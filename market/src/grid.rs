//! The tree behind a region: homes on feeders, feeders below aggregators, one grid above all.
//!
//! In: which home hangs on which feeder, which feeder below which aggregator, and what each can
//! carry. Out: a tree that is known to hold together. Refuses to know: orders, prices, fees.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::energy::Energy;
use crate::error::MarketError;
use crate::ids::{AggregatorId, FeederId, ParticipantId};

/// How far energy travels between its seller and its buyer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tier {
    /// Within one home: what it produces, it uses.
    Home,
    /// Between neighbours on one feeder.
    Feeder,
    /// Between feeders below one aggregator.
    Aggregator,
    /// Between aggregators, over the grid.
    Grid,
    /// From or to the utility behind the grid, at its tariff.
    Utility,
}

impl Tier {
    /// All tiers, nearest first.
    pub const ALL: [Self; 5] =
        [Self::Home, Self::Feeder, Self::Aggregator, Self::Grid, Self::Utility];
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Home => "home",
            Self::Feeder => "feeder",
            Self::Aggregator => "aggregator",
            Self::Grid => "grid",
            Self::Utility => "utility",
        })
    }
}

/// A part of the tree that has a price of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Zone {
    /// The homes on one feeder.
    Feeder(FeederId),
    /// The feeders below one aggregator.
    Aggregator(AggregatorId),
    /// Everything.
    Grid,
}

impl std::fmt::Display for Zone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Feeder(id) => write!(f, "feeder {id}"),
            Self::Aggregator(id) => write!(f, "aggregator {id}"),
            Self::Grid => f.write_str("the grid"),
        }
    }
}

/// The most energy that may flow through the upper end of a feeder or an aggregator in one slot,
/// net; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Limit {
    /// Down, into the homes.
    pub import: Option<Energy>,
    /// Up, out of the homes.
    pub export: Option<Energy>,
}

impl Limit {
    /// It carries whatever comes.
    pub const NONE: Self = Self { import: None, export: None };

    fn check(&self) -> Result<(), MarketError> {
        let below_zero = |energy: &Energy| *energy < Energy::ZERO;
        match [self.import, self.export].into_iter().flatten().find(below_zero) {
            Some(got) => Err(MarketError::FlowLimit(got)),
            None => Ok(()),
        }
    }
}

/// An aggregator as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Aggregator {
    /// Its number.
    pub id: AggregatorId,
    /// What its transformer carries.
    pub limit: Limit,
}

/// A feeder as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Feeder {
    /// Its number.
    pub id: FeederId,
    /// Where it hangs.
    pub aggregator: AggregatorId,
    /// What its line carries.
    pub limit: Limit,
}

/// A home as it is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Home {
    /// Whose.
    pub participant: ParticipantId,
    /// Where it hangs.
    pub feeder: FeederId,
}

/// The tree: every home on one feeder, every feeder below one aggregator, true by construction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawGrid", into = "RawGrid")]
pub struct Grid {
    /// Ascending.
    aggregators: Vec<Aggregator>,
    /// Ascending by aggregator, then by their own number, so that those of one are neighbours.
    feeders: Vec<Feeder>,
    /// Ascending by participant.
    homes: Vec<Home>,
    /// The position in `feeders` of each home's feeder.
    places: Vec<u32>,
    /// The positions in `feeders` of each aggregator's feeders.
    below: Vec<Range<u32>>,
}

impl Grid {
    /// Homes, feeders or aggregators one grid may hold: as many homes as a book holds orders.
    pub const MAX_NODES: usize = 10_000_000;

    /// The tree of these parts, listed in any order.
    ///
    /// # Errors
    ///
    /// [`MarketError::GridSize`], [`MarketError::FlowLimit`], and for parts that do not fit
    /// together [`MarketError::DuplicateAggregator`], [`MarketError::DuplicateFeeder`],
    /// [`MarketError::UnknownAggregator`], [`MarketError::DuplicateParticipant`] or
    /// [`MarketError::UnknownFeeder`].
    pub fn try_new(
        mut aggregators: Vec<Aggregator>,
        mut feeders: Vec<Feeder>,
        mut homes: Vec<Home>,
    ) -> Result<Self, MarketError> {
        let (got, max) = (aggregators.len().max(feeders.len()).max(homes.len()), Self::MAX_NODES);
        if got > max {
            return Err(MarketError::GridSize { got, max });
        }
        aggregators.sort_by_key(|aggregator| aggregator.id);
        feeders.sort_by_key(|feeder| (feeder.aggregator, feeder.id));
        homes.sort_by_key(|home| home.participant);
        if let Some(pair) = aggregators.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(MarketError::DuplicateAggregator(pair[0].id));
        }
        if let Some(pair) = homes.windows(2).find(|pair| pair[0].participant == pair[1].participant)
        {
            return Err(MarketError::DuplicateParticipant(pair[0].participant));
        }
        aggregators.iter().try_for_each(|aggregator| aggregator.limit.check())?;
        feeders.iter().try_for_each(|feeder| feeder.limit.check())?;
        let below = below(&aggregators, &feeders)?;
        let places = places(&feeders, &homes)?;
        Ok(Self { aggregators, feeders, homes, places, below })
    }

    /// A tree of one feeder without limits below one aggregator, both with number 0.
    ///
    /// # Errors
    ///
    /// [`MarketError::GridSize`] or [`MarketError::DuplicateParticipant`].
    pub fn single_feeder(
        homes: impl IntoIterator<Item = ParticipantId>,
    ) -> Result<Self, MarketError> {
        let (feeder, aggregator) = (FeederId::new(0), AggregatorId::new(0));
        let homes = homes.into_iter().map(|participant| Home { participant, feeder });
        Self::try_new(
            vec![Aggregator { id: aggregator, limit: Limit::NONE }],
            vec![Feeder { id: feeder, aggregator, limit: Limit::NONE }],
            homes.collect(),
        )
    }

    /// The aggregators, ascending.
    pub fn aggregators(&self) -> &[Aggregator] {
        &self.aggregators
    }

    /// The feeders, ascending by aggregator, then by their own number.
    pub fn feeders(&self) -> &[Feeder] {
        &self.feeders
    }

    /// The homes, ascending by participant.
    pub fn homes(&self) -> &[Home] {
        &self.homes
    }

    /// The feeder that a participant's home hangs on.
    pub fn feeder_of(&self, participant: ParticipantId) -> Option<&Feeder> {
        self.home_of(participant).map(|home| &self.feeders[self.place(home)])
    }

    /// The position in [`Self::homes`] of a participant's home.
    pub(crate) fn home_of(&self, participant: ParticipantId) -> Option<usize> {
        self.homes.binary_search_by_key(&participant, |home| home.participant).ok()
    }

    /// The position in [`Self::feeders`] of the feeder of the home at position `home`.
    pub(crate) fn place(&self, home: usize) -> usize {
        self.places[home] as usize
    }

    /// The position in [`Self::aggregators`] of the one above the feeder at position `feeder`.
    pub(crate) fn above(&self, feeder: usize) -> usize {
        let id = self.feeders[feeder].aggregator;
        self.aggregators.partition_point(|aggregator| aggregator.id < id)
    }

    /// The positions in [`Self::feeders`] of those below the aggregator at position `aggregator`.
    pub(crate) fn below(&self, aggregator: usize) -> Range<usize> {
        let Range { start, end } = &self.below[aggregator];
        *start as usize..*end as usize
    }
}

/// Which feeders hang below each aggregator; both lists are sorted.
fn below(aggregators: &[Aggregator], feeders: &[Feeder]) -> Result<Vec<Range<u32>>, MarketError> {
    let is_listed = |id: AggregatorId| aggregators.binary_search_by_key(&id, |one| one.id).is_ok();
    if let Some(feeder) = feeders.iter().find(|feeder| !is_listed(feeder.aggregator)) {
        let (feeder, aggregator) = (feeder.id, feeder.aggregator);
        return Err(MarketError::UnknownAggregator { feeder, aggregator });
    }
    let first = |id: AggregatorId| feeders.partition_point(|feeder| feeder.aggregator < id) as u32;
    let last = |id: AggregatorId| feeders.partition_point(|feeder| feeder.aggregator <= id) as u32;
    Ok(aggregators.iter().map(|one| first(one.id)..last(one.id)).collect())
}

/// The position of each home's feeder.
fn places(feeders: &[Feeder], homes: &[Home]) -> Result<Vec<u32>, MarketError> {
    let mut positions = BTreeMap::new();
    for (feeder, position) in feeders.iter().zip(0_u32..) {
        if positions.insert(feeder.id, position).is_some() {
            return Err(MarketError::DuplicateFeeder(feeder.id));
        }
    }
    let place = |home: &Home| {
        let Home { participant, feeder } = *home;
        let unknown = MarketError::UnknownFeeder { participant, feeder };
        positions.get(&feeder).copied().ok_or(unknown)
    };
    homes.iter().map(place).collect()
}

/// The lists as they travel, before they are checked.
#[derive(Serialize, Deserialize)]
struct RawGrid {
    aggregators: Vec<Aggregator>,
    feeders: Vec<Feeder>,
    homes: Vec<Home>,
}

impl TryFrom<RawGrid> for Grid {
    type Error = MarketError;

    fn try_from(raw: RawGrid) -> Result<Self, MarketError> {
        Self::try_new(raw.aggregators, raw.feeders, raw.homes)
    }
}

impl From<Grid> for RawGrid {
    fn from(grid: Grid) -> Self {
        Self { aggregators: grid.aggregators, feeders: grid.feeders, homes: grid.homes }
    }
}
