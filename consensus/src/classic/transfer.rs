//! State transfer: the state at a stable checkpoint, in chunks, for a replica that cannot execute its way there.
//!
//! In: states that the application exports, offers and chunks of other replicas. Out: manifests, chunks, the state to
//! install. Refuses to know: what a chunk holds; when to ask, which its owner decides.
//!
//! Source: TOCS '02, section 6.2 (partition trees); ours is flat: a manifest lists the digests of all chunks, of the
//! application's state and of the client table. It is believed when f+1 replicas vouch for the same one (a weak
//! certificate, so an honest one among them), beside the certificate of its checkpoint. Each chunk is then asked of
//! a different voucher and checked against its digest: a wrong one is signed, so its sender is named, and another
//! voucher is asked with the next tick.
//!
//! # Guarantees
//!
//! - *Nothing false is installed*: an honest voucher exported what it executed, and the digests of the installed state
//!   and client table must be the certified ones.
//! - *Nothing is fetched twice*: a verified chunk is durable and kept by its digest. After a crash, or when the others
//!   have moved on to a later checkpoint, only chunks that differ are fetched. (Only a replica that fetches a second
//!   state and crashes begins that one anew: the first has to be installed again before.)
//! - *It ends* when f+1 honest replicas hold one stable checkpoint for long enough to hand out its chunks. A voucher
//!   that goes silent costs a tick per chunk asked of it.
//!
//! Off unless the limits say `snapshots`: each checkpoint then costs an export.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use super::message::{Chunk, Manifest};
use crate::certificate::CheckpointCertificate;
use crate::client_table::Clients;
use crate::committee::Committee;
use crate::ids::{Digest, ReplicaId, SeqNum};
use crate::limits::Limits;
use crate::reject::{Reject, Unasked};
use crate::wire::{decode, encode};

/// A state as it is exported: the application's chunks and those of the client table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Export {
    state: Vec<Bytes>,
    clients: Vec<Bytes>,
}

/// What this replica has for others, and what it fetches itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Transfer {
    /// Exported states of the stable checkpoint and of later ones.
    exports: BTreeMap<SeqNum, Export>,
    /// Client tables at positions whose state the application is exporting.
    exporting: BTreeMap<SeqNum, Vec<Bytes>>,
    /// Whether manifests were asked for.
    asking: bool,
    /// What each replica vouches for.
    offers: BTreeMap<ReplicaId, Manifest>,
    /// What is being fetched, and from whom.
    goal: Option<(Manifest, Vec<ReplicaId>)>,
    /// What the application is taking, with the client table that belongs to it.
    installing: Option<(Manifest, Clients)>,
    /// What was installed last, to be installed again after a restart.
    base: Option<Manifest>,
    /// Verified chunks of goal and base.
    held: BTreeMap<Digest, Bytes>,
    /// Chunks asked for since the last tick.
    asked: BTreeSet<Digest>,
    /// Ticks in a row that brought no chunk.
    idle: u32,
    /// Ticks in a row in which this replica was behind and made no step.
    behind: u32,
}

/// The name of a chunk.
pub(super) fn name(chunk: &Bytes) -> Digest {
    Digest::of("gridquorum chunk", chunk)
}

impl Transfer {
    /// States kept or awaited at one time; with more checkpoints than that on their way to being stable, the next is
    /// not exported.
    const EXPORTS_MAX: usize = 4;
    /// Chunks on their way at one time.
    const AT_ONCE: usize = 8;
    /// After so many ticks without a chunk the vouchers are given up: they hold a later checkpoint by now.
    const PATIENCE: u32 = 4;

    /// A checkpoint is due at `seq`: whether the application is to export it.
    pub(super) fn export(&mut self, seq: SeqNum, clients: &Clients) -> bool {
        let room = self.exports.len() + self.exporting.len() < Self::EXPORTS_MAX;
        if room {
            let whole = Bytes::from(encode(clients));
            let cut = |at| whole.slice(at..whole.len().min(at + Limits::CHUNK_BYTES));
            let chunks = (0..whole.len()).step_by(Limits::CHUNK_BYTES).map(cut).collect();
            self.exporting.insert(seq, chunks);
        }
        room
    }

