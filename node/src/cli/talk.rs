//! `gridquorum submit`, `query`, `status`: a client of a running deployment.
//!
//! In: a configuration, a key, a command or a question. Out: the receipt that f+1 replicas sent, or what they see.
//! Refuses to know: how a client finds the primary and what makes a receipt certain.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use consensus::committee::Committee;
use consensus::ids::{ReplicaId, Timestamp};
use consensus::keys::Signer;
use consensus::wire;
use ledger::{Command, MeterId, Receipt, members, slot_market, transfer};
use market::{Decimal, Energy, Money, ParticipantId, Price, Side, Slot};

use super::output::{Fields, Unit};
use super::verdict::Verdict;
use crate::client::{Door, Gateway, Patience};
use crate::config::Config;
use crate::founding::Founding;
use crate::hex::Hex32;
use crate::keys;
use crate::people::author_of;
use crate::talk::{Account, Answer, Question, Status};
use crate::trace::unix_us;

/// How long one replica may take to answer a question.
const ANSWER: Duration = Duration::from_secs(3);
/// How long to wait for replicas that are not there yet.
const CONNECTING: Duration = Duration::from_secs(1);
/// How long a client waits for a receipt.
const PATIENCE: Patience =
    Patience { first: Duration::from_secs(1), most: Duration::from_secs(30) };

/// Have one command ordered and executed, and print its receipt.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    gridquorum submit --config region/replica-0/config.toml --key region/replica-0/operator.key register \\\n    \
        --participant 0 --author HEX --meter 0 --deposit 200\n  \
    gridquorum submit --config region/replica-0/config.toml --key home.key order \\\n    \
        --slot 0 --bid --price 0.21 --wh 500\n\n\
    A new member makes a key with: gridquorum submit --config ... --key home.key new-key\n\n\
    Exit code 0: accepted. 1: refused, with the reason.")]
pub(super) struct Submit {
    /// Configuration of any replica: says where all of them are and what they share.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The signing key, 64 hexadecimal digits.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(subcommand)]
    command: Wanted,
}

#[derive(Debug, clap::Subcommand)]
enum Wanted {
    /// Make a fresh key in the file given with --key and print its author.
    NewKey,
    /// The operator registers a member.
    Register {
        /// Number of the member.
        #[arg(long)]
        participant: u32,
        /// The member's author, as `new-key` prints it.
        #[arg(long, value_name = "HEX")]
        author: String,
        /// Number of its meter.
        #[arg(long)]
        meter: u32,
        /// What it pays in, in currency.
        #[arg(long, default_value = "0")]
        deposit: String,
    },
    /// The operator opens the market.
    Open,
    /// A member places an order.
    Order {
        /// The slot.
        #[arg(long)]
        slot: u32,
        /// Buy.
        #[arg(long, conflicts_with = "offer", required_unless_present = "offer")]
        bid: bool,
        /// Sell.
        #[arg(long)]
        offer: bool,
        /// The worst price accepted, currency/kWh.
        #[arg(long, allow_hyphen_values = true)]
        price: String,
        /// How much, Wh.
        #[arg(long, allow_hyphen_values = true)]
        wh: i64,
    },
    /// The operator closes the gate of a slot.
    CloseGate {
        /// The slot.
        #[arg(long)]
        slot: u32,
    },
    /// A member submits the reading of its meter; only a commitment to it is ordered.
    Reading {
        /// The slot.
        #[arg(long)]
        slot: u32,
        /// The meter.
        #[arg(long)]
        meter: u32,
        /// Withdrawn in the slot, Wh.
        #[arg(long)]
        import: i64,
        /// Injected in the slot, Wh.
        #[arg(long)]
        export: i64,
    },
    /// The operator closes a slot.
    CloseSlot {
        /// The slot.
        #[arg(long)]
        slot: u32,
    },
    /// A member transfers money to another when the slot closes.
    Transfer {
        /// The slot, which must be open.
        #[arg(long)]
        slot: u32,
        /// The receiver.
        #[arg(long)]
        to: u32,
        /// How much, in currency.
        #[arg(long)]
        amount: String,
    },
}

/// Ask replicas about one member's account and score, as of the last close.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: gridquorum query --config region/replica-0/config.toml --participant 3\n\n\
    Prints what f+1 replicas agree on; exit code 1 if they do not.\n\n\
    Whoever reaches a client port may ask about any account: there is no client certificate. Readings are not on the \
    chain, but a member's balance before and after a close, with its public orders, gives its net energy in the slot."
)]
pub(super) struct Query {
    /// Configuration of any replica.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Number of the member.
    #[arg(long)]
    participant: u32,
}

/// Ask every replica where it stands.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: gridquorum status --config region/replica-0/config.toml\n\n\
    Exit code 0 if a quorum answers, 1 if not.")]
