//! What every world starts from: one request, four configurations, and the batches that can occur.
//!
//! In: bounds. Out: values made with the symbolic keys of [`Evidence`]. Refuses to know: what happens.

use consensus::application::Application;
use consensus::classic::Config;
use consensus::committee::Committee;
use consensus::ids::{Digest, ReplicaId, Timestamp};
use consensus::keys::Signer;
use consensus::limits::{Limits, LimitsSpec};
use consensus::request::{Request, Submission};
use consensus::sim::journal::{self, Journal};

use super::bounds::Bounds;
use crate::evidence::{self, Evidence};
use crate::properties::{REPLICAS, primary};

/// The one request of these models.
pub(super) fn submission() -> Submission {
    let client = Signer::symbolic(evidence::scope(), 1_000_000);
    let (operation, attachment) = journal::operation(0, 0);
    let request = Request::new(client.public_key(), Timestamp::new(1), operation);
    Submission { request: client.sign(request), attachment }
}

/// The digests of the batches that honest primaries build, with who builds them.
pub(super) fn built(bounds: &Bounds, submission: &Submission) -> Vec<(ReplicaId, Digest)> {
    let primaries = (0..=bounds.last_view).map(primary);
    let honest = primaries.filter(|id| bounds.is_honest(*id));
    honest
        .map(|id| {
            let built = Journal::default().build(id, vec![submission.clone()]);
            (id, built.expect("a public operation is admissible").batch.digest())
        })
        .collect()
}

/// One position in flight and no checkpoint near it, so that the one request is all there is to do.
pub(super) fn config(id: ReplicaId, evidence: &Evidence) -> Config {
    let spec = LimitsSpec {
        pipeline: 1,
        window: 8,
        checkpoint_interval: 4,
        batch_requests: 1,
        ..LimitsSpec::default()
    };
    Config {
        id,
        committee: Committee::try_new(usize::from(REPLICAS)).expect("four replicas"),
        limits: Limits::try_new(spec).expect("these limits fit together"),
        signer: evidence.signer(id).clone(),
        genesis: Journal::default().genesis(),
    }
}
