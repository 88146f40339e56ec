//! The market of the open slot: orders until the gate closes, an auction, readings, settlement.
//!
//! In: orders and readings by members, phase commands by the operator. Out: facts about trades and
//! bills. Refuses to know: formulas (the market crate has them), what bills do to a score.
//!
//! # The seed
//!
//! Ties in the auction of a slot are broken with the state root as the close of the slot before
//! left it (for slot 0, as the opening left it). The root covers the seed as well, so it cannot be
//! stored in the moment in which it arises: right after a close the seed is absent, and the next
//! accepted command, whichever it is, writes down the root it found. So members may know the seed
//! when they order; `market::Seed` says what that is worth.

//!
//! # Substitutes
//!
//! A member whose reading does not come is settled on the largest import that its meter has ever
//! reported, or on the connection limit if it never reported (`market::settle` has the rule). The
//! largest import is kept for every member, learned when a slot closes, and covered by the root. A
//! member that stays silent teaches the ledger nothing: what it draws beyond its largest reported
//! import is not billed, so the operator has to look after meters that are missing for long.

mod seat;
mod auction;

use market::{Energy, Line, Meter, Metered, Money, OrderId, ParticipantId, Position, Price};
use market::{RegionPrices, Settlement, Side, Slot, Terms};
use serde::{Deserialize, Serialize};

use self::auction::Auction;
use self::seat::Seat;
use crate::actor::Actor;
use crate::commitment::Commitment;
use crate::contract::members::Members;
use crate::fact::{Bill, Fact};
use crate::genesis::{Charter, MAX_MEMBERS};
use crate::hash::Hash;
use crate::identity::MeterId;
use crate::phase::Phase;
use crate::receipt::{GateSummary, Receipt, SlotSummary};
use crate::records::{Leaf, Records};
use crate::refusal::Refusal;
use crate::violation::Violation;

pub(crate) use self::seat::{Delivery, Placed};

/// The most orders of one member in one slot: enough for a stepped bid curve, and a book of all
/// members' orders stays far below what the market clears.
pub const MAX_ORDERS: u32 = 16;

const _: () = assert!(MAX_MEMBERS as usize * MAX_ORDERS as usize <= market::MAX_ORDERS);

/// What may be asked of this contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Command {
    /// Ends the enrolment: slot 0 takes orders. Operator only.
    Open,
    /// Puts a limit order into the book of `slot`. Members only, while the slot takes orders.
    PlaceOrder {
        /// The slot the order is for.
        slot: Slot,
        /// Buy or sell.
        side: Side,
        /// The worst price its author accepts, within the tariff.
        price: Price,
        /// How much; partial fills are allowed.
        quantity: Energy,
    },
    /// Closes the book of `slot` and runs its auction. Operator only.
    CloseGate {
        /// The slot.
        slot: Slot,
    },
    /// Commits to what `meter` measured in `slot`; the value travels beside the command. The
    /// meter's member only, after the gate closed.
    SubmitReading {
        /// The slot.
        slot: Slot,
        /// The meter.
        meter: MeterId,
        /// What covers the value, see [`Reading::commitment`](crate::Reading::commitment).
        commitment: Commitment,
    },
    /// Settles `slot` and opens the next one for orders. Operator only.
    CloseSlot {
        /// The slot.
        slot: Slot,
    },
}

/// The market's part of the state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SlotMarket {
    phase: Phase,
    /// The root that breaks ties in the auction of the open slot; absent until the first command
    /// after a close.
    seed: Option<Hash>,
    /// What the auction did, once the gate is closed.
    auction: Option<GateSummary>,
    /// Members that have orders, a contract or a reading in the open slot.
    seats: Records<Seat>,
    /// The largest import of a settled slot that each member's meter has ever reported; members
    /// whose meter never reported are not in it.
    largest: Records<Energy>,
}

impl Leaf for Energy {
    fn write_leaf(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.wh().to_le_bytes());
    }
}