    /// Takes what the application exported at `seq`; nothing if it cannot.
    ///
    /// # Errors
    ///
    /// `Unasked`, or `TooLarge` for chunks beyond the bounds.
    pub(super) fn exported(&mut self, seq: SeqNum, state: Vec<Bytes>) -> Result<(), Reject> {
        let clients = self.exporting.get(&seq).ok_or(Reject::Unasked(Unasked::Export(seq)))?;
        bounded("chunks", state.len() + clients.len(), Limits::CHUNKS_MAX)?;
        let longest = state.iter().map(Bytes::len).max().unwrap_or(0);
        bounded("chunk", longest, Limits::CHUNK_BYTES)?;
        if let Some(clients) = self.exporting.remove(&seq)
            && !state.is_empty()
        {
            self.exports.insert(seq, Export { state, clients });
        }
        Ok(())
    }

    /// States below the stable checkpoint are of no use to anybody.
    pub(super) fn forget(&mut self, stable: SeqNum) {
        self.exports = self.exports.split_off(&stable);
        self.exporting = self.exporting.split_off(&stable);
    }

    /// The manifest of the state that `certificate` is about, if it was exported.
    pub(super) fn manifest(&self, certificate: &CheckpointCertificate) -> Option<Manifest> {
        let names = |chunks: &[Bytes]| chunks.iter().map(name).collect();
        let held = self.exports.get(&certificate.seq)?;
        let (state, clients) = (names(&held.state), names(&held.clients));
        Some(Manifest { certificate: certificate.clone(), state, clients })
    }

    /// The chunk of the state at `seq` with this digest.
    pub(super) fn chunk(&self, seq: SeqNum, digest: &Digest) -> Option<&Bytes> {
        let held = self.exports.get(&seq)?;
        held.state.iter().chain(&held.clients).find(|chunk| name(chunk) == *digest)
    }

    /// Whether to ask for manifests: not while a state is fetched or installed. If so, offers are welcome from now on.
    pub(super) fn ask_manifests(&mut self) -> bool {
        self.asking = self.goal.is_none() && self.installing.is_none();
        self.asking
    }

    /// A tick passed; what did not come is asked for again, elsewhere. Answers whether this replica has been `stuck`
    /// for so long that nobody seems to have what it misses.
    pub(super) fn tick(&mut self, stuck: bool) -> bool {
        self.asked.clear();
        self.behind = if stuck { self.behind.saturating_add(1) } else { 0 };
        self.idle = self.idle.saturating_add(1);
        if self.idle > Self::PATIENCE {
            self.goal = None;
            self.offers.clear();
            self.idle = 0;
        }
        self.behind > Self::PATIENCE
    }

    /// Another replica vouches for a manifest above `executed`; the manifest once f+1 do.
    ///
    /// # Errors
    ///
    /// `Unasked`, `BadCertificate`, or `TooLarge`.
    pub(super) fn offered(
        &mut self,
        from: ReplicaId,
        manifest: Manifest,
        (executed, committee): (SeqNum, Committee),
    ) -> Result<Option<Manifest>, Reject> {
        let seq = manifest.certificate.seq;
        if !self.asking || seq <= executed || manifest.state.is_empty() {
            return Err(Reject::Unasked(Unasked::Offer(seq)));
        }
        bounded("chunks", manifest.digests().count(), Limits::CHUNKS_MAX)?;
        manifest.certificate.check(committee)?;
        self.offers.insert(from, manifest.clone());
        let same = self.offers.iter().filter(|(_, other)| other.is_like(&manifest));
        let vouchers: Vec<_> = same.map(|(from, _)| *from).collect();
        if vouchers.len() < committee.weak() {
            return Ok(None);
        }
        self.pursue(manifest.clone(), vouchers);
        Ok(Some(manifest))
    }

    /// Fetches what `manifest` lists and is not here.
    pub(super) fn pursue(&mut self, manifest: Manifest, vouchers: Vec<ReplicaId>) {
        let wanted: BTreeSet<Digest> =
            self.base.iter().chain([&manifest]).flat_map(|listed| listed.digests()).collect();
        self.held.retain(|digest, _| wanted.contains(digest));
        (self.asking, self.idle) = (false, 0);
        self.offers.clear();
        self.goal = Some((manifest, vouchers));
    }

    /// Which chunks to ask of whom now, a different voucher for each `turn`.
    pub(super) fn wanted(&mut self, turn: u64) -> Vec<(ReplicaId, SeqNum, Digest)> {
        let Some((manifest, vouchers)) = &self.goal else { return Vec::new() };
        let missing = manifest.digests().filter(|digest| !self.held.contains_key(digest));
        let open: BTreeSet<Digest> =
            missing.filter(|digest| !self.asked.contains(digest)).collect();
        let room = Self::AT_ONCE.saturating_sub(self.asked.len());
        let mut wanted = Vec::new();
        for (digest, place) in open.into_iter().zip(turn..).take(room) {
            let index = usize::try_from(place % vouchers.len() as u64).expect("below a length");
            wanted.push((vouchers[index], manifest.certificate.seq, digest));
            self.asked.insert(digest);
        }
        wanted
    }