pub(super) struct StatusArgs {
    /// Configuration of any replica.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs `submit`.
pub(super) fn submit(args: &Submit, json: bool) -> anyhow::Result<Verdict> {
    if matches!(args.command, Wanted::NewKey) {
        return new_key(&args.key, json);
    }
    let seed = keys::read_seed(&args.key)?;
    let (command, private) = args.command.build()?;
    let config = Config::read(&args.config)?;
    let signer = Signer::ed25519(config.founding.scope(), seed);
    let operation = command.encode();
    let done = within(&config, async |gateway| {
        // The time is above every timestamp that this key used before, on any machine with a working clock.
        let last = Timestamp::new(unix_us());
        gateway.submit(&signer, last, operation, private).await.map_err(anyhow::Error::from)
    })?;
    let receipt: Receipt =
        wire::decode(&done.result, Receipt::MAX_BYTES).context("the answer is no receipt")?;
    let mut fields = Fields::new();
    fields.text("receipt", if receipt.is_accepted() { "accepted" } else { "refused" });
    match receipt {
        Receipt::Refused(refusal) => fields.text("reason", &refusal.to_string()),
        accepted => fields.text("detail", &format!("{accepted:?}")),
    }
    let took = done.done_us.saturating_sub(done.invoked_us);
    fields.integer("microseconds", i64::try_from(took).unwrap_or(i64::MAX));
    fields.print(json)?;
    Ok(if receipt.is_accepted() { Verdict::Holds } else { Verdict::Fails })
}

fn new_key(path: &Path, json: bool) -> anyhow::Result<Verdict> {
    let seed = keys::fresh_seed()?;
    keys::write_seed(path, seed)?;
    let mut fields = Fields::new();
    fields.text("key", &path.display().to_string());
    fields.text("author", &author_of(seed).to_string());
    fields.print(json)?;
    Ok(Verdict::Holds)
}

impl Wanted {
    /// The command and its private part.
    fn build(&self) -> anyhow::Result<(Command, Vec<u8>)> {
        let slot_market = |command| Ok((Command::SlotMarket(command), Vec::new()));
        match self {
            Self::NewKey => bail!("new-key makes a key and submits nothing"),
            Self::Register { participant, author, meter, deposit } => {
                let author = Hex32::parse(author).with_context(|| {
                    format!("--author {author:?}: expected 64 lower-case hexadecimal digits")
                })?;
                let command = members::Command::Register {
                    participant: ParticipantId::new(*participant),
                    author: ledger::Author::new(author.0),
                    meter: MeterId::new(*meter),
                    deposit: money("--deposit", deposit)?,
                };
                Ok((Command::Members(command), Vec::new()))
            }
            Self::Open => slot_market(slot_market::Command::Open),
            Self::Order { slot, bid, price, wh, .. } => {
                let side = if *bid { Side::Bid } else { Side::Offer };
                let (slot, quantity) = (Slot::new(*slot), Energy::from_wh(*wh));
                let price = self::price("--price", price)?;
                slot_market(slot_market::Command::PlaceOrder { slot, side, price, quantity })
            }
            Self::CloseGate { slot } => {
                slot_market(slot_market::Command::CloseGate { slot: Slot::new(*slot) })
            }
            Self::CloseSlot { slot } => {
                slot_market(slot_market::Command::CloseSlot { slot: Slot::new(*slot) })
            }
            Self::Reading { slot, meter, import, export } => {
                let reading = ledger::Reading {
                    import: Energy::from_wh(*import),
                    export: Energy::from_wh(*export),
                    salt: keys::fresh_seed()?,
                };
                let (slot, meter) = (Slot::new(*slot), MeterId::new(*meter));
                let commitment = reading.commitment(meter, slot);
                let command = slot_market::Command::SubmitReading { slot, meter, commitment };
                Ok((Command::SlotMarket(command), reading.encode()))
            }
            Self::Transfer { slot, to, amount } => {
                let (slot, to) = (Slot::new(*slot), ParticipantId::new(*to));
                let amount = money("--amount", amount)?;
                let command = transfer::Command::Transfer { slot, to, amount };
                Ok((Command::Transfer(command), Vec::new()))
            }
        }
    }
}

fn decimal(option: &str, text: &str) -> anyhow::Result<Decimal> {
    Decimal::parse(text).with_context(|| format!("{option} {text:?}: expected a decimal number"))
}

fn price(option: &str, text: &str) -> anyhow::Result<Price> {
    let price = decimal(option, text)?.to_price();
    price.with_context(|| format!("{option} {text:?}: expected at most 6 decimals of currency/kWh"))
}

fn money(option: &str, text: &str) -> anyhow::Result<Money> {
    let money = decimal(option, text)?.to_money();
    money.with_context(|| format!("{option} {text:?}: expected at most 9 decimals of currency"))
}

/// Runs `query`.
pub(super) fn query(args: &Query, json: bool) -> anyhow::Result<Verdict> {
    let config = Config::read(&args.config)?;
    let question = Question::Account(ParticipantId::new(args.participant));
    let answers = ask_all(&config, &question)?;
    let accounts: Vec<Option<Account>> = answers
        .into_iter()
        .filter_map(|(_, answer)| match answer {
            Some(Answer::Account(account)) => Some(account),
            _ => None,
        })
        .collect();
    let weak = config.founding.committee().weak();
    let agreed = accounts
        .iter()
        .find(|account| accounts.iter().filter(|other| other == account).count() >= weak);
    let mut fields = Fields::new();
    let Some(account) = agreed else {
        fields.text("answer", "no f+1 replicas agree; they may stand at different slots");
        fields.integer("answers", i64::try_from(accounts.len()).unwrap_or(i64::MAX));
        fields.print(json)?;
        return Ok(Verdict::Fails);
    };
    fields.integer("participant", i64::from(args.participant));
    match account {
        None => fields.text("answer", "there is no such member"),
        Some(account) => {
            fields.put("balance", Unit::Currency, account.balance);
            fields.integer("score", account.score.map_or(-1, i64::from));
        }
    }
    fields.print(json)?;
    Ok(if account.is_some() { Verdict::Holds } else { Verdict::Fails })
}

/// Runs `status`.
pub(super) fn status(args: &StatusArgs, json: bool) -> anyhow::Result<Verdict> {
    let config = Config::read(&args.config)?;
    let answers = ask_all(&config, &Question::Status)?;
    let statuses: Vec<(ReplicaId, Option<Status>)> = answers
        .into_iter()
        .map(|(id, answer)| match answer {
            Some(Answer::Status(status)) => (id, Some(status)),
            _ => (id, None),
        })
        .collect();
    let up = statuses.iter().filter(|(_, status)| status.is_some()).count();
    let mut out = std::io::stdout().lock();
    if json {
        let all: Vec<_> = statuses.iter().map(|(_, status)| status).collect();
        writeln!(out, "{}", serde_json::json!({ "up": up, "replicas": all }))?;
    } else {
        writeln!(out, "replica  view  primary  executed  stable  waiting  slot closed  root")?;
        for (id, status) in &statuses {
            match status {
                None => writeln!(out, "{id:>7}  does not answer")?,
                Some(status) => writeln!(out, "{}", row(*id, status))?,
            }
        }
    }
    if !json {
        for (id, status) in &statuses {
            for (accused, offences) in status.iter().flat_map(|status| &status.accused) {
                writeln!(
                    out,
                    "replica {id} can prove that replica {accused} lied: {}",
                    offences.join(", ")
                )?;
            }
        }
    }
    let quorum = config.founding.committee().quorum();
    Ok(if up >= quorum { Verdict::Holds } else { Verdict::Fails })
}

fn row(id: ReplicaId, status: &Status) -> String {
    let Status { view, primary, executed, stable, waiting, .. } = status;
    let closed = status.closed.map_or_else(|| "-".to_owned(), |slot| slot.to_string());
    let changing = if status.active { "" } else { " (changing view)" };
    let root = status.root.to_string();
    let root = &root[..16.min(root.len())];
    format!(
        "{id:>7}  {view:>4}  {primary:>7}  {executed:>8}  {stable:>6}  {waiting:>7}  {closed:>11}  {root}{changing}"
    )
}

/// Asks every replica the same.
fn ask_all(
    config: &Config,
    question: &Question,
) -> anyhow::Result<Vec<(ReplicaId, Option<Answer>)>> {
    let committee: Committee = config.founding.committee();
    within(config, async |gateway| {
        let ask = |replica| {
            let (gateway, question) = (gateway.clone(), question.clone());
            tokio::spawn(async move { (replica, gateway.ask(replica, question, ANSWER).await) })
        };
        let asked: Vec<_> = committee.replicas().map(ask).collect();
        let mut answers = Vec::new();
        for task in asked {
            answers.push(task.await.context("a question was cut off")?);
        }
        Ok(answers)
    })
}

/// Runs `work` with a gateway to the deployment.
fn within<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Gateway) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(async {
        let founding: &Founding = &config.founding;
        let doors = config
            .replicas
            .iter()
            .map(|peer| Door { address: peer.clients, certificate: peer.certificate.clone() });
        let gateway = Gateway::start(founding, doors.collect(), PATIENCE)?;
        gateway.wait(founding.committee().size(), CONNECTING).await;
        work(&gateway).await
    })
}