/// A slot that was settled, before anything was posted.
pub(crate) struct Settled {
    pub(crate) auction: GateSummary,
    pub(crate) terms: Terms,
    pub(crate) settlement: Settlement,
}

impl Settled {
    /// A bill for each member, then the grid's and the operator's line.
    pub(crate) fn facts(&self) -> impl Iterator<Item = Fact> {
        let (slot, price) = (self.auction.slot, self.auction.price);
        let RegionPrices { buy, sell, .. } = self.terms.region;
        let retail = self.terms.tariff.retail();
        let bill = move |line: &Line| {
            let buy = if line.missing() { retail } else { buy };
            Fact::Billed(Bill { slot, line: *line, price, buy, sell })
        };
        let grid = Fact::GridSettled { slot, line: self.settlement.grid };
        let operator = Fact::OperatorSettled { slot, amount: self.settlement.operator };
        self.settlement.lines.iter().map(bill).chain([grid, operator])
    }

    /// The slot in one line, without transfers and root, which the market does not know.
    pub(crate) fn summary(&self) -> SlotSummary {
        let settlement = &self.settlement;
        SlotSummary {
            slot: self.auction.slot,
            price: self.auction.price,
            volume: self.auction.volume,
            production: settlement.totals.production(),
            consumption: settlement.totals.consumption(),
            local: settlement.local,
            grid_import: settlement.grid.import,
            grid_export: settlement.grid.export,
            buy: self.terms.region.buy,
            sell: self.terms.region.sell,
            operator: settlement.operator,
            missing: settlement.missing,
            transfers: 0,
            bounced: 0,
            root: Hash::ZERO,
        }
    }
}

impl Default for SlotMarket {
    fn default() -> Self {
        Self {
            phase: Phase::Enrolment,
            seed: None,
            auction: None,
            seats: Records::default(),
            largest: Records::default(),
        }
    }
}

impl SlotMarket {
    /// Where the market stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What the auction of the open slot did, `None` until the gate is closed.
    pub fn auction(&self) -> Option<&GateSummary> {
        self.auction.as_ref()
    }

    /// Whether a member's meter was read in the open slot.
    pub fn is_read(&self, participant: ParticipantId) -> bool {
        self.seats.get(participant).is_some_and(|seat| seat.delivery.is_some())
    }

    /// The largest import that a member's meter has ever reported, in a slot that was settled;
    /// `None` if it never did.
    pub fn largest_import(&self, participant: ParticipantId) -> Option<Energy> {
        self.largest.get(participant).copied()
    }

    /// Ends the enrolment.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; nothing has changed.
    pub(crate) fn open(&mut self, actor: Actor, facts: &mut Vec<Fact>) -> Result<Receipt, Refusal> {
        actor.dso()?;
        self.require(Phase::Enrolment)?;

        let slot = Slot::ZERO;
        self.phase = Phase::Orders(slot);
        facts.push(Fact::Opened { slot });
        Ok(Receipt::Opened { slot })
    }

    /// Puts an order into the book.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; nothing has changed.
    pub(crate) fn place(
        &mut self,
        actor: Actor,
        charter: &Charter,
        slot: Slot,
        placed: Placed,
    ) -> Result<Receipt, Refusal> {
        let participant = actor.member()?;
        self.require(Phase::Orders(slot))?;
        let (mut counter, mut ordered) = (0, Energy::ZERO);
        if let Some(seat) = self.seats.get(participant) {
            (counter, ordered) = (seat.orders.len() as u32, seat.ordered(placed.side));
        }
        let id = OrderId { participant, counter };
        placed.named(id).check(&charter.tariff)?;
        if counter >= MAX_ORDERS {
            return Err(Refusal::TooManyOrders { max: MAX_ORDERS });
        }
        let limit = charter.connection_limit;
        if ordered.checked_add(placed.quantity).is_none_or(|ordered| ordered > limit) {
            return Err(Refusal::AboveConnection { limit });
        }

        self.seats.change(participant, |seat| seat.orders.push(placed));
        Ok(Receipt::OrderPlaced { id })
    }

