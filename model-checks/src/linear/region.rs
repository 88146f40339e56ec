//! The region as its clients may rely on it: who may say what when, and what the answer is.
//!
//! In: commands, who gave them, what was answered. Out: whether a ledger in this state would have answered so.
//! Refuses to know: prices, energy that was measured, roots and balances, which the audit computes again; the
//! ledger's own code, whose rules stand here a second time in the fewest words, so that a mistake there is no excuse.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Author, Command, GateSummary, MeterId, Phase, Receipt, Refusal, Role};
use ledger::{SlotSummary, members, slot_market, transfer};
use market::{Energy, Money, OrderId, ParticipantId, Price, Side, Slot};

use super::search::Machine;

/// Orders, and transfers, that a member may have in a slot.
const MOST: u32 = 16;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// The operator of the region.
    Operator,
    /// A home, by its number; a member once it is registered.
    Home(ParticipantId),
}

/// What came of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This receipt, from enough replicas.
    Receipt(Receipt),
    /// Nobody knows.
    Unknown,
}

/// A command and its outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Who gave it.
    pub actor: Actor,
    /// What it was.
    pub command: Command,
    /// What came of it.
    pub outcome: Outcome,
}

/// The part of a region's state that answers depend on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    phase: Phase,
    members: BTreeMap<ParticipantId, (Author, MeterId)>,
    /// The orders of the slot.
    orders: BTreeMap<ParticipantId, Vec<(Side, Energy)>>,
    /// Whose meters were read in the slot.
    read: BTreeSet<ParticipantId>,
    /// How many transfers wait for the slot's close.
    transfers: BTreeMap<ParticipantId, u32>,
    /// What the auction of the slot said, if the answer is known.
    auction: Option<(Option<Price>, Energy)>,
}

impl Default for Region {
    fn default() -> Self {
        Self {
            phase: Phase::Enrolment,
            members: BTreeMap::new(),
            orders: BTreeMap::new(),
            read: BTreeSet::new(),
            transfers: BTreeMap::new(),
            auction: None,
        }
    }
}

impl Machine for Region {
    type Operation = Operation;

    fn step(&self, operation: &Operation) -> Option<Self> {
        let Operation { actor, command, outcome } = operation;
        match outcome {
            Outcome::Receipt(Receipt::Refused(refusal)) => {
                self.refuses(*actor, command, refusal).then(|| self.clone())
            }
            Outcome::Receipt(receipt) => self.effect(*actor, command, Some(receipt)),
            Outcome::Unknown => self.effect(*actor, command, None),
        }
    }

    /// Commands of two homes are about their own seats; the operator's are about all.
    fn independent(one: &Operation, other: &Operation) -> bool {
        matches!((one.actor, other.actor), (Actor::Home(one), Actor::Home(other)) if one != other)
    }
}

impl Region {
    fn role(&self, actor: Actor) -> Role {
        match actor {
            Actor::Operator => Role::Dso,
            Actor::Home(home) if self.members.contains_key(&home) => Role::Member,
            Actor::Home(_) => Role::Stranger,
        }
    }

    /// Whether the phase allows a command.
    fn in_phase(&self, command: &Command) -> bool {
        match command {
            Command::Members(_) => true,
            Command::Transfer(transfer::Command::Transfer { slot, .. }) => {
                self.phase.slot() == Some(*slot)
            }
            Command::SlotMarket(command) => self.phase == phase_of(command),
        }
    }

    /// The region after a command that had an effect, with this receipt if it is known; none if that cannot be.
    fn effect(&self, actor: Actor, command: &Command, receipt: Option<&Receipt>) -> Option<Self> {
        if self.role(actor) != role_for(command) || !self.in_phase(command) {
            return None;
        }
        let mut after = self.clone();
        let possible = match (command, actor) {
            (Command::Members(register), Actor::Operator) => after.register(register, receipt),
            (Command::Transfer(command), Actor::Home(home)) => {
                after.transfer(home, command, receipt)
            }
            (Command::SlotMarket(command), _) => after.trade(actor, command, receipt),
            _ => false,
        };
        possible.then_some(after)
    }

    fn register(&mut self, command: &members::Command, receipt: Option<&Receipt>) -> bool {
        let members::Command::Register { participant, author, meter, .. } = *command;
        let taken = |(other, (key, counts)): (&ParticipantId, &(Author, MeterId))| {
            *other == participant || *key == author || *counts == meter
        };
        let new = !self.members.iter().any(taken);
        self.members.insert(participant, (author, meter));
        new && fits(receipt, Receipt::Registered { participant })
    }

