//! A run as data: everything a report shows, and nothing about how it looks.
//!
//! In: what a run measured and what was predicted. Out: one structure. Refuses to know: how the run
//! was made - `trial`, `simulate` and the experiments all fill in the same structure, and what they
//! did not measure stays empty.

use serde::Serialize;

/// What whoever passes a report on has to know.
pub const PRIVATE: &str = "Before you pass this folder on: chains/*/private.log hold every home's readings with the \
    salts of their commitments. Without them the audit still checks certificates, signatures and hashes, and says that \
    roots, bills and scores were not computed again. The seed (in run.json and report.html) yields every key and every \
    salt of the run: the keys are made up and open nothing else, but whoever has the seed can find readings by trying \
    values against their commitments. report.html and csv/homes.csv hold each home's sums.";

/// Everything a report shows. Energies in Wh, money in nano-currency, prices in micro-currency per
/// kWh, times in microseconds, unless a name says otherwise.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// What was run.
    pub run: RunInfo,
    /// What was checked, in order of importance.
    pub checks: Vec<Check>,
    /// The slots in order.
    pub slots: Vec<SlotRow>,
    /// The homes in order.
    pub homes: Vec<HomeRow>,
    /// What was predicted and what was measured; empty without replicas.
    pub predictions: Vec<Prediction>,
    /// How long commands took from the client's view; empty without replicas.
    pub latencies: Vec<Latency>,
    /// The view at the end of each slot, per replica that answered; empty without replicas.
    pub views: Vec<ViewRow>,
    /// One decision, message by message; empty without replicas.
    pub diagram: Vec<MessageRow>,
    /// The replicas; empty without any.
    pub replicas: Vec<ReplicaRow>,
    /// Who lied, as it was asked for, and what the others found out; empty without liars.
    pub liars: Vec<LiarRow>,
    /// What makes each replica suspect or not; empty without liars.
    pub signs: Vec<SignRow>,
    /// Proof of lies that honest replicas hold.
    pub evidence: Vec<EvidenceRow>,
    /// Memory and descriptors of the replicas' processes over time; empty without replicas.
    pub processes: Vec<ProcessRow>,
    /// What happened besides trading: faults, view changes, returns.
    pub events: Vec<EventRow>,
}

/// What was run, where, and how to do it again.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RunInfo {
    /// `trial` or `simulate`.
    pub kind: String,
    /// The command line.
    pub command: String,
    /// The commit of the program, or `unknown`.
    pub commit: String,
    /// Processor, cores, memory, operating system.
    pub machine: String,
    /// When it started, ISO 8601 in UTC.
    pub started: String,
    /// How long it took in wall time.
    pub wall_us: u64,
    /// The data set in words.
    pub dataset: String,
    /// The seed.
    pub seed: u64,
    /// Number of homes.
    pub homes: u32,
    /// Number of slots run.
    pub slots: u32,
    /// Retail price.
    pub retail: i64,
    /// Feed-in price.
    pub feed_in: i64,
    /// The price rule in words.
    pub rule: String,
    /// What is signed, verified and made durable, in words.
    pub guarantees: String,
    /// The state root at the last close, in hexadecimal.
    pub root: String,
}

/// One thing that was to be checked.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What is claimed, as a sentence.
    pub claim: String,
    /// What became of it.
    pub found: Found,
    /// The numbers behind it, or why it could not be checked.
    pub detail: String,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// The claim holds.
    Holds,
    /// Nothing is known: what the check needs was not there. No success and no failure.
    NotChecked,
    /// The claim does not hold.
    Fails,
}

impl Found {
    /// [`Found::Holds`] or [`Found::Fails`].
    pub const fn of(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::NotChecked => "not checked",
            Self::Fails => "does not hold",
        }
    }
}

impl Report {
    /// The verdict over all checks: the worst of them. A run without any is not checked.
    pub fn found(&self) -> Found {
        let worst = self.checks.iter().map(|check| check.found).max();
        worst.unwrap_or(Found::NotChecked)
    }
}

/// One slot.
#[derive(Clone, Debug, Default, Serialize)]
pub struct SlotRow {
    /// Number of the slot, from 0.
    pub slot: u32,
    /// Uniform price of the auction; none when nothing traded.
    pub price: Option<i64>,
    /// What members paid beyond their contracts.
    pub buy: i64,
    /// What members got beyond their contracts.
    pub sell: i64,
    /// Energy traded in the auction.
    pub volume_wh: i64,
    /// Injected by members.
    pub production_wh: i64,
    /// Withdrawn by members.
    pub consumption_wh: i64,
    /// The smaller of the two.
    pub local_wh: i64,
    /// Drawn from the grid.
    pub grid_import_wh: i64,
    /// Fed into the grid.
    pub grid_export_wh: i64,
    /// Drawn beyond contracts, by all members whose reading says so.
    pub short_wh: i64,
    /// Fed in beyond contracts, by all members that did.
    pub long_wh: i64,
    /// Billed beyond contracts to members without a reading, at retail.
    pub substituted_wh: i64,
    /// What the operator's account gained.
    pub operator_nano: i64,
    /// Orders placed.
    pub orders: u32,
    /// Members without a reading.
    pub missing: u32,
}

