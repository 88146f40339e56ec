//! What the bridge admits, judges and executes.

use community::terms;
use consensus::certificate::CommitCertificate;
use consensus::ids::{SeqNum, Timestamp, View};
use consensus::keys::Signer;
use consensus::request::Request;
use ledger::{Account, Command, Genesis, MeterId, Reading, members, slot_market};
use market::{Energy, Money, ParticipantId};

use consensus::ids::Digest;

use super::*;
use crate::founding::FoundingFile;
use crate::hex::Hex32;
use crate::people;

const SEED: u64 = 3;
const HOME: ParticipantId = ParticipantId::new(1);
const METER: MeterId = MeterId::new(101);
const NOW_MS: u64 = 1_700_000_000_000;
const READING: Reading =
    Reading { import: Energy::from_wh(1_000), export: Energy::ZERO, salt: [7; 32] };

fn founding() -> Founding {
    let operator = people::author_of(people::operator_seed(SEED));
    let region = Genesis::try_new(terms::charter(operator)).expect("the terms fit together");
    let key = |seed: u8| {
        let anywhere = consensus::keys::Scope::new(consensus::ids::NetworkId::new(Digest::NULL));
        Hex32(*Signer::ed25519(anywhere, [seed; 32]).public_key().bytes())
    };
    let replicas = (1..=4).map(key).collect();
    Founding::try_new(FoundingFile { region, replicas, limits: Default::default() })
        .expect("four keys and the usual limits")
}

/// A command as the key behind `secret` sends it.
fn sent(secret: [u8; 32], timestamp: u64, operation: Vec<u8>, attachment: Vec<u8>) -> Submission {
    let signer = Signer::ed25519(founding().scope(), secret);
    let (key, timestamp) = (signer.public_key(), Timestamp::new(timestamp));
    Submission { request: signer.sign(Request::new(key, timestamp, operation)), attachment }
}

fn by_operator(timestamp: u64, command: Command) -> Submission {
    sent(people::operator_seed(SEED), timestamp, command.encode(), Vec::new())
}

fn registration() -> Submission {
    let author = people::author_of(people::home_seed(SEED, 1));
    let (participant, meter, deposit) = (HOME, METER, terms::DEPOSIT);
    let register = members::Command::Register { participant, author, meter, deposit };
    by_operator(1, Command::Members(register))
}

/// The home commits to [`READING`] and sends `shown` beside it.
fn reading(shown: &Reading) -> Submission {
    let (slot, meter, commitment) = (Slot::ZERO, METER, READING.commitment(METER, Slot::ZERO));
    let submit = slot_market::Command::SubmitReading { slot, meter, commitment };
    let home = people::home_seed(SEED, 1);
    sent(home, 1, Command::SlotMarket(submit).encode(), shown.encode())
}

fn proposal(submissions: Vec<Submission>) -> Proposal {
    Executor::build(ReplicaId::new(0), submissions, NOW_MS).expect("something admissible")
}

/// Builds a batch of these, judges it and executes all of it at `seq`.
fn run(executor: &mut Executor, seq: u64, submissions: Vec<Submission>) -> Executed {
    let fresh = vec![true; submissions.len()];
    pass(executor, seq, submissions, &fresh)
}

/// The same, but only the requests that are `fresh` are executed.
fn pass(
    executor: &mut Executor,
    seq: u64,
    submissions: Vec<Submission>,
    fresh: &[bool],
) -> Executed {
    let proposal = proposal(submissions);
    assert_eq!(proposal.batch.requests.len(), fresh.len(), "all of them are admissible");
    assert_eq!(Executor::validate(&proposal, true, NOW_MS), Verdict::Acceptable);
    let (view, seq, digest) = (View::ZERO, SeqNum::new(seq), proposal.batch.digest());
    let certificate = CommitCertificate { view, seq, digest, commits: Vec::new() };
    let decision = Decision { certificate, proposal: Some(Arc::new(proposal)) };
    executor.execute(&decision, fresh)
}

fn receipts(executed: &Executed) -> Vec<Receipt> {
    let decode = |outcome: &Outcome| wire::decode(&outcome.result, Receipt::MAX_BYTES);
    executed.outcomes.iter().map(|o| decode(o).expect("a receipt")).collect()
}