    fn transfer(
        &mut self,
        home: ParticipantId,
        command: &transfer::Command,
        receipt: Option<&Receipt>,
    ) -> bool {
        let transfer::Command::Transfer { slot, to, amount } = *command;
        let waiting = self.transfers.entry(home).or_default();
        let counter = *waiting;
        *waiting += 1;
        let fine = to != home && amount > Money::ZERO && counter < MOST;
        fine && fits(receipt, Receipt::TransferAdmitted { slot, counter })
    }

    fn trade(
        &mut self,
        actor: Actor,
        command: &slot_market::Command,
        receipt: Option<&Receipt>,
    ) -> bool {
        use slot_market::Command;
        match (*command, actor) {
            (Command::Open, Actor::Operator) => {
                self.phase = Phase::Orders(Slot::ZERO);
                fits(receipt, Receipt::Opened { slot: Slot::ZERO })
            }
            (Command::PlaceOrder { side, quantity, .. }, Actor::Home(participant)) => {
                let orders = self.orders.entry(participant).or_default();
                let counter = orders.len() as u32;
                orders.push((side, quantity));
                let id = OrderId { participant, counter };
                counter < MOST && fits(receipt, Receipt::OrderPlaced { id })
            }
            (Command::SubmitReading { slot, meter, .. }, Actor::Home(home)) => {
                let own = self.members.get(&home).is_some_and(|(_, own)| *own == meter);
                let first = self.read.insert(home);
                own && first && fits(receipt, Receipt::ReadingTaken { meter, slot })
            }
            (Command::CloseGate { slot }, Actor::Operator) => self.close_gate(slot, receipt),
            (Command::CloseSlot { slot }, Actor::Operator) => self.close_slot(slot, receipt),
            _ => false,
        }
    }

    /// A receipt that says what the book held is a read of every order before it.
    fn close_gate(&mut self, slot: Slot, receipt: Option<&Receipt>) -> bool {
        let orders: Vec<_> = std::mem::take(&mut self.orders).into_values().flatten().collect();
        let of = |wanted| orders.iter().filter(move |(side, _)| *side == wanted);
        let count = |side| of(side).count() as u32;
        let sum = |side| of(side).map(|(_, quantity)| i128::from(quantity.wh())).sum::<i128>();
        (self.phase, self.auction) = (Phase::Delivered(slot), None);
        let Some(receipt) = receipt else { return true };
        let Receipt::GateClosed(GateSummary { price, volume, .. }) = *receipt else { return false };
        self.auction = Some((price, volume));
        let most = sum(Side::Bid).min(sum(Side::Offer));
        let possible = (0..=most).contains(&i128::from(volume.wh()))
            && price.is_some() == (volume > Energy::ZERO);
        let (bids, offers) = (count(Side::Bid), count(Side::Offer));
        let summary = GateSummary { slot, price, volume, bids, offers };
        possible && *receipt == Receipt::GateClosed(summary)
    }

    /// A receipt that says how many meters were silent, and how many transfers there were, is a read of the others.
    fn close_slot(&mut self, slot: Slot, receipt: Option<&Receipt>) -> bool {
        let missing = self.members.keys().filter(|home| !self.read.contains(home)).count() as u32;
        let waiting: u32 = std::mem::take(&mut self.transfers).into_values().sum();
        let auction = self.auction.take();
        self.read.clear();
        self.phase = Phase::Orders(slot.next());
        let Some(receipt) = receipt else { return true };
        let Receipt::SlotClosed(said) = *receipt else { return false };
        auction.is_none_or(|auction| auction == (said.price, said.volume))
            && said.transfers.checked_add(said.bounced) == Some(waiting)
            && said == SlotSummary { slot, missing, ..said }
    }

    /// Whether a command would be refused for this reason.
    fn refuses(&self, actor: Actor, command: &Command, why: &Refusal) -> bool {
        let (is, needs) = (self.role(actor), role_for(command));
        if let Refusal::Role { .. } = why {
            return is != needs && *why == (Refusal::Role { needs, is });
        }
        if is != needs {
            return false;
        }
        if let Refusal::Phase { needs, now } = why {
            let fits = match command {
                Command::SlotMarket(command) => *needs == phase_of(command),
                _ => true,
            };
            return !self.in_phase(command) && fits && *now == self.phase;
        }
        self.in_phase(command) && self.refuses_values(actor, command, why)
    }

