//! The commands of a community: enrolment, then for every slot orders and readings.
//!
//! In: a data set, a way to bid, the authors to speak for, feeders, what is public. Out: commands
//! with their private parts, one slot at a time. Refuses to know: keys and signatures (authors are
//! names here), what the ledger answered, clocks.
//!
//! This is the only source of orders and readings, for runs with and without replicas. Home h is
//! participant h with meter h. Whoever clears without a ledger, feeder by feeder, takes the same
//! orders from [`Community::each_feeder`] and the same meters from [`Community::deliver`].

use std::num::NonZeroUsize;

use ledger::{Author, Command, MeterId, Reading, members, slot_market};
use market::{Money, ParticipantId, Price, Slot, Tariff};

use crate::crew;
use crate::dataset::Dataset;
use crate::error::{CastError, FeederError};
use crate::feeders::Feeders;
use crate::forecast::Error;
use crate::home::{Flows, Home, Moment};
use crate::prices::LastDay;
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

/// An order and the home that wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Wish {
    /// The home's number.
    pub home: u32,
    /// Its order.
    pub order: LimitOrder,
}

/// A community at the beginning of a slot.
pub struct Community {
    dataset: Dataset,
    cast: Cast,
    strategy: Box<dyn Strategy>,
    settings: Settings,
    feeders: Feeders,
    /// The slot whose orders or readings come next.
    next: Slot,
    /// The first slot of the day whose moments the seats hold.
    begun: Option<u32>,
    prices: LastDay,
    /// The homes, feeder by feeder, and how many each feeder has.
    seats: Vec<Seat>,
    sizes: Vec<usize>,
}

/// A home and its day.
struct Seat {
    number: u32,
    home: Home,
    moments: Vec<Moment>,
    errors: Vec<Error>,
}

