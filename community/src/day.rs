//! The commands of a community: enrolment, then for every slot orders and readings.
//!
//! In: a data set, a way to bid, the authors to speak for, what is public. Out: commands with their
//! private parts, one slot at a time. Refuses to know: keys and signatures (authors are names
//! here), what the ledger answered, clocks.
//!
//! This is the only source of orders and readings, for runs with and without replicas. Home h is
//! participant h with meter h.

use std::num::NonZeroUsize;

use ledger::{Author, Command, MeterId, Reading, members, slot_market};
use market::{Money, ParticipantId, Slot};

use crate::crew;
use crate::dataset::Dataset;
use crate::error::CastError;
use crate::forecast::forecast;
use crate::home::{Flows, Home, Moment};
use crate::random::{Purpose, Stream, salt};
use crate::strategy::{LimitOrder, Strategy, View};
use crate::terms;

/// Whom the community speaks for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cast {
    /// The operator of the region.
    pub operator: Author,
    /// One author per home, in order of homes.
    pub homes: Vec<Author>,
}

/// Who gives a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Speaker {
    /// The operator.
    Operator,
    /// The home of this number.
    Home(u32),
}

/// A command on its way to the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Submission {
    /// Who gives it: whose key signs it.
    pub speaker: Speaker,
    /// The author that key stands for.
    pub author: Author,
    /// The command.
    pub command: Command,
    /// What travels beside it; empty for all but readings.
    pub private: Vec<u8>,
}

/// How a community is run. None of it but the secret and the deposit shows in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Threads that work on homes; the results do not depend on it.
    pub threads: NonZeroUsize,
    /// What the salts of readings are drawn from. Whoever knows it can open every commitment of the
    /// run.
    pub secret: [u8; 32],
    /// What every home pays in when it joins.
    pub deposit: Money,
}

impl Settings {
    /// One thread, the default deposit, and a secret that follows from `seed`: a run is then a
    /// function of its seed, and its readings are hidden from nobody who knows it.
    pub fn from_seed(seed: u64) -> Self {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&seed.to_le_bytes());
        Self { threads: NonZeroUsize::MIN, secret, deposit: terms::DEPOSIT }
    }
}

/// A community at the beginning of a slot.
pub struct Community {
    dataset: Dataset,
    cast: Cast,
    strategy: Box<dyn Strategy>,
    settings: Settings,
    /// The slot whose orders or readings come next.
    next: Slot,
    /// The day whose moments the seats hold.
    day: Option<u32>,
    seats: Vec<Seat>,
}

/// A home and its day.
struct Seat {
    home: Home,
    moments: Vec<Moment>,
}

impl Community {
    /// A community before its first slot.
    ///
    /// # Errors
    ///
    /// [`CastError`] unless there is one author per home.
    pub fn try_new(
        dataset: Dataset,
        cast: Cast,
        strategy: Box<dyn Strategy>,
        settings: Settings,
    ) -> Result<Self, CastError> {
        let (homes, authors) = (dataset.homes(), cast.homes.len());
        if homes as usize != authors {
            return Err(CastError { homes, authors });
        }
        let seat = |home| Seat { home: Home::new(&dataset.equipment(home)), moments: Vec::new() };
        let seats = (0..homes).map(seat).collect();
        Ok(Self { dataset, cast, strategy, settings, next: Slot::ZERO, day: None, seats })
    }

    /// The data set.
    pub const fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The slot that comes next, `None` when the data is used up.
    pub fn slot(&self) -> Option<Slot> {
        (self.next.get() < self.dataset.slots()).then_some(self.next)
    }

    /// What each home's meters counted so far.
    pub fn flows(&self) -> Vec<Flows> {
        self.seats.iter().map(|seat| seat.home.totals()).collect()
    }

    /// The operator registers every home with a deposit.
    pub fn enrolment(&self) -> Vec<Submission> {
        let homes = (0..).zip(&self.cast.homes);
        homes
            .map(|(home, author)| {
                self.operator(Command::Members(members::Command::Register {
                    participant: ParticipantId::new(home),
                    author: *author,
                    meter: MeterId::new(home),
                    deposit: self.settings.deposit,
                }))
            })
            .collect()
    }

