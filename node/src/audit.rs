//! Audit of a chain, offline: nothing is believed that the files do not prove.
//!
//! In: a folder with a chain and its genesis, and a genesis to compare it with. Out: what was checked and counted, and
//! what is wrong, block by block. Refuses to know: replicas and sockets. Certificates and signatures are checked here,
//! with the committee's keys from the genesis; what the commands lead to is computed again by [`ledger::audit`].
//!
//! The genesis beside a chain proves nothing about whose chain it is: whoever makes a chain writes its genesis, too.
//! Its digest, the network's name, is reported; an auditor who knows the founding compares.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use consensus::certificate::CheckpointCertificate;
use consensus::client_table::Clients;
use consensus::committee::Committee;
use consensus::ids::{Digest, SeqNum};
use consensus::keys::{Forged, Keyring, Signature, Signed};
use consensus::request::{Attachment, Proposal, Request};
use ledger::audit::{Audit as LedgerAudit, Report as LedgerReport};
use ledger::{Applied, Author, Entry, Fact};
use serde::Serialize;

use crate::executor::{Executor, outcome};
use crate::founding::{Founding, FoundingError, state_digest};
use crate::store::chain::{Block, ChainError, Exported, Sealed, needs_parts};
use crate::store::evidence::read_evidence;
use crate::store::log::LogError;

/// Findings that are listed; of a chain that is wrong throughout, the first ones tell the story.
const FINDINGS_MAX: usize = 100;

/// Why an audit could not begin.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// There is no chain in the folder.
    #[error(
        "{0}: no chain here; expected genesis.json and blocks.log, in it or in its folder `chain`"
    )]
    NoChain(PathBuf),
    /// The genesis.
    #[error(transparent)]
    Founding(#[from] FoundingError),
}

/// What an audit checked and found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Outcome {
    /// The chain.
    pub chain: String,
    /// The network it belongs to, in hexadecimal: the digest of founding document, keys and bounds.
    pub network: String,
    /// The block hash at every position from 1 on; none for a null request.
    #[serde(skip)]
    pub hashes: Vec<Option<ledger::Hash>>,
    /// Whether everything in the files was checked and nothing is wrong.
    pub holds: bool,
    /// What is wrong, each with the block it is in.
    pub findings: Vec<String>,
    /// Findings beyond those listed.
    pub unlisted: u64,
    /// What could not be checked and why; empty if everything was.
    pub not_checked: String,
    /// Blocks.
    pub blocks: u64,
    /// Positions without a block.
    pub nulls: u64,
    /// Commit certificates checked.
    pub seals: u64,
    /// Checkpoint certificates checked.
    pub checkpoints: u64,
    /// How many commit certificates hold the vote of each replica.
    #[serde(skip)]
    pub votes: BTreeMap<u16, u64>,
    /// How many positions were decided in views that each replica led.
    #[serde(skip)]
    pub led: BTreeMap<u16, u64>,
    /// Signatures checked, of votes and of requests.
    pub signatures: u64,
    /// Commands in blocks.
    pub commands: u64,
    /// Commands that stood in a block a second time and were passed over.
    pub repeats: u64,
    /// Orders, readings, bills, scores, slots and state roots computed again, and invariants checked.
    pub orders: u64,
    /// See `orders`.
    pub readings: u64,
    /// See `orders`.
    pub bills: u64,
    /// See `orders`.
    pub scores: u64,
    /// See `orders`.
    pub slots: u64,
    /// See `orders`.
    pub roots: u64,
    /// See `orders`.
    pub invariants: u64,
    /// Blocks whose commands carry no signature: nothing proves who gave them.
    pub unsigned: u64,
    /// Pieces of evidence beside the chain that were checked and hold.
    pub evidence: u64,
    /// What they prove, each with the replica accused.
    pub accused: Vec<String>,
    /// The state root at the end, in hexadecimal.
    pub root: String,
    /// The hash of the last header, in hexadecimal.
    pub head: String,
}

/// Audits the chain in `folder` by the genesis beside it; `each_fact` is called with everything that its commands
/// led to.
///
/// # Errors
///
/// [`AuditError`] if there is nothing to audit. A damaged chain is no error but a finding.
pub fn audit(folder: &Path, each_fact: impl FnMut(&Fact)) -> Result<Outcome, AuditError> {
    audit_trusting(folder, None, each_fact)
}

