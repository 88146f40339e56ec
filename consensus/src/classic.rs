//! PBFT with signatures, for any committee of n >= 4 (Castro and Liskov, OSDI '99).
//!
//! In: events. Out: actions. Refuses to know: clocks, sockets, disks, what an operation means.
//!
//! # The rules, in the paper's order
//!
//! 1. A client's REQUEST goes to the primary, `view mod n`; a backup that gets one passes it on and starts a
//!    timer. A request runs at most once per client and timestamp; a repeated one gets the cached reply.
//! 2. The primary puts waiting requests into a batch at the next position n, h < n <= H, and multicasts
//!    PRE-PREPARE. A backup accepts it in its view, within the watermarks, if it accepted no other there.
//! 3. A backup multicasts PREPARE. Pre-prepare and quorum - 1 PREPAREs of different backups: prepared.
//! 4. A prepared replica multicasts COMMIT. A quorum of COMMITs: committed. Execution follows the order.
//! 5. A quorum of equal CHECKPOINTs makes a checkpoint stable; what lies at or below it is forgotten.
//! 6. A backup whose timer runs out multicasts VIEW-CHANGE with its stable checkpoint and what prepared above
//!    it, and takes no part in its old view any more. f+1 view changes for later views make a replica join the
//!    smallest of them. The next primary shows a quorum of them in NEW-VIEW with the proposals that follow.
//! 7. The timer for a new view starts when a quorum asks for it; time-outs double until something executes.
//!
//! # Departures from the paper
//!
//! - Quorums are ceil((n+f+1)/2) for any n, not 2f+1: see [`Committee`](crate::committee::Committee).
//! - What is agreed on is a batch with its proposer and the application's context, proposed again unchanged.
//! - An application looks at a batch before this replica's PREPARE leaves. Private parts travel beside the
//!   batch; they are checked before a vote and before an execution, so q - f honest replicas hold the right
//!   ones for whatever commits.
//! - A replica that holds a quorum of COMMITs executes even if it did not prepare itself: the certificate
//!   proves the decision to anybody.
//! - Votes are repeated on request (`Status`), decisions are fetched with their certificates; see `catch_up`.
//! - Messages of a later view are kept, a few per author, until that view begins here; see `early`.
//! - Checkpoints count batches and may also be asked for by the application.
//! - A state is fetched in chunks of equal rank, not as a tree of pages, and only where the limits say so; see
//!   `transfer`.
//! - Reads are off unless a deployment chooses them; then clients take every result from a quorum; see `reads`.
//! - Only the latest VIEW-CHANGE of each replica is kept, and one for a later view counts towards the quorum that
//!   starts the timer; see `view_change`.
//! - Votes are signed, never authenticated by MACs: whatever convinces one replica convinces everybody, which
//!   certificates and evidence rest on. `benches/README.md` says what MACs could win at most.
//! - Execution waits for the commit certificate: there is no tentative execution, so nothing is ever rolled back.
//! - Two contradictory statements of one replica are kept as evidence against it; see [`evidence`].
//!
//! # Guarantees, with at most f Byzantine replicas
//!
//! - *Agreement*: two honest replicas execute the same batch at each position. In one view, two prepared
//!   certificates for a position share an honest replica, which votes once; across views see `new_view`.
//!   A crash changes nothing: every promise is durable before it leaves, and what was durable is promised again.
//! - *At most once*: see `execution`.
//! - *Reads*, where they are on, are linearizable, and cost no operation its liveness; see `reads`.
//! - *Accountability*: an honest replica is never accused; whoever contradicts, before one honest replica, a statement
//!   that this one still holds is accused; see [`evidence`].
//! - *Memory* is bounded in everything but views without progress: a replica keeps, for each position of the window,
//!   every batch that it voted for in any view, until a checkpoint above it is stable, because a later view may
//!   propose it again. So each view in which a primary proposes other batches and none of them commits may add a
//!   window of batches, in memory and on disk. There is no cap: a vote cannot be taken back. Time-outs double up to
//!   a longest one, which bounds the rate and not the sum. The simulator weighs against a bound that counts views.
//! - *Liveness* once messages arrive in time: a waiting request makes every honest replica ask for the next
//!   view until an honest primary orders it; time-outs double, so one of them is long enough; f replicas alone
//!   force nobody to leave a view, because joining takes f+1.
//!
//! # Diagram
//!
//! ```text
//! client     primary      backup       backup       backup
//!    | request  |            |            |            |
//!    |--------->| pre-prepare, persisted  |            |
//!    |          |----------->|----------->|----------->|  validate
//!    |          |            | prepare, persisted      |
//!    |          |<---------->|<---------->|<---------->|  quorum - 1 of backups
//!    |          | commit, persisted       |            |
//!    |          |<---------->|<---------->|<---------->|  quorum
//!    |  reply   |  execute   |  execute   |  execute   |
//!    |<---------|------------|------------|------------|  f+1 equal
//! ```

pub mod prepared;
pub mod message;
pub mod evidence;
pub mod record;
mod seat;
mod window;
mod pool;
mod reads;
mod slot;
mod ordering;
mod execution;
mod checkpoint;
mod new_view;
mod view_change;
mod catch_up;
mod early;
mod transfer;
mod replica;
mod normal;
mod change;
mod hand_over;
mod serve;
mod step;

pub use replica::{Config, Replica};

#[cfg(test)]
mod tests;