    /// Closes the book and runs the auction, with `root` as seed if none was written down yet.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; nothing has changed.
    pub(crate) fn close_gate(
        &mut self,
        actor: Actor,
        charter: &Charter,
        slot: Slot,
        root: Option<Hash>,
        facts: &mut Vec<Fact>,
    ) -> Result<Receipt, Refusal> {
        actor.dso()?;
        self.require(Phase::Orders(slot))?;
        let seed =
            self.seed.or(root).expect("a slot without seed comes with the root at its start");
        let auction = Auction::run(slot, self.seats.iter(), charter.kappa, &seed)?;

        self.phase = Phase::Delivered(slot);
        self.auction = Some(auction.summary);
        self.seats = auction.seats();
        facts.extend(auction.facts());
        Ok(Receipt::GateClosed(auction.summary))
    }

    /// Takes a reading, whose private part was opened before.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]; nothing has changed.
    pub(crate) fn read(
        &mut self,
        actor: Actor,
        charter: &Charter,
        members: &Members,
        (slot, meter): (Slot, MeterId),
        delivery: Delivery,
    ) -> Result<Receipt, Refusal> {
        let participant = actor.member()?;
        self.require(Phase::Delivered(slot))?;
        let own = members.get(participant).expect("an actor that is a member is registered").meter;
        if meter != own {
            return Err(Refusal::NotYourMeter { got: meter, own });
        }
        if self.is_read(participant) {
            return Err(Refusal::AlreadyRead { meter, slot });
        }
        let limit = charter.connection_limit;
        if !delivery.fits(limit) {
            return Err(Refusal::AboveConnection { limit });
        }

        self.seats.change(participant, |seat| seat.delivery = Some(delivery));
        Ok(Receipt::ReadingTaken { meter, slot })
    }

    /// Computes the settlement of the slot; changes nothing.
    ///
    /// # Errors
    ///
    /// A [`Refusal`].
    pub(crate) fn settle(
        &self,
        actor: Actor,
        charter: &Charter,
        members: &Members,
        slot: Slot,
    ) -> Result<Settled, Refusal> {
        actor.dso()?;
        self.require(Phase::Delivered(slot))?;
        let auction = self.auction.expect("a slot that is delivered had its auction");
        let overflow = |_| Refusal::SlotOverflow { slot };
        let price = auction.price.unwrap_or_default();
        let positions = self.positions(members, charter.connection_limit, price);
        let positions = positions.ok_or(Refusal::SlotOverflow { slot })?;
        let totals = market::totals(&positions).map_err(overflow)?;
        let region = charter.rule.prices(&totals, &charter.tariff);
        // Everybody traded at one price, so the auction left nothing.
        let terms = Terms { surplus: Money::ZERO, region, tariff: charter.tariff };
        let settlement = market::settle(&positions, &terms).map_err(overflow)?;
        Ok(Settled { auction, terms, settlement })
    }

    /// Learns the largest imports, empties all seats and opens the next slot for orders.
    pub(crate) fn advance(&mut self, slot: Slot) {
        let mut largest = std::mem::take(&mut self.largest);
        for (participant, seat) in self.seats.iter() {
            let Some(delivery) = seat.delivery else { continue };
            let import = delivery.metered.import();
            if largest.get(participant).is_none_or(|before| *before < import) {
                largest.set(participant, import);
            }
        }
        *self = Self { phase: Phase::Orders(slot.next()), largest, ..Self::default() };
    }

    /// Whether the open slot still lacks its seed.
    pub(crate) fn lacks_seed(&self) -> bool {
        self.seed.is_none() && self.phase != Phase::Enrolment
    }

    /// Writes down the seed of the open slot.
    pub(crate) fn keep_seed(&mut self, root: Hash) {
        self.seed = Some(root);
    }

