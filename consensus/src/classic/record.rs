//! What must survive a crash, so that a replica that comes back never contradicts what it said before.
//!
//! In: promises about to be made. Out: records, in the order they were made. Refuses to know: files.
//!
//! Executed batches are not here: the driver keeps each decision with the block it became, and hands them back
//! through `Recalled`.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::message::{Manifest, NewView, ViewChange};
use super::prepared::{PrePrepare, PreparedCertificate};
use crate::certificate::CheckpointCertificate;
use crate::keys::Signed;
use crate::request::Proposal;

/// One promise.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Record {
    /// Before a PRE-PREPARE of one's own, or the PREPARE that answers one, leaves: the vote, and the batch, so
    /// that whatever prepares can be produced again after every replica has crashed.
    Voted {
        /// What was voted for.
        pre_prepare: Signed<PrePrepare>,
        /// The batch; none for the null request.
        proposal: Option<Arc<Proposal>>,
    },
    /// Before a COMMIT leaves: the certificate that a later VIEW-CHANGE must show.
    Prepared(PreparedCertificate),
    /// Before a VIEW-CHANGE leaves: all earlier views are left for good.
    Left(Arc<Signed<ViewChange>>),
    /// Before the first vote in a view: how it began.
    Entered(Arc<Signed<NewView>>),
    /// A stable checkpoint: records at or below it are no longer needed.
    Stable(CheckpointCertificate),
    /// Before chunks of a state are fetched: what it consists of.
    Manifest(Manifest),
    /// A verified chunk of such a state. With all of them a restart begins there, so they are kept until a later
    /// state is complete.
    Chunk(Bytes),
}
