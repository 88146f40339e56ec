//! The one loop over days: commands of the community into a region, slot by slot.
//!
//! In: a community, a region that takes commands. Out: the summaries of all slots and the last
//! root. Refuses to know: whether the region is a ledger in memory or a cluster of replicas, how a
//! report looks.
//!
//! A slot is: orders, gate closure, readings, close. Each step waits for the receipts of the one
//! before, so the set of commands of a slot - and with it the root at its close - is the same
//! wherever they go. After the close homes learn what a kWh cost in the slot, and nothing else of
//! others.

use ledger::{Applied, Entry, Fact, Hash, Ledger, Receipt, Refusal, SlotSummary};
use market::{Slot, Tariff};

use crate::day::{Community, Submission};
use crate::home::Flows;

/// Where commands go.
pub trait Region {
    /// Why commands could not be delivered or answered.
    type Error;

    /// Delivers `commands`, of which those of one author keep their order, and waits for all
    /// receipts.
    ///
    /// Returns one receipt per command, in the order of `commands`.
    ///
    /// # Errors
    ///
    /// If some command will never have a receipt. The run ends then.
    fn submit(&mut self, commands: Vec<Submission>) -> Result<Vec<Receipt>, Self::Error>;
}

/// One ledger without replicas: the reference outcome of a run.
#[derive(Debug)]
pub struct InMemory<F> {
    ledger: Ledger,
    each_fact: F,
}

impl<F: FnMut(Fact)> InMemory<F> {
    /// A region of this ledger; `each_fact` is called with every fact, in their order.
    pub const fn new(ledger: Ledger, each_fact: F) -> Self {
        Self { ledger, each_fact }
    }

    /// The ledger.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}

impl<F: FnMut(Fact)> Region for InMemory<F> {
    type Error = std::convert::Infallible;

    fn submit(&mut self, commands: Vec<Submission>) -> Result<Vec<Receipt>, Self::Error> {
        let bytes: Vec<Vec<u8>> = commands.iter().map(|one| one.command.encode()).collect();
        let entries: Vec<Entry<'_>> = commands
            .iter()
            .zip(&bytes)
            .map(|(one, command)| Entry { author: one.author, command, private: &one.private })
            .collect();
        let Applied { receipts, facts, .. } = self.ledger.apply(&entries);
        facts.into_iter().for_each(&mut self.each_fact);
        Ok(receipts)
    }
}

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The summary of every slot that was closed, in order.
    pub slots: Vec<SlotSummary>,
    /// What each home's meters counted, by home.
    pub homes: Vec<Flows>,
    /// Orders that were placed.
    pub orders: u64,
    /// Orders and readings that were refused.
    pub refused: u64,
}

impl Outcome {
    /// The root at the last slot's close: two runs of the same commands have the same. `None`
    /// without a slot.
    pub fn root(&self) -> Option<Hash> {
        self.slots.last().map(|summary| summary.root)
    }

    /// The meters of all homes together.
    pub fn region(&self) -> Flows {
        let sum = |of: fn(&Flows) -> market::Energy| {
            let sum = market::Energy::checked_sum(self.homes.iter().map(of));
            sum.expect("100,000 homes of 100 MW need a century to fill 64 bits of Wh")
        };
        Flows {
            import: sum(|home| home.import),
            export: sum(|home| home.export),
            used: sum(|home| home.used),
            made: sum(|home| home.made),
        }
    }
}

/// Why a run ended early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError<E> {
    /// The region did not answer.
    #[error("the region did not answer: {0}")]
    Region(E),
    /// The region answered a different number of commands than it got.
    #[error("{sent} commands were sent, {answered} receipts came back")]
    Unanswered {
        /// Commands sent.
        sent: usize,
        /// Receipts received.
        answered: usize,
    },
    /// A command of the operator, without which nothing can go on, was refused.
    #[error("the operator's command {what} was refused: {refusal}")]
    Refused {
        /// Which command.
        what: Step,
        /// Why.
        refusal: Refusal,
    },
    /// A command of the operator was answered with the receipt of some other command.
    #[error("the operator's command {what} was answered with the receipt of another command")]
    WrongReceipt {
        /// Which command.
        what: Step,
    },
}