    /// The sub-root of this contract.
    pub(crate) fn sub_root(&mut self) -> Hash {
        let (seats, largest) = (self.seats.root(), self.largest.root());
        let covered = (self.phase, self.seed, self.auction, seats, largest);
        Hash::of("gridquorum ledger slot market v2", &covered)
    }

    /// Invariant: a seat holds nothing that its phase does not allow, and is not empty.
    pub(crate) fn seats_fit_the_phase(&self, members: &Members) -> Result<(), Violation> {
        let wrong = self.seats.iter().find(|(participant, seat)| {
            let allowed = match self.phase {
                Phase::Enrolment => false,
                Phase::Orders(_) => seat.holds_orders_alone(*participant, MAX_ORDERS),
                Phase::Delivered(_) => seat.holds_no_orders(),
            };
            !allowed || members.get(*participant).is_none()
        });
        wrong.map_or(Ok(()), |(participant, _)| Err(Violation::Seat(participant)))
    }

    /// Invariant I1: contracted energy cancels out, and what was bought is the auction's volume at
    /// most (a member may have bought and sold).
    pub(crate) fn contracts_balance(&self) -> Result<(), Violation> {
        let (mut bought, mut sold) = (0_i64, 0_i64);
        for (_, seat) in self.seats.iter() {
            bought += seat.contracted.wh().max(0);
            sold -= seat.contracted.wh().min(0);
        }
        let volume = self.auction.map_or(0, |auction| auction.volume.wh());
        if bought == sold && bought <= volume {
            return Ok(());
        }
        let (bought, sold) = (Energy::from_wh(bought), Energy::from_wh(sold));
        Err(Violation::Contracts { slot: self.phase.slot().unwrap_or_default(), bought, sold })
    }

    /// Invariant: every reading is the one that its ordered commitment covers.
    pub(crate) fn readings_match(&self, members: &Members) -> Result<(), Violation> {
        let slot = self.phase.slot().unwrap_or_default();
        let mut read = self.seats.iter().filter_map(|(who, seat)| Some((who, seat.delivery?)));
        let wrong = read.find(|(participant, delivery)| {
            members.get(*participant).is_none_or(|member| !delivery.matches(member.meter, slot))
        });
        wrong.map_or(Ok(()), |(participant, _)| Err(Violation::Reading(participant)))
    }

    /// Invariant: largest imports are those of members, and none is below zero or above what a
    /// meter can count.
    pub(crate) fn largest_imports_are_possible(&self, members: &Members) -> Result<(), Violation> {
        let wrong = self.largest.iter().find(|(participant, import)| {
            members.get(*participant).is_none() || Metered::try_new(**import, Energy::ZERO).is_err()
        });
        wrong.map_or(Ok(()), |(participant, _)| Err(Violation::LargestImport(participant)))
    }

    fn require(&self, needs: Phase) -> Result<(), Refusal> {
        if self.phase == needs { Ok(()) } else { Err(Refusal::Phase { needs, now: self.phase }) }
    }

    /// Every member's position: its contract at `price` if it has one, its reading or what stands in
    /// for it; `None` if an amount leaves 64 bits.
    fn positions(&self, members: &Members, limit: Energy, price: Price) -> Option<Vec<Position>> {
        let mut seats = self.seats.iter().peekable();
        let substitute = |participant| {
            let largest = self.largest_import(participant);
            Meter::Substituted(largest.unwrap_or(limit))
        };
        let seated = members.iter().map(|(participant, _)| {
            let seat = seats.next_if(|(seat, _)| *seat == participant).map(|(_, seat)| seat);
            let contracted = seat.map_or(Energy::ZERO, |seat| seat.contracted);
            Some(Position {
                participant,
                contracted,
                contract_amount: price.checked_mul(contracted).and_then(Money::checked_neg)?,
                meter: seat
                    .and_then(|seat| seat.delivery)
                    .map_or_else(|| substitute(participant), |it| Meter::Read(it.metered)),
            })
        });
        seated.collect()
    }
}