/// A slot goes through the bridge: what is built is acceptable, what is executed stands in blocks and receipts,
/// readers see the state when the market opens and when a slot closes, and only the close asks for a checkpoint.
///
/// The bill by hand: nobody produces, so the region's price is the grid's, 0.30 per kWh, and 1 kWh costs 0.30.
#[test]
fn a_slot_is_built_judged_and_executed() {
    let mut executor = Executor::new(&founding());
    let shown = executor.shown();
    let genesis = executor.ledger().head().hash();
    let market = |timestamp, command| by_operator(timestamp, Command::SlotMarket(command));

    let first = run(&mut executor, 1, vec![registration()]);
    assert_eq!(receipts(&first), [Receipt::Registered { participant: HOME }]);
    assert_eq!((first.header.parent, first.checkpoint), (genesis, false));
    assert_eq!(shown.read().1.header.hash(), genesis, "readers see what the last close left");

    let opened = run(&mut executor, 2, vec![market(2, slot_market::Command::Open)]);
    assert_eq!(receipts(&opened), [Receipt::Opened { slot: Slot::ZERO }]);
    assert_eq!((shown.read().1.header, shown.read().1.closed), (opened.header, None));

    let slot = Slot::ZERO;
    run(&mut executor, 3, vec![market(3, slot_market::Command::CloseGate { slot })]);
    let taken = run(&mut executor, 4, vec![reading(&READING)]);
    assert_eq!(receipts(&taken), [Receipt::ReadingTaken { meter: METER, slot }]);
    assert!(!taken.checkpoint, "nothing is settled yet");

    let closed = run(&mut executor, 5, vec![market(4, slot_market::Command::CloseSlot { slot })]);
    assert!(closed.checkpoint && closed.header.parent == taken.header.hash());
    let (_, seen) = shown.read();
    assert_eq!((seen.header, seen.closed), (closed.header, Some(slot)));
    let balance = seen.state.book().balance(Account::Member(HOME));
    assert_eq!(balance, Some(Money::from_nano(terms::DEPOSIT.nano() - 300_000_000)));
}

/// A value that is not the one committed to is not admitted, not built into a batch, and refused in a batch that a
/// lying primary built, at every position and at any age.
#[test]
fn a_reading_that_does_not_match_its_commitment_is_refused() {
    let lie = reading(&Reading { import: Energy::from_wh(999), ..READING });
    assert!(!Executor::is_admissible(&lie) && Executor::is_admissible(&reading(&READING)));
    assert_eq!(Executor::build(ReplicaId::new(0), vec![lie.clone()], NOW_MS), None);
    let built = proposal(vec![lie.clone(), registration()]);
    assert_eq!(built.batch.requests, [registration().request], "the lie alone is left out");

    let context = wire::encode(&Context { time_ms: NOW_MS });
    let lying = Proposal::new(ReplicaId::new(0), context, vec![registration(), lie]);
    for fresh in [true, false] {
        assert_eq!(Executor::validate(&lying, fresh, NOW_MS), Verdict::Refused);
    }
}

/// The clock bounds fresh batches, on both sides and to the millisecond; one that is proposed again may have
/// committed already and is taken at any age. A batch without a time is none.
#[test]
fn only_fresh_batches_must_be_of_this_time() {
    let honest = proposal(vec![registration()]);
    for (now_ms, verdict) in [
        (NOW_MS + CLOCK_BOUND_MS, Verdict::Acceptable),
        (NOW_MS - CLOCK_BOUND_MS, Verdict::Acceptable),
        (NOW_MS + CLOCK_BOUND_MS + 1, Verdict::Refused),
        (NOW_MS - CLOCK_BOUND_MS - 1, Verdict::Refused),
    ] {
        assert_eq!(Executor::validate(&honest, true, now_ms), verdict, "at {now_ms}");
        assert_eq!(Executor::validate(&honest, false, now_ms), Verdict::Acceptable);
    }
    let timeless = Proposal::new(ReplicaId::new(0), vec![1; 7], vec![registration()]);
    assert!(!Executor::has_context(&timeless) && Executor::has_context(&honest));
    assert_eq!(Executor::validate(&timeless, false, NOW_MS), Verdict::Refused);
}

/// A request that was executed before is passed over, and the rest of its batch is executed; what a stranger was
/// told is not remembered, what a member was told is.
#[test]
fn stale_requests_are_passed_over_and_strangers_forgotten() {
    let mut executor = Executor::new(&founding());
    let open = Command::SlotMarket(slot_market::Command::Open);
    let stranger = sent([9; 32], 1, open.encode(), Vec::new());
    let refused = run(&mut executor, 1, vec![registration(), stranger]);
    let retained: Vec<_> = refused.outcomes.iter().map(|outcome| outcome.retain).collect();
    assert_eq!(retained, [true, false]);

    let executed = pass(&mut executor, 2, vec![registration(), reading(&READING)], &[false, true]);
    let [Receipt::Refused(Refusal::Phase { .. })] = receipts(&executed)[..] else {
        panic!("a reading before the market opened: {:?}", receipts(&executed));
    };
    assert!(executed.outcomes[0].retain, "a member's request counts as served");
}