    /// The operator opens the market.
    pub fn open(&self) -> Submission {
        self.operator(Command::SlotMarket(slot_market::Command::Open))
    }

    /// The operator closes the gate of `slot`.
    pub fn close_gate(&self, slot: Slot) -> Submission {
        self.operator(Command::SlotMarket(slot_market::Command::CloseGate { slot }))
    }

    /// The operator closes `slot`.
    pub fn close_slot(&self, slot: Slot) -> Submission {
        self.operator(Command::SlotMarket(slot_market::Command::CloseSlot { slot }))
    }

    /// The orders of the next slot, by home, from what is public and from each home's forecast;
    /// none when the data is used up. Asking again gives the same.
    pub fn orders(&mut self, view: &View) -> Vec<Submission> {
        let Some(slot) = self.slot() else { return Vec::new() };
        self.load_day(slot);
        let view = View { slot, ..*view };
        let (seed, quarter) = (self.dataset.seed(), self.dataset.quarter(slot));
        let strategy = &*self.strategy;
        let wanted = crew::each(&mut self.seats, self.settings.threads, |home, seat| {
            let stream = |purpose| Stream::new(seed, home, purpose, slot.get());
            let guess = forecast(&seat.moment(slot), &mut stream(Purpose::Forecast));
            let expected = seat.home.expect(&guess, quarter);
            strategy.orders(&view, expected, &mut stream(Purpose::Bid))
        });
        let orders =
            (0..).zip(wanted).flat_map(|(home, all)| all.into_iter().map(move |o| (home, o)));
        orders.map(|(home, order)| self.place(home, slot, order)).collect()
    }

    /// Lives through the next slot and reads all meters, by home; none when the data is used up.
    pub fn readings(&mut self) -> Vec<Submission> {
        let Some(slot) = self.slot() else { return Vec::new() };
        self.load_day(slot);
        let (secret, quarter) = (self.settings.secret, self.dataset.quarter(slot));
        let read = crew::each(&mut self.seats, self.settings.threads, |home, seat| {
            let moment = seat.moment(slot);
            let Flows { import, export, .. } = seat.home.deliver(&moment, quarter);
            let reading = Reading { import, export, salt: salt(&secret, home, slot.get()) };
            (reading.commitment(MeterId::new(home), slot), reading.encode())
        });
        self.next = slot.next();
        let numbered = (0..).zip(read);
        numbered
            .map(|(home, (commitment, private))| {
                let meter = MeterId::new(home);
                let command = slot_market::Command::SubmitReading { slot, meter, commitment };
                self.home(home, Command::SlotMarket(command), private)
            })
            .collect()
    }

    /// Makes the moments of the day of `slot`, unless they are there.
    fn load_day(&mut self, slot: Slot) {
        let day = slot.get() / Slot::PER_DAY;
        if self.day == Some(day) {
            return;
        }
        let dataset = &self.dataset;
        crew::each(&mut self.seats, self.settings.threads, |home, seat| {
            seat.moments = dataset.day(home, day);
        });
        self.day = Some(day);
    }

    fn place(&self, home: u32, slot: Slot, order: LimitOrder) -> Submission {
        let LimitOrder { side, price, quantity } = order;
        let command = slot_market::Command::PlaceOrder { slot, side, price, quantity };
        self.home(home, Command::SlotMarket(command), Vec::new())
    }

    fn home(&self, home: u32, command: Command, private: Vec<u8>) -> Submission {
        let author = self.cast.homes[home as usize];
        Submission { speaker: Speaker::Home(home), author, command, private }
    }

    fn operator(&self, command: Command) -> Submission {
        let author = self.cast.operator;
        Submission { speaker: Speaker::Operator, author, command, private: Vec::new() }
    }
}

impl Seat {
    fn moment(&self, slot: Slot) -> Moment {
        self.moments[(slot.get() % Slot::PER_DAY) as usize]
    }
}

#[cfg(test)]
mod tests;