impl Community {
    /// A community before its first slot, all homes on one feeder.
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
        let seat = |number| {
            let home = Home::new(&dataset.equipment(number));
            Seat { number, home, moments: Vec::new(), errors: Vec::new() }
        };
        Ok(Self {
            seats: (0..homes).map(seat).collect(),
            sizes: vec![homes as usize],
            feeders: Feeders::one(homes),
            dataset,
            cast,
            strategy,
            settings,
            next: Slot::ZERO,
            begun: None,
            prices: LastDay::NONE,
        })
    }

    /// The same homes on these feeders. That shows in [`Self::each_feeder`] and in nothing else.
    ///
    /// # Errors
    ///
    /// [`FeederError::Homes`] unless it is an assignment of as many homes.
    pub fn on(mut self, feeders: Feeders) -> Result<Self, FeederError> {
        let (got, homes) = (feeders.homes(), self.dataset.homes());
        if got != homes {
            return Err(FeederError::Homes { got, homes });
        }
        self.seats.sort_by_key(|seat| (feeders.of(seat.number), seat.number));
        self.sizes = feeders.sizes();
        self.feeders = feeders;
        Ok(self)
    }

    /// The data set.
    pub const fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// Which home hangs on which feeder.
    pub const fn feeders(&self) -> &Feeders {
        &self.feeders
    }

    /// The way to bid.
    pub fn strategy(&self) -> &dyn Strategy {
        &*self.strategy
    }

    /// The slot that comes next, `None` when the data is used up.
    pub fn slot(&self) -> Option<Slot> {
        (self.next.get() < self.dataset.slots()).then_some(self.next)
    }

    /// What each home's meters counted so far.
    pub fn flows(&self) -> Vec<Flows> {
        in_order(self.seats.iter().map(|seat| (seat.number, seat.home.totals())).collect())
    }

    /// Tells the homes what a kWh cost in `slot`: the price at which it was traded or, if nothing
    /// was, at which it was bought from the region.
    pub fn note_price(&mut self, slot: Slot, price: Price) {
        self.prices.note(self.dataset.quarter(slot), price);
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
    pub fn orders(&mut self, tariff: &Tariff) -> Vec<Submission> {
        let Some(slot) = self.slot() else { return Vec::new() };
        let threads = self.settings.threads;
        let (bidding, seats, _) = self.bidding(slot, tariff);
        let wanted = crew::each(seats, threads, |_, seat| (seat.number, bidding.orders(seat)));
        let orders = in_order(wanted).into_iter().zip(0..);
        let orders = orders.flat_map(|(all, home)| all.into_iter().map(move |o| (home, o)));
        orders.map(|(home, order)| self.place(home, slot, order)).collect()
    }

    /// Calls `work` for each feeder with its number and the orders of its homes in the next slot,
    /// by home: the same orders as those of [`Self::orders`]. Feeders are shared out among the
    /// threads; the results come in order of feeders, and none when the data is used up.
    pub fn each_feeder<R: Send>(
        &mut self,
        tariff: &Tariff,
        work: impl Fn(u32, &[Wish]) -> R + Sync,
    ) -> Vec<R> {
        let Some(slot) = self.slot() else { return Vec::new() };
        let threads = self.settings.threads;
        let (bidding, seats, sizes) = self.bidding(slot, tariff);
        crew::groups(seats, sizes, threads, |feeder, seats| {
            let mut wishes = Vec::with_capacity(seats.len());
            for seat in seats {
                let home = seat.number;
                let orders = bidding.orders(seat).into_iter();
                wishes.extend(orders.map(|order| Wish { home, order }));
            }
            work(feeder, &wishes)
        })
    }

    /// Lives through the next slot and gives what each home's meters counted in it, by home; none
    /// when the data is used up.
    pub fn deliver(&mut self) -> Vec<Flows> {
        in_order(self.live(|_, flows| flows))
    }

    /// Lives through the next slot and reads all meters, by home; none when the data is used up.
    pub fn readings(&mut self) -> Vec<Submission> {
        let (slot, secret) = (self.next, self.settings.secret);
        let read = self.live(|home, Flows { import, export, .. }| {
            let reading = Reading { import, export, salt: salt(&secret, home, slot.get()) };
            (reading.commitment(MeterId::new(home), slot), reading.encode())
        });
        let numbered = (0..).zip(in_order(read));
        numbered
            .map(|(home, (commitment, private))| {
                let meter = MeterId::new(home);
                let command = slot_market::Command::SubmitReading { slot, meter, commitment };
                self.home(home, Command::SlotMarket(command), private)
            })
            .collect()
    }

    /// Lives through the next slot; what `then` makes of each home's number and meters.
    fn live<R: Send>(&mut self, then: impl Fn(u32, Flows) -> R + Sync) -> Vec<(u32, R)> {
        let Some(slot) = self.slot() else { return Vec::new() };
        let begin = self.load_day(slot);
        let quarter = self.dataset.quarter(slot);
        let (strategy, prices) = (&*self.strategy, &self.prices);
        self.next = slot.next();
        crew::each(&mut self.seats, self.settings.threads, |_, seat| {
            let plan = strategy.plan(quarter, prices, &seat.home);
            let moment = seat.moment(slot, begin);
            (seat.number, then(seat.number, seat.home.deliver(&moment, quarter, plan)))
        })
    }

    /// What the orders of `slot` are made from, the homes, and how many each feeder has.
    fn bidding(&mut self, slot: Slot, tariff: &Tariff) -> (Bidding<'_>, &mut [Seat], &[usize]) {
        let begin = self.load_day(slot);
        let (quarter, seed) = (self.dataset.quarter(slot), self.dataset.seed());
        let view = View { slot, quarter, tariff: *tariff, prices: &self.prices };
        let bidding = Bidding { strategy: &*self.strategy, view, seed, begin };
        (bidding, &mut self.seats, &self.sizes)
    }

    /// Makes the moments of the day of `slot`, unless they are there, and names its first slot.
    fn load_day(&mut self, slot: Slot) -> u32 {
        let calendar = self.dataset.calendar();
        let day = calendar.day(slot);
        let begin = calendar.slots(day).start;
        if self.begun != Some(begin) {
            let dataset = &self.dataset;
            crew::each(&mut self.seats, self.settings.threads, |_, seat| {
                seat.moments = dataset.day(seat.number, day);
                let mut stream = Stream::new(dataset.seed(), seat.number, Purpose::Forecast, day);
                seat.errors = Error::draw_day(&mut stream, seat.moments.len());
            });
            self.begun = Some(begin);
        }
        begin
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

/// What the orders of a slot are made from, beside the homes.
struct Bidding<'a> {
    strategy: &'a dyn Strategy,
    view: View<'a>,
    seed: u64,
    /// First slot of the day.
    begin: u32,
}

impl Bidding<'_> {
    /// The orders of one home.
    fn orders(&self, seat: &Seat) -> Vec<LimitOrder> {
        let View { slot, quarter, prices, .. } = self.view;
        let mut stream = Stream::new(self.seed, seat.number, Purpose::Bid, slot.get());
        let guess = seat.forecast(slot, self.begin);
        let plan = self.strategy.plan(quarter, prices, &seat.home);
        let expected = seat.home.expect(&guess, quarter, plan);
        self.strategy.orders(&self.view, expected, &mut stream)
    }
}

impl Seat {
    /// What `slot` of the day that began in slot `begin` brings.
    fn moment(&self, slot: Slot, begin: u32) -> Moment {
        self.moments[(slot.get() - begin) as usize]
    }

    /// What the home expects it to bring.
    fn forecast(&self, slot: Slot, begin: u32) -> Moment {
        self.errors[(slot.get() - begin) as usize].of(&self.moment(slot, begin))
    }
}

/// Results by home.
fn in_order<R>(mut numbered: Vec<(u32, R)>) -> Vec<R> {
    numbered.sort_by_key(|(home, _)| *home);
    numbered.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests;
