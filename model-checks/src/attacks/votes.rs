//! Attacks on votes: whose they are, what they are about, how many there are.
//!
//! In: a replica. Out: whether it falls for them. Refuses to know: other attacks.

use anyhow::{Result, ensure};
use consensus::certificate::Commit;
use consensus::classic::message::Message;
use consensus::ids::{SeqNum, View};
use consensus::keys::Forged;
use consensus::reject::Reject;
use consensus::wire;

use super::attack::Attack;
use super::forge::{batch, change, check, commit, decision, prepare, prepared, propose, replica};
use super::forge::{sign, submission, waits};
use super::victim::Victim;
use crate::replica::Subject;

pub(super) fn all<P: Subject>() -> Vec<Attack> {
    vec![
        Attack {
            name: "borrowed-name",
            source: "Sawtooth PBFT: the signer id was not compared with the signing key",
            claim: "a vote in another's name does not pass the door, and one voter counts once",
            play: borrowed_name::<P>,
        },
        Attack {
            name: "prepare-of-primary",
            source: "Sawtooth PBFT: the primary must not send PREPARE",
            claim: "the primary's PREPARE is refused, and nothing prepares with it",
            play: prepare_of_primary::<P>,
        },
        Attack {
            name: "wrong-payload",
            source: "Sawtooth PBFT: a payload of the wrong type crashed a peer",
            claim: "bytes of one kind of message under the tag of another are refused without a panic",
            play: wrong_payload,
        },
        Attack {
            name: "one-vote-fewer",
            source: "Istanbul-style PBFT: a quorum formula that was off by one",
            claim: "nothing is executed with two commits of four, and everything with three",
            play: one_vote_fewer::<P>,
        },
    ]
}

fn borrowed_name<P: Subject>() -> Result<()> {
    let held = batch(0, &[1]);
    let digest = held.batch.digest();
    let (view, seq) = (View::ZERO, SeqNum::new(1));
    let borrowed = |key| Message::Commit(sign(key, Commit { view, seq, digest, from: replica(1) }));
    ensure!(check(borrowed(1)).is_ok(), "its owner may use the name");
    let refused = check(borrowed(3)).map(drop);
    ensure!(matches!(refused, Err(Forged::Signature { .. })), "passed: {refused:?}");
    let mut victim = Victim::<P>::new(2);
    victim.hears(propose(0, 1, &held))?;
    for _ in 0..3 {
        victim.hears(commit(3, 0, 1, digest))?;
    }
    ensure!(victim.executed() == 0, "one voter counted three times");
    Ok(())
}

fn prepare_of_primary<P: Subject>() -> Result<()> {
    let held = batch(0, &[1]);
    let digest = held.batch.digest();
    let mut victim = Victim::<P>::new(2);
    victim.hears(propose(0, 1, &held))?;
    let refused = victim.hears(prepare(0, 0, 1, digest));
    ensure!(refused == Err(Reject::PrepareOfPrimary(replica(0))), "taken: {refused:?}");
    ensure!(victim.count("commit") == 0, "prepared by its own vote and the primary's two");
    victim.hears(prepare(1, 0, 1, digest))?;
    ensure!(victim.count("commit") == 1, "not prepared by two backups");
    Ok(())
}

fn one_vote_fewer<P: Subject>() -> Result<()> {
    let held = batch(0, &[1]);
    let digest = held.batch.digest();
    let mut victim = Victim::<P>::new(2);
    victim.hears(propose(0, 1, &held))?;
    victim.hears(commit(0, 0, 1, digest))?;
    victim.hears(commit(1, 0, 1, digest))?;
    ensure!(victim.executed() == 0, "executed with two commits");
    victim.hears(commit(3, 0, 1, digest))?;
    ensure!(victim.executed() == 1, "not executed with three commits");
    Ok(())
}

/// One message of each kind that carries something worth confusing.
fn kinds() -> Vec<Message> {
    let held = batch(0, &[1]);
    let digest = held.batch.digest();
    vec![
        Message::Request(submission(1, 1, &[0, 7], &[])),
        propose(0, 1, &held),
        prepare(1, 0, 1, digest),
        commit(1, 0, 1, digest),
        Message::ViewChange(change(1, 1, None, vec![prepared(0, 1, digest)])),
        waits(1),
        Message::Proposal(held.clone().into()),
        Message::Decisions(vec![decision(0, 1, &held)]),
    ]
}

fn wrong_payload() -> Result<()> {
    let (mut tried, mut read) = (0, 0);
    for message in kinds() {
        let bytes = wire::encode(&message);
        for tag in 0..=u8::MAX {
            let mut confused = bytes.clone();
            if std::mem::replace(&mut confused[0], tag) == tag {
                continue;
            }
            tried += 1;
            // Some kinds have equal shapes; then the signature is of another kind of statement.
            if let Ok(other) = wire::decode::<Message>(&confused, confused.len()) {
                read += 1;
                ensure!(
                    check(other.clone()).is_err(),
                    "{} passes as {}",
                    message.name(),
                    other.name()
                );
            }
        }
    }
    ensure!(tried == kinds().len() * 255 && read > 0, "{read} of {tried} were read");
    Ok(())
}
