//! What a wrapper around a replica leaves as it is.
//!
//! In: a type with the shipped replica in its field `inner`. Out: the methods of `Protocol` that only pass on. Refuses
//! to know: which rule the wrapper breaks.

/// What a wrapper does not change: everything but the constructor and the step.
macro_rules! wrap {
    () => {
        fn records(&self) -> Vec<consensus::classic::record::Record> {
            self.inner.records()
        }

        fn id(&self) -> consensus::ids::ReplicaId {
            self.inner.id()
        }

        fn standing(&self) -> consensus::protocol::Standing {
            self.inner.standing()
        }

        fn submit(submission: consensus::request::Submission) -> Self::Message {
            consensus::classic::Replica::submit(submission)
        }
    };
}
pub(super) use wrap;