    /// Takes a chunk.
    ///
    /// # Errors
    ///
    /// `Unasked` for one that is not missing; `BadChunk` for one that is not what its digest names.
    pub(super) fn take(&mut self, chunk: Chunk) -> Result<(), Reject> {
        let Chunk { digest, bytes, from, .. } = chunk;
        let mut listed = self.goal.iter().flat_map(|(manifest, _)| manifest.digests());
        if self.held.contains_key(&digest) || !listed.any(|known| known == digest) {
            return Err(Reject::Unasked(Unasked::Chunk(digest)));
        }
        let got = name(&bytes);
        if got != digest {
            return Err(Reject::BadChunk { from, expected: digest, got });
        }
        self.asked.remove(&digest);
        self.held.insert(digest, bytes);
        self.idle = 0;
        Ok(())
    }

    /// A restart: these manifests were believed and these chunks verified before. What is complete was, or can be,
    /// installed; what is not is fetched on, from anybody.
    pub(super) fn restore(
        &mut self,
        manifests: Vec<Manifest>,
        chunks: Vec<Bytes>,
        others: &[ReplicaId],
    ) {
        self.held = chunks.into_iter().map(|bytes| (name(&bytes), bytes)).collect();
        for manifest in manifests {
            let is_complete = manifest.digests().all(|digest| self.held.contains_key(&digest));
            if is_complete {
                self.base = Some(manifest);
            } else {
                self.goal = Some((manifest, others.to_vec()));
            }
        }
        // What was executed since hangs on the state that was installed: it comes first.
        if let Some(base) = self.base.clone() {
            self.goal = Some((base, others.to_vec()));
        }
    }

    /// The state that is fetched, once all of it is here, if it is above `executed` and its client table is the
    /// certified one.
    pub(super) fn complete(&mut self, executed: SeqNum) -> Option<(SeqNum, Vec<Bytes>)> {
        if self.installing.is_some() {
            return None;
        }
        let (manifest, _) = self.goal.as_ref()?;
        let all = |digests: &[Digest]| -> Option<Vec<Bytes>> {
            digests.iter().map(|digest| self.held.get(digest).cloned()).collect()
        };
        let (chunks, table) = (all(&manifest.state)?, all(&manifest.clients)?.concat());
        let (manifest, _) = self.goal.take()?;
        let clients: Clients = decode(&table, table.len()).ok()?;
        let seq = manifest.certificate.seq;
        if seq <= executed || clients.digest() != manifest.certificate.clients {
            return None;
        }
        self.installing = Some((manifest, clients));
        Some((seq, chunks))
    }

    /// The application took the state at `seq`. It is kept: after a restart it comes first.
    ///
    /// # Errors
    ///
    /// `Unasked`.
    pub(super) fn landed(
        &mut self,
        seq: SeqNum,
    ) -> Result<(CheckpointCertificate, Clients), Reject> {
        let is_it = |(manifest, _): &mut (Manifest, Clients)| manifest.certificate.seq == seq;
        let landed = self.installing.take_if(is_it);
        let (manifest, clients) = landed.ok_or(Reject::Unasked(Unasked::Installed(seq)))?;
        let goal = self.goal.iter().map(|(manifest, _)| manifest);
        let kept: BTreeSet<Digest> =
            goal.chain([&manifest]).flat_map(|listed| listed.digests()).collect();
        self.held.retain(|digest, _| kept.contains(digest));
        self.behind = 0;
        let certificate = manifest.certificate.clone();
        self.base = Some(manifest);
        Ok((certificate, clients))
    }

    /// What a restart needs: manifests in the order in which they were believed, and chunks.
    pub(super) fn kept(&self) -> (Vec<Manifest>, Vec<Bytes>) {
        let installing = self.installing.iter().map(|(manifest, _)| manifest);
        let goal = self.goal.iter().map(|(manifest, _)| manifest);
        let mut manifests: Vec<_> =
            self.base.iter().chain(installing).chain(goal).cloned().collect();
        manifests.dedup(); // after a restart the base is installed again
        (manifests, self.held.values().cloned().collect())
    }
}

fn bounded(what: &'static str, got: usize, max: usize) -> Result<(), Reject> {
    if got <= max { Ok(()) } else { Err(Reject::TooLarge { what, got, max }) }
}