/// The steps that the operator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Registering the homes.
    Enrolment,
    /// Opening the market.
    Open,
    /// Closing the gate of a slot.
    CloseGate(Slot),
    /// Closing a slot.
    CloseSlot(Slot),
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Enrolment => f.write_str("to register a home"),
            Self::Open => f.write_str("to open the market"),
            Self::CloseGate(slot) => write!(f, "to close the gate of slot {slot}"),
            Self::CloseSlot(slot) => write!(f, "to close slot {slot}"),
        }
    }
}

/// Runs `community` through `region`, from enrolment to the close of the last slot of its data, or
/// of slot `slots_max - 1` if that comes first. `tariff` is the region's; `each_slot` is called
/// after every close.
///
/// # Errors
///
/// [`RunError`]. Refused orders and readings do not end a run, they are counted.
pub fn run<R: Region>(
    community: &mut Community,
    region: &mut R,
    tariff: Tariff,
    slots_max: Option<u32>,
    mut each_slot: impl FnMut(&SlotSummary),
) -> Result<Outcome, RunError<R::Error>> {
    let mut run = Run { region, tariff, slots: Vec::new(), orders: 0, refused: 0 };
    run.enrol(community)?;
    while let Some(slot) =
        community.slot().filter(|slot| slot.get() < slots_max.unwrap_or(u32::MAX))
    {
        let summary = run.slot(community, slot)?;
        community.note_price(slot, summary.price.unwrap_or(summary.buy));
        each_slot(&summary);
        run.slots.push(summary);
    }
    let Run { slots, orders, refused, .. } = run;
    Ok(Outcome { slots, homes: community.flows(), orders, refused })
}

/// A run under way.
struct Run<'a, R> {
    region: &'a mut R,
    tariff: Tariff,
    slots: Vec<SlotSummary>,
    orders: u64,
    refused: u64,
}

impl<R: Region> Run<'_, R> {
    fn enrol(&mut self, community: &Community) -> Result<(), RunError<R::Error>> {
        for receipt in self.submit(community.enrolment())? {
            accepted(Step::Enrolment, receipt)?;
        }
        self.operate(Step::Open, community.open()).map(|_| ())
    }

    fn slot(
        &mut self,
        community: &mut Community,
        slot: Slot,
    ) -> Result<SlotSummary, RunError<R::Error>> {
        let orders = community.orders(&self.tariff);
        self.orders += orders.len() as u64;
        self.try_all(orders)?;
        let step = Step::CloseGate(slot);
        match self.operate(step, community.close_gate(slot))? {
            Receipt::GateClosed(_) => {}
            _ => return Err(RunError::WrongReceipt { what: step }),
        }
        self.try_all(community.readings())?;
        let step = Step::CloseSlot(slot);
        match self.operate(step, community.close_slot(slot))? {
            Receipt::SlotClosed(summary) => Ok(summary),
            _ => Err(RunError::WrongReceipt { what: step }),
        }
    }

    /// Submits commands of homes; refusals are counted.
    fn try_all(&mut self, commands: Vec<Submission>) -> Result<(), RunError<R::Error>> {
        let receipts = self.submit(commands)?;
        self.refused += receipts.iter().filter(|receipt| !receipt.is_accepted()).count() as u64;
        Ok(())
    }

    /// Submits a command of the operator; a refusal ends the run.
    fn operate(&mut self, what: Step, one: Submission) -> Result<Receipt, RunError<R::Error>> {
        let receipts = self.submit(vec![one])?;
        let receipt = receipts.first().copied().ok_or(RunError::WrongReceipt { what })?;
        accepted(what, receipt)
    }

    fn submit(&mut self, commands: Vec<Submission>) -> Result<Vec<Receipt>, RunError<R::Error>> {
        let sent = commands.len();
        if sent == 0 {
            return Ok(Vec::new());
        }
        let receipts = self.region.submit(commands).map_err(RunError::Region)?;
        let answered = receipts.len();
        if answered == sent { Ok(receipts) } else { Err(RunError::Unanswered { sent, answered }) }
    }
}

fn accepted<E>(what: Step, receipt: Receipt) -> Result<Receipt, RunError<E>> {
    match receipt {
        Receipt::Refused(refusal) => Err(RunError::Refused { what, refusal }),
        receipt => Ok(receipt),
    }
}