    fn refuses_values(&self, actor: Actor, command: &Command, why: &Refusal) -> bool {
        match (command, actor) {
            (Command::Members(command), _) => self.refuses_member(command, why),
            (Command::Transfer(command), Actor::Home(home)) => {
                self.refuses_transfer(home, command, why)
            }
            (Command::SlotMarket(command), Actor::Home(home)) => {
                self.refuses_trade(home, command, why)
            }
            _ => false,
        }
    }

    fn refuses_member(&self, command: &members::Command, why: &Refusal) -> bool {
        let members::Command::Register { participant, author, meter, deposit } = command;
        match why {
            Refusal::ParticipantTaken(taken) => {
                taken == participant && self.members.contains_key(taken)
            }
            Refusal::AuthorTaken => self.members.values().any(|(key, _)| key == author),
            Refusal::MeterTaken { meter: taken, participant } => {
                let own = self.members.get(participant);
                taken == meter && own.is_some_and(|(_, own)| own == meter)
            }
            Refusal::TooManyMembers { max } => self.members.len() as u64 >= u64::from(*max),
            Refusal::Deposit { got, max } => {
                got == deposit && (*deposit < Money::ZERO || deposit > max)
            }
            _ => false,
        }
    }

    fn refuses_transfer(
        &self,
        home: ParticipantId,
        command: &transfer::Command,
        why: &Refusal,
    ) -> bool {
        let transfer::Command::Transfer { to, amount, .. } = command;
        match why {
            Refusal::ToSelf => *to == home,
            Refusal::Amount { got } => got == amount && *amount <= Money::ZERO,
            Refusal::TooManyTransfers { max } => {
                *max == MOST && self.transfers.get(&home) == Some(&MOST)
            }
            _ => false,
        }
    }

    fn refuses_trade(
        &self,
        home: ParticipantId,
        command: &slot_market::Command,
        why: &Refusal,
    ) -> bool {
        use slot_market::Command;
        let orders = self.orders.get(&home).map(Vec::as_slice).unwrap_or_default();
        match (command, why) {
            (Command::PlaceOrder { price, .. }, Refusal::Price { got, low, high }) => {
                got == price && !(low..=high).contains(&price)
            }
            (Command::PlaceOrder { quantity, .. }, Refusal::Quantity { got, max }) => {
                got == quantity && (*quantity <= Energy::ZERO || quantity > max)
            }
            (Command::PlaceOrder { .. }, Refusal::TooManyOrders { max }) => {
                *max == MOST && orders.len() as u64 == u64::from(MOST)
            }
            (Command::PlaceOrder { side, quantity, .. }, Refusal::AboveConnection { limit }) => {
                let before = orders.iter().filter(|(other, _)| other == side);
                let before: i128 = before.map(|(_, quantity)| i128::from(quantity.wh())).sum();
                before + i128::from(quantity.wh()) > i128::from(limit.wh())
            }
            // How much was measured is nobody's business here.
            (Command::SubmitReading { .. }, Refusal::AboveConnection { .. }) => true,
            (Command::SubmitReading { meter, .. }, Refusal::NotYourMeter { got, own }) => {
                let mine = self.members.get(&home).map(|(_, meter)| meter);
                got == meter && mine == Some(own) && got != own
            }
            (Command::SubmitReading { slot, meter, .. }, Refusal::AlreadyRead { .. }) => {
                let (meter, slot) = (*meter, *slot);
                *why == (Refusal::AlreadyRead { meter, slot }) && self.read.contains(&home)
            }
            _ => false,
        }
    }
}

/// Whether the receipt is this one, if it is known.
fn fits(receipt: Option<&Receipt>, expected: Receipt) -> bool {
    receipt.is_none_or(|receipt| *receipt == expected)
}

/// Whose command it is.
fn role_for(command: &Command) -> Role {
    use slot_market::Command::{PlaceOrder, SubmitReading};
    match command {
        Command::Transfer(_) | Command::SlotMarket(PlaceOrder { .. } | SubmitReading { .. }) => {
            Role::Member
        }
        Command::Members(_) | Command::SlotMarket(_) => Role::Dso,
    }
}

/// When it may be given.
fn phase_of(command: &slot_market::Command) -> Phase {
    use slot_market::Command;
    match *command {
        Command::Open => Phase::Enrolment,
        Command::PlaceOrder { slot, .. } | Command::CloseGate { slot } => Phase::Orders(slot),
        Command::SubmitReading { slot, .. } | Command::CloseSlot { slot } => Phase::Delivered(slot),
    }
}

#[cfg(test)]
mod tests;