/// As [`audit`]; with `trusted`, a chain of another network does not hold.
///
/// # Errors
///
/// As [`audit`].
pub fn audit_trusting(
    folder: &Path,
    trusted: Option<&Founding>,
    each_fact: impl FnMut(&Fact),
) -> Result<Outcome, AuditError> {
    let inner = folder.join("chain");
    let folder = if inner.is_dir() { inner } else { folder.to_owned() };
    if !folder.join("genesis.json").is_file() || !folder.join("blocks.log").is_file() {
        return Err(AuditError::NoChain(folder));
    }
    let founding = match Founding::read(&folder.join("genesis.json")) {
        Ok(founding) => founding,
        // A genesis that is there and makes no sense is damage, not a wrong path.
        Err(error @ FoundingError::Io { .. }) => return Err(error.into()),
        Err(error) => return Ok(unreadable(&folder, format!("genesis: {error}"))),
    };
    let network = founding.network_name();
    if let Some(expected) = trusted.map(Founding::network_name)
        && expected != network
    {
        let finding = format!("genesis: it founds network {network}, the trusted one {expected}");
        return Ok(Outcome { network, ..unreadable(&folder, finding) });
    }
    let exported = match Exported::read(&folder) {
        Ok(exported) => exported,
        Err(error) => {
            return Ok(Outcome { network, ..unreadable(&folder, name_damage(&folder, &error)) });
        }
    };
    let mut run = Run::new(&founding, each_fact);
    run.chain(&exported);
    run.evidence(&folder);
    Ok(run.finish(&folder, exported.private.is_some()))
}

fn unreadable(folder: &Path, finding: String) -> Outcome {
    Outcome {
        chain: folder.display().to_string(),
        findings: vec![finding],
        not_checked: "everything behind it".to_owned(),
        ..Outcome::default()
    }
}

/// Says which block a damaged file entry belongs to.
fn name_damage(folder: &Path, error: &ChainError) -> String {
    let (path, entry) = match error {
        ChainError::Log(LogError::Damaged { path, entry, .. })
        | ChainError::Foreign { path, entry, .. }
        | ChainError::Gap { path, entry, .. } => (path, *entry),
        ChainError::Log(LogError::Io { .. }) => return error.to_string(),
    };
    match path.file_name().and_then(|name| name.to_str()) {
        Some("blocks.log") => format!("block {}: {error}", entry + 1),
        Some("private.log") => match Exported::positions_with_parts(folder).get(entry) {
            Some(block) => format!("the private parts of block {block}: {error}"),
            None => error.to_string(),
        },
        _ => {
            let before = Exported::checkpoint_before(folder, entry).unwrap_or(0);
            format!("the checkpoint after block {before}: {error}")
        }
    }
}

/// An audit under way.
struct Run<F> {
    keyring: Keyring,
    committee: Committee,
    ledger: Option<LedgerAudit>,
    clients: Clients,
    /// The state after the last block looked at.
    state: Digest,
    /// Whether the table of clients could be computed up to here.
    clients_known: bool,
    outcome: Outcome,
    each_fact: F,
}

impl<F: FnMut(&Fact)> Run<F> {
    fn new(founding: &Founding, each_fact: F) -> Self {
        Self {
            keyring: founding.keyring(),
            committee: founding.committee(),
            ledger: Some(LedgerAudit::new(founding.region().clone())),
            clients: Clients::default(),
            state: state_digest(&founding.genesis_header()),
            clients_known: true,
            outcome: Outcome { network: founding.network_name(), ..Outcome::default() },
            each_fact,
        }
    }

    fn find(&mut self, seq: SeqNum, what: impl std::fmt::Display) {
        if self.outcome.findings.len() < FINDINGS_MAX {
            self.outcome.findings.push(format!("block {seq}: {what}"));
        } else {
            self.outcome.unlisted += 1;
        }
    }

    fn chain(&mut self, exported: &Exported) {
        let mut certificates = exported.checkpoints.iter().peekable();
        for sealed in &exported.blocks {
            let seq = sealed.seal.seq;
            self.seal(sealed);
            let block = sealed.block.as_ref();
            self.outcome.hashes.push(block.map(|block| block.header.hash()));
            match block {
                Some(block) => {
                    let parts = exported.private.as_ref().and_then(|all| all.get(&seq));
                    self.block(seq, block, parts.map_or(&[], Vec::as_slice));
                }
                None => self.outcome.nulls += 1,
            }
            while let Some(certificate) = certificates.next_if(|next| next.seq <= seq) {
                self.checkpoint(seq, certificate);
            }
        }
        certificates.for_each(|certificate| self.beyond(certificate));
        self.private_parts_belong(exported);
    }