/// One home over the whole run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HomeRow {
    /// Number of the home, from 0.
    pub home: u32,
    /// Photovoltaics in W peak; 0 without.
    pub pv_w: u64,
    /// Battery in Wh; 0 without.
    pub battery_wh: u64,
    /// Whether an electric car charges here.
    pub vehicle: bool,
    /// Withdrawn.
    pub import_wh: i64,
    /// Injected.
    pub export_wh: i64,
    /// Bought in auctions.
    pub bought_wh: i64,
    /// Sold in auctions.
    pub sold_wh: i64,
    /// Part of the import that neighbours produced in the same slot.
    pub local_solar_wh: i64,
    /// What all bills came to; positive is received.
    pub bill_nano: i64,
    /// What the energies of the same bills would have come to without a local market; positive is
    /// received. Where a reading was missing they differ from what the meters counted.
    pub grid_only_nano: i64,
    /// Score at the beginning.
    pub score_before: u16,
    /// Score at the end.
    pub score_after: u16,
    /// Reasons for the score, at most four, most important first.
    pub reasons: Vec<String>,
}

/// A prediction beside what was measured.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Prediction {
    /// What is predicted.
    pub what: String,
    /// The formula in words and symbols.
    pub formula: String,
    /// What the formula gives.
    pub predicted: f64,
    /// What was measured.
    pub measured: f64,
    /// The unit of both.
    pub unit: String,
    /// Whether the two must be equal; otherwise the prediction is a bound or an estimate, as the
    /// formula says.
    pub exact: bool,
}

/// How long commands of one kind took.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Latency {
    /// `order`, `reading`, `close` and the like, or `all`.
    pub kind: String,
    /// Number of commands.
    pub count: u64,
    /// Half were faster.
    pub p50_us: u64,
    /// 90 of 100 were faster.
    pub p90_us: u64,
    /// 99 of 100 were faster.
    pub p99_us: u64,
    /// 999 of 1,000 were faster.
    pub p999_us: u64,
    /// The slowest.
    pub max_us: u64,
    /// The histogram: upper bound of each bin in microseconds, and how many fell into it.
    pub bins: Vec<(u64, u64)>,
}

/// Where a replica stood at the end of a slot.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ViewRow {
    /// The slot.
    pub slot: u32,
    /// The replica.
    pub replica: u16,
    /// Its view.
    pub view: u64,
}

/// One message of the decision that the diagram shows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MessageRow {
    /// `request`, `pre-prepare`, `prepare`, `commit` or `reply`.
    pub kind: String,
    /// The replica that sent it; none for the client.
    pub from: Option<u16>,
    /// The replica that received it; none for the client.
    pub to: Option<u16>,
    /// When it left, since the client's request left.
    pub sent_us: i64,
    /// When it was handled, likewise.
    pub received_us: i64,
}

/// One replica at the end of the run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReplicaRow {
    /// Its number.
    pub replica: u16,
    /// Whether it was up at the end; what follows is empty if it was not.
    pub up: bool,
    /// Its state root in hexadecimal.
    pub root: String,
    /// The last position it executed.
    pub executed: u64,
    /// Its view.
    pub view: u64,
    /// How it lies, if it does; nothing is said about its state then.
    pub lies: Option<String>,
    /// How often it was started.
    pub starts: u32,
    /// Counters since its last start, by name.
    pub counters: std::collections::BTreeMap<String, u64>,
    /// Its chain, relative to the report's folder.
    pub chain: String,
}

/// A replica that lied, and what the honest ones found out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LiarRow {
    /// The replica.
    pub replica: u16,
    /// The adversary that it was, as `node --adversary` takes it.
    pub adversary: String,
    /// `convicted`, `suspected` or `not found out`.
    pub verdict: String,
    /// Of what, or why.
    pub words: String,
    /// The replicas whose status accused it at the end.
    pub accused_by: Vec<u16>,
}

/// A number about a replica, beside that of the other replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SignRow {
    /// The replica.
    pub replica: u16,
    /// What was counted, by all honest replicas but itself.
    pub sign: String,
    /// The number.
    pub value: u64,
    /// The median of the other replicas' numbers.
    pub others: u64,
    /// Whether the two are so far apart that the replica is suspect.
    pub suspect: bool,
}

/// Two signed statements that contradict each other, kept beside the chains of honest replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct EvidenceRow {
    /// Whose.
    pub accused: u16,
    /// What they contradict each other in.
    pub offence: String,
    /// The view of the first statement; 0 where it is about none.
    pub view: u64,
    /// Its position; 0 where it is about none.
    pub position: u64,
    /// The replicas that hold it.
    pub held_by: Vec<u16>,
}

/// A look at the process of one replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProcessRow {
    /// Milliseconds since the replicas were up for the first time.
    pub at_ms: u64,
    /// The replica.
    pub replica: u16,
    /// Which of its processes this is, from 1.
    pub start: u32,
    /// Its resident memory in kB; none where the machine does not tell.
    pub memory_kb: Option<u64>,
    /// Its open file descriptors, sockets among them; none where the machine does not tell.
    pub descriptors: Option<u64>,
}

/// Something that happened besides trading.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EventRow {
    /// The slot in which it happened.
    pub slot: u32,
    /// What, as a sentence.
    pub what: String,
}
