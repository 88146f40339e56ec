//! What a message may hold at most, found out before any of its signatures is looked at.
//!
//! In: a decoded message, the committee, the limits. Out: whether an honest replica could have sent so much. Refuses
//! to know: signatures, and what the protocol makes of the message.
//!
//! A member of the committee can fill a frame with votes that it signed itself, a hundred thousand of them; looking
//! at them all would take seconds. Every list in a message has a length that follows from the committee or the
//! limits, so a longer one is refused unread.

use consensus::certificate::{CheckpointCertificate, Decision};
use consensus::classic::message::{Message, NewView, ViewChange};
use consensus::committee::Committee;
use consensus::limits::{Limits, LimitsSpec};
use consensus::request::Proposal;

/// The bounds of one deployment.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) committee: Committee,
    pub(super) limits: LimitsSpec,
}

impl Shape {
    /// Whether no list in the message is longer than its kind can be.
    pub(super) fn fits(&self, message: &Message) -> bool {
        match message {
            Message::Propose(propose) => self.proposal(&propose.proposal),
            Message::Proposal(proposal) => self.proposal(proposal),
            Message::ViewChange(vote) => self.view_change(vote),
            Message::NewView(new_view) => self.new_view(new_view),
            Message::Decisions(decisions) => {
                decisions.len() <= self.limits.fetch_decisions
                    && decisions.iter().all(|decision| self.decision(decision))
            }
            Message::Stable(certificate) => self.checkpoint(certificate),
            Message::Offer(offer) => {
                offer.manifest.digests().count() <= Limits::CHUNKS_MAX
                    && self.checkpoint(&offer.manifest.certificate)
            }
            Message::Request(_)
            | Message::Prepare(_)
            | Message::Commit(_)
            | Message::Checkpoint(_)
            | Message::Status(_)
            | Message::Fetch(_)
            | Message::Read(_)
            | Message::Chunk(_) => true,
        }
    }

    fn proposal(&self, proposal: &Proposal) -> bool {
        proposal.batch.requests.len() <= self.limits.batch_requests
    }

    fn decision(&self, decision: &Decision) -> bool {
        decision.certificate.commits.len() <= self.committee.quorum()
            && decision.proposal.as_ref().is_none_or(|proposal| self.proposal(proposal))
    }

    fn checkpoint(&self, certificate: &CheckpointCertificate) -> bool {
        certificate.votes.len() <= self.committee.quorum()
    }

    fn view_change(&self, vote: &ViewChange) -> bool {
        let votes = self.committee.quorum();
        vote.prepared.len() as u64 <= self.limits.window
            && vote.prepared.iter().all(|certificate| certificate.prepares.len() < votes)
            && vote.checkpoint.as_ref().is_none_or(|certificate| self.checkpoint(certificate))
    }

    fn new_view(&self, new_view: &NewView) -> bool {
        new_view.view_changes.len() <= self.committee.quorum()
            && new_view.pre_prepares.len() as u64 <= self.limits.window
            && new_view.view_changes.iter().all(|vote| self.view_change(vote))
    }
}