    /// A certificate for a position that the chain does not reach. Replicas store certificates before they have
    /// executed up to them, so one that was killed in between is honest; that the chain ends early is said.
    fn beyond(&mut self, certificate: &CheckpointCertificate) {
        self.certificate(certificate.seq, certificate);
        self.not_checked(format!(
            "the state that a checkpoint certifies at {}: the chain ends before it",
            certificate.seq
        ));
    }

    fn not_checked(&mut self, what: String) {
        let before = &mut self.outcome.not_checked;
        *before = if before.is_empty() { what } else { format!("{before}; {what}") };
    }

    /// The certificate: a quorum of distinct replicas signed for exactly this batch at this position.
    fn seal(&mut self, sealed: &Sealed) {
        let (seq, seal) = (sealed.seal.seq, &sealed.seal);
        self.outcome.seals += 1;
        let primary = self.committee.primary(seal.view).get();
        *self.outcome.led.entry(primary).or_insert(0) += 1;
        for vote in &seal.commits {
            *self.outcome.votes.entry(vote.from.get()).or_insert(0) += 1;
        }
        if let Err(error) = seal.check(self.committee) {
            self.find(seq, format_args!("its certificate does not add up: {error}"));
        }
        let verified = self.keyring.verify_counted(seal.clone(), &mut self.outcome.signatures);
        if let Err(error) = verified {
            self.find(seq, format_args!("its certificate: {error}"));
        }
        let batch = sealed.block.as_ref().map_or(Digest::NULL, |block| block.batch.digest());
        if batch != seal.digest {
            self.find(seq, "its batch is not the one that was certified");
        }
    }

    fn block(&mut self, seq: SeqNum, block: &Block, parts: &[Attachment]) {
        let header = &block.header;
        if header.position != seq.get() || header.batch.bytes() != block.batch.digest().bytes() {
            self.find(seq, "its header names another position or batch");
        }
        let mut parts = parts.to_vec();
        if parts.len() > block.batch.requests.len() {
            self.find(seq, "more private parts than commands lie beside it");
        }
        parts.resize(block.batch.requests.len(), Attachment::default());
        let proposal = Proposal { batch: block.batch.clone(), attachments: parts };
        if !Executor::has_context(&proposal) {
            self.find(seq, "its context does not decode");
        }
        let fresh = self.clients.fresh(&proposal.batch);
        self.outcome.repeats += fresh.iter().filter(|fresh| !**fresh).count() as u64;
        let before = self.outcome.signatures;
        let mut signatures = before;
        if let Err(error) = self.keyring.verify_counted(proposal.clone(), &mut signatures) {
            self.unproved(seq, &proposal, error);
        }
        self.outcome.signatures = signatures;
        let applied = self.apply(block, &proposal, &fresh);
        self.clients_known &= applied.is_some();
        if let Some(applied) = applied {
            applied.facts.iter().for_each(&mut self.each_fact);
            let outcomes = applied.receipts.iter().map(outcome).collect();
            self.clients.record(&proposal.batch, &fresh, outcomes);
        }
        self.state = state_digest(header);
    }

    /// A command is not its author's. Where none is signed, one line is enough for all such blocks.
    fn unproved(&mut self, seq: SeqNum, proposal: &Proposal, error: Forged) {
        let is_unsigned = |request: &Signed<Request>| request.signature == Signature::NONE;
        if !proposal.batch.requests.iter().all(is_unsigned) {
            return self.find(seq, format_args!("a command in it: {error}"));
        }
        self.outcome.unsigned += 1;
        if self.outcome.unsigned == 1 {
            self.find(
                seq,
                "nothing proves who gave its commands: they carry no signature, as where replicas run with \
                 client_authentication = \"none\"; blocks like it are not listed again",
            );
        }
    }

    fn apply(&mut self, block: &Block, proposal: &Proposal, fresh: &[bool]) -> Option<Applied> {
        let authors: Vec<_> = proposal
            .batch
            .requests
            .iter()
            .map(|request| Author::new(*request.client().digest().bytes()))
            .collect();
        let requests = proposal.batch.requests.iter().zip(&proposal.attachments).zip(&authors);
        let entries: Vec<_> = requests
            .zip(fresh)
            .filter(|(_, fresh)| **fresh)
            .map(|(((request, part), author), _)| Entry {
                author: *author,
                command: &request.operation,
                private: &part.0,
            })
            .collect();
        self.ledger.as_mut()?.block(&block.header, &entries)
    }

