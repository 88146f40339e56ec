//! Handing a state over and taking one, as the whole replica sees it.
//!
//! In: ticks, questions, offers, chunks, the application's answers. Out: `Export`, `Install`, offers, chunks.
//! Refuses to know: how chunks are kept.

use bytes::Bytes;

use crate::action::Action;
use crate::ids::{Digest, ReplicaId, SeqNum};
use crate::keys::Signed;
use crate::reject::Reject;

use super::message::{Chunk, Fetch, Message, Missing, Offer};
use super::record::Record;
use super::replica::{Actions, Replica};

impl Replica {
    /// A checkpoint is due at `seq`, which is executed: the application stands there at this moment.
    pub(super) fn export(&mut self, seq: SeqNum, out: &mut Actions) {
        let wanted = self.seat.limits.spec().snapshots;
        if wanted && self.transfer.export(seq, self.execution.clients()) {
            out.push(Action::Export { seq });
        }
    }

    /// A tick passed: asks for what is missing of a state, or for a state if there is no other way forward.
    pub(super) fn seek_state(&mut self, stalled: bool, out: &mut Actions) {
        if !self.seat.limits.spec().snapshots {
            return;
        }
        let reach = self.execution.reach();
        let ahead = self.ordering.window().low().max(self.catch_up.highest_claim());
        let is_far = ahead.above(reach) > self.seat.limits.spec().window;
        let lost = self.transfer.tick(stalled && self.is_behind());
        if (is_far || lost) && self.transfer.ask_manifests() {
            let what = Missing::Manifest(self.execution.executed());
            let fetch = self.seat.sign(Fetch { what, from: self.seat.id });
            out.push(Action::Broadcast { message: Message::Fetch(fetch) });
        }
        self.ask_chunks(out);
    }

    fn ask_chunks(&mut self, out: &mut Actions) {
        for (to, seq, digest) in self.transfer.wanted(self.catch_up.turn()) {
            let what = Missing::Chunk(seq, digest);
            let fetch = self.seat.sign(Fetch { what, from: self.seat.id });
            out.push(Action::Send { to, message: Message::Fetch(fetch) });
        }
    }

    /// Vouches for the state at the stable checkpoint, if it is above `executed` and was exported here.
    pub(super) fn offer(&self, to: ReplicaId, executed: SeqNum, out: &mut Actions) {
        let later = self.checkpoints.stable().filter(|stable| stable.seq > executed);
        let manifest = later.and_then(|stable| self.transfer.manifest(stable));
        out.extend(manifest.map(|manifest| {
            let offer = self.seat.sign(Offer { manifest, from: self.seat.id });
            Action::Send { to, message: Message::Offer(offer) }
        }));
    }

    pub(super) fn send_chunk(
        &self,
        to: ReplicaId,
        (seq, digest): (SeqNum, Digest),
        out: &mut Actions,
    ) {
        let found = self.transfer.chunk(seq, &digest).cloned();
        out.extend(found.map(|bytes| {
            let chunk = self.seat.sign(Chunk { seq, digest, bytes, from: self.seat.id });
            Action::Send { to, message: Message::Chunk(chunk) }
        }));
    }

    pub(super) fn on_exported(&mut self, seq: SeqNum, chunks: Vec<Bytes>) -> Result<(), Reject> {
        self.transfer.exported(seq, chunks)
    }

    pub(super) fn on_offer(
        &mut self,
        offer: Signed<Offer>,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        let Offer { manifest, from } = offer.message;
        let (executed, committee) = (self.execution.executed(), self.seat.committee);
        if let Some(manifest) = self.transfer.offered(from, manifest, (executed, committee))? {
            out.push(Action::Persist { record: Record::Manifest(manifest) });
            self.ask_chunks(out);
            self.try_install(out);
        }
        Ok(())
    }

    pub(super) fn on_chunk(
        &mut self,
        chunk: Signed<Chunk>,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        let bytes = chunk.bytes.clone();
        self.transfer.take(chunk.message)?;
        out.push(Action::Persist { record: Record::Chunk(bytes) });
        self.ask_chunks(out);
        self.try_install(out);
        Ok(())
    }

    /// Has the application take the state that was fetched, or, at a restart, the one it began with before.
    pub(super) fn try_install(&mut self, out: &mut Actions) {
        if let Some((seq, chunks)) = self.transfer.complete(self.execution.executed()) {
            self.execution.suspend(seq);
            out.push(Action::Install { seq, chunks });
        }
    }

    pub(super) fn on_installed(
        &mut self,
        seq: SeqNum,
        state: Digest,
        out: &mut Actions,
    ) -> Result<(), Reject> {
        let (certificate, clients) = self.transfer.landed(seq)?;
        self.confirm(&certificate, state, clients.digest());
        self.pool.taken_over(seq, &clients, self.seat.limits.spec());
        self.execution.install(seq, state, clients);
        self.stabilise(certificate, out);
        for seq in self.ordering.reopen() {
            self.advance(seq, out);
        }
        self.try_install(out);
        Ok(())
    }
}