    /// A private part without a command that needs it proves nothing and does not belong here.
    fn private_parts_belong(&mut self, exported: &Exported) {
        let Some(private) = &exported.private else { return };
        let needed: BTreeMap<SeqNum, &Block> = exported
            .blocks
            .iter()
            .filter_map(|sealed| Some((sealed.seal.seq, sealed.block.as_ref()?)))
            .filter(|(_, block)| needs_parts(&block.batch))
            .collect();
        let strays: Vec<SeqNum> =
            private.keys().filter(|seq| !needed.contains_key(*seq)).copied().collect();
        for seq in strays {
            self.find(seq, "private parts lie beside it that belong to none of its commands");
        }
    }

    /// The certified state must be the one that the blocks up to `seq` lead to.
    fn checkpoint(&mut self, seq: SeqNum, certificate: &CheckpointCertificate) {
        if certificate.seq != seq {
            self.find(seq, format_args!("a checkpoint of {} stands behind it", certificate.seq));
        }
        self.certificate(seq, certificate);
        let clients = !self.clients_known || self.clients.digest() == certificate.clients;
        if self.state != certificate.state || !clients {
            self.find(seq, "its checkpoint certifies another state");
        }
    }

    /// A quorum of distinct replicas signed for the same state.
    fn certificate(&mut self, seq: SeqNum, certificate: &CheckpointCertificate) {
        self.outcome.checkpoints += 1;
        if let Err(error) = certificate.check(self.committee) {
            self.find(seq, format_args!("its checkpoint does not add up: {error}"));
        }
        let signatures = &mut self.outcome.signatures;
        if let Err(error) = self.keyring.verify_counted(certificate.clone(), signatures) {
            self.find(seq, format_args!("its checkpoint: {error}"));
        }
    }

    /// Evidence is no part of the chain: it accuses replicas, not blocks. What proves nothing does not belong here.
    fn evidence(&mut self, folder: &Path) {
        let all = match read_evidence(folder) {
            Ok(all) => all,
            Err(error) => return self.outcome.findings.push(format!("evidence: {error}")),
        };
        for (entry, piece) in all.into_iter().enumerate() {
            let (accused, offence, (view, seq)) = (piece.accused(), piece.offence(), piece.place());
            let contradicts = piece.check(self.committee).map_err(|why| why.to_string());
            let signed = self.keyring.verify_counted(piece, &mut self.outcome.signatures);
            match contradicts.and(signed.map_err(|forged| forged.to_string())) {
                Err(why) => self.outcome.findings.push(format!("evidence {entry}: {why}")),
                Ok(_) => {
                    self.outcome.evidence += 1;
                    let what = format!("replica {accused}: {offence} in view {view} at {seq}");
                    self.outcome.accused.push(what);
                }
            }
        }
    }

    fn finish(mut self, folder: &Path, with_private: bool) -> Outcome {
        let Some(ledger) = self.ledger.take() else { return self.outcome };
        self.outcome.root = ledger.ledger().root().to_string();
        let LedgerReport { findings, unlisted, not_recomputed_from, counts, head } =
            ledger.finish();
        if let Some(block) = not_recomputed_from {
            let why = if with_private { "are missing" } else { "do not lie beside the chain" };
            let missing = counts.missing;
            self.not_checked(format!(
                "roots, bills and scores from block {block} on: {missing} private parts {why}"
            ));
        }
        let mut outcome = self.outcome;
        outcome.findings.extend(findings.iter().map(ToString::to_string));
        outcome.unlisted += unlisted;
        outcome.chain = folder.display().to_string();
        outcome.head = head.to_string();
        outcome.blocks = counts.blocks;
        outcome.commands = counts.commands;
        outcome.orders = counts.orders;
        outcome.readings = counts.readings;
        outcome.bills = counts.bills;
        outcome.scores = counts.scores;
        outcome.slots = counts.slots;
        outcome.roots = counts.roots;
        outcome.invariants = counts.invariants;
        outcome.holds = outcome.findings.is_empty();
        outcome
    }
}

#[cfg(test)]
mod tests;
