//! The bytes of every message and every record: what two versions of this program must agree on, between
//! replicas and across a restart.
//!
//! The expected bytes are written down from the rules of BCS, not taken from a run: integers little-endian in
//! their full width, a variant as its number, a list or byte string with its length before it, an option as 00 or
//! 01 and the value, a struct as its fields in order, 32 bytes of digest or key and 64 of signature as they are.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::classic::message::{Chunk, Manifest, Offer};
use crate::keys::{PublicKey, Signature};
use crate::request::{Attachment, Batch, Read};
use crate::wire::{WireError, decode, encode};

/// A signature of 32 bytes 5a and 32 bytes 5b.
const SIGNATURE: &str = "5a*32 5b*32";
/// View 1, position 2, a digest of 32 bytes dd, replica 3 and its signature: a PRE-PREPARE, PREPARE or COMMIT.
const VOTE: &str = "0100000000000000 0200000000000000 dd*32 0300 5a*32 5b*32";
/// A key of 32 bytes cc, timestamp 7, the operation 0a 0b, and the client's signature.
const REQUEST: &str = "cc*32 0700000000000000 02 0a0b 5a*32 5b*32";
/// Position 2, two digests, replica 3, its signature.
const CHECKPOINT: &str = "0200000000000000 e1*32 e2*32 0300 5a*32 5b*32";

/// The bytes that `text` spells: two hexadecimal digits each, `xx*n` for n times the same.
fn bytes(text: &str) -> Vec<u8> {
    let byte = |digits: &str| u8::from_str_radix(digits, 16).expect("hexadecimal");
    let word = |word: &str| match word.split_once('*') {
        Some((digits, times)) => vec![byte(digits); times.parse().expect("a number")],
        None => (0..word.len()).step_by(2).map(|at| byte(&word[at..at + 2])).collect(),
    };
    text.split_whitespace().flat_map(word).collect()
}

fn signed<M>(message: M) -> Signed<M> {
    Signed { message, signature: Signature::new([[0x5a; 32], [0x5b; 32]]) }
}

const VIEW: View = View::new(1);
const SEQ: SeqNum = SeqNum::new(2);
const DIGEST: Digest = Digest::new([0xdd; 32]);
const FROM: ReplicaId = ReplicaId::new(3);

fn the_pre_prepare() -> Signed<PrePrepare> {
    signed(PrePrepare { view: VIEW, seq: SEQ, digest: DIGEST, from: FROM })
}

fn the_prepare() -> Signed<Prepare> {
    signed(Prepare { view: VIEW, seq: SEQ, digest: DIGEST, from: FROM })
}

fn the_commit() -> Signed<Commit> {
    signed(Commit { view: VIEW, seq: SEQ, digest: DIGEST, from: FROM })
}

fn the_request() -> Signed<Request> {
    let key = PublicKey::new([0xcc; 32]);
    signed(Request::new(key, Timestamp::new(7), vec![0x0a, 0x0b]))
}

/// Proposed by replica 3 with one byte c0 of context, one request, and its private part 0e.
fn the_proposal() -> Arc<Proposal> {
    let batch = Batch { proposer: FROM, context: vec![0xc0], requests: vec![the_request()] };
    Arc::new(Proposal { batch: batch.into(), attachments: vec![Attachment(vec![0x0e])] })
}

fn proposal_text() -> String {
    // The batch travels as bytes: 2 + 2 + 1 + the 107 of its request are 70 in hexadecimal.
    format!("70 0300 01 c0 01 {REQUEST} 01 01 0e")
}

fn the_checkpoint() -> Signed<Checkpoint> {
    let (state, clients) = (Digest::new([0xe1; 32]), Digest::new([0xe2; 32]));
    signed(Checkpoint { seq: SEQ, state, clients, from: FROM })
}

fn the_certificate() -> CheckpointCertificate {
    let Checkpoint { seq, state, clients, .. } = the_checkpoint().message;
    CheckpointCertificate { seq, state, clients, votes: vec![the_checkpoint()] }
}

fn certificate_text() -> String {
    format!("0200000000000000 e1*32 e2*32 01 {CHECKPOINT}")
}

fn the_prepared() -> PreparedCertificate {
    PreparedCertificate { pre_prepare: the_pre_prepare(), prepares: vec![the_prepare()] }
}

fn the_view_change() -> Arc<Signed<ViewChange>> {
    let (checkpoint, prepared) = (Some(the_certificate()), vec![the_prepared()]);
    Arc::new(signed(ViewChange { view: VIEW, stable: SEQ, checkpoint, prepared, from: FROM }))
}

/// View 1, stable position 2, its certificate, one prepared certificate with one PREPARE, replica 3, signature.
fn view_change_text() -> String {
    let certificate = certificate_text();
    let prepared = format!("01 {VOTE} 01 {VOTE}");
    format!("0100000000000000 0200000000000000 01 {certificate} {prepared} 0300 {SIGNATURE}")
}

fn the_new_view() -> Arc<Signed<NewView>> {
    let (view_changes, pre_prepares) = (vec![the_view_change()], vec![the_pre_prepare()]);
    Arc::new(signed(NewView { view: VIEW, view_changes, pre_prepares, from: FROM }))
}

fn new_view_text() -> String {
    let shown = view_change_text();
    format!("0100000000000000 01 {shown} 01 {VOTE} 0300 {SIGNATURE}")
}

fn the_decision() -> Decision {
    let commits = vec![the_commit()];
    let certificate = CommitCertificate { view: VIEW, seq: SEQ, digest: DIGEST, commits };
    Decision { certificate, proposal: Some(the_proposal()) }
}

/// Each message with its bytes.
fn messages() -> Vec<(Message, String)> {
    let (request, attachment) = (the_request(), vec![0x0e]);
    let fetch = |what| Message::Fetch(signed(Fetch { what, from: FROM }));
    let propose = Propose { pre_prepare: the_pre_prepare(), proposal: the_proposal() };
    let status = Status {
        view: VIEW,
        active: true,
        executed: SeqNum::new(0x0102),
        stable: SEQ,
        waits: false,
        from: FROM,
    };
    let null = Decision { proposal: None, ..the_decision() };
    let proposal = proposal_text();
    let decided = format!("0100000000000000 0200000000000000 dd*32 01 {VOTE}");
    vec![
        (
            Message::Request(Submission { request, attachment }),
            // 00             variant 0, Request
            // cc (32 times)  key
            // 07 00 ...      timestamp 7 in 8 bytes
            // 02 0a 0b       operation: 2 bytes
            // 5a.. 5b..      signature
            // 01 0e          private part: 1 byte
            "00 cc*32 0700000000000000 02 0a0b 5a*32 5b*32 01 0e".into(),
        ),
        (Message::Propose(propose), format!("01 {VOTE} {proposal}")),
        (Message::Prepare(the_prepare()), format!("02 {VOTE}")),
        (Message::Commit(the_commit()), format!("03 {VOTE}")),
        (Message::Checkpoint(the_checkpoint()), format!("04 {CHECKPOINT}")),
        (Message::ViewChange(the_view_change()), format!("05 {}", view_change_text())),
        (Message::NewView(the_new_view()), format!("06 {}", new_view_text())),
        (
            Message::Status(signed(status)),
            // view, active, executed 0x0102, stable, does not wait, replica
            format!("07 0100000000000000 01 0201000000000000 0200000000000000 00 0300 {SIGNATURE}"),
        ),
        (fetch(Missing::Decisions(SEQ)), format!("08 00 0200000000000000 0300 {SIGNATURE}")),
        (
            fetch(Missing::Proposal(SEQ, DIGEST)),
            format!("08 01 0200000000000000 dd*32 0300 {SIGNATURE}"),
        ),
        (Message::Proposal(the_proposal()), format!("09 {proposal}")),
        (
            Message::Decisions(vec![the_decision(), null]),
            format!("0a 02 {decided} 01 {proposal} {decided} 00"),
        ),
        (Message::Stable(the_certificate()), format!("0b {}", certificate_text())),
        (Message::Read(signed(Read { request: the_request().message })), format!("0c {REQUEST}")),
        (
            Message::Offer(signed(Offer { manifest: the_manifest(), from: FROM })),
            format!("0d {} 0300 {SIGNATURE}", manifest_text()),
        ),
        (
            Message::Chunk(signed(Chunk {
                seq: SEQ,
                digest: DIGEST,
                bytes: the_bytes(),
                from: FROM,
            })),
            format!("0e 0200000000000000 dd*32 02 b0b1 0300 {SIGNATURE}"),
        ),
        (fetch(Missing::Manifest(SEQ)), format!("08 02 0200000000000000 0300 {SIGNATURE}")),
        (
            fetch(Missing::Chunk(SEQ, DIGEST)),
            format!("08 03 0200000000000000 dd*32 0300 {SIGNATURE}"),
        ),
    ]
}

/// One chunk of the application and one of the client table.
fn the_manifest() -> Manifest {
    let (state, clients) = (vec![Digest::new([0xf1; 32])], vec![Digest::new([0xf2; 32])]);
    Manifest { certificate: the_certificate(), state, clients }
}

fn manifest_text() -> String {
    format!("{} 01 f1*32 01 f2*32", certificate_text())
}

fn the_bytes() -> Bytes {
    Bytes::from_static(&[0xb0, 0xb1])
}

/// Each record with its bytes.
fn records() -> Vec<(Record, String)> {
    let voted = |proposal| Record::Voted { pre_prepare: the_pre_prepare(), proposal };
    vec![
        (voted(Some(the_proposal())), format!("00 {VOTE} 01 {}", proposal_text())),
        (voted(None), format!("00 {VOTE} 00")),
        (Record::Prepared(the_prepared()), format!("01 {VOTE} 01 {VOTE}")),
        (Record::Left(the_view_change()), format!("02 {}", view_change_text())),
        (Record::Entered(the_new_view()), format!("03 {}", new_view_text())),
        (Record::Stable(the_certificate()), format!("04 {}", certificate_text())),
        (Record::Manifest(the_manifest()), format!("05 {}", manifest_text())),
        (Record::Chunk(the_bytes()), "06 02 b0b1".to_owned()),
    ]
}

/// Each piece of evidence with its bytes: what is kept for auditors.
fn pieces() -> Vec<(Evidence, String)> {
    fn twice<M: Clone>(statement: M) -> Pair<M> {
        Pair { first: statement.clone(), second: statement }
    }
    let (change, begins) = (view_change_text(), new_view_text());
    let (commit, hides) = (the_commit(), the_view_change());
    vec![
        (Evidence::Proposals(twice(the_pre_prepare())), format!("00 {VOTE} {VOTE}")),
        (Evidence::Prepares(twice(the_prepare())), format!("01 {VOTE} {VOTE}")),
        (Evidence::Commits(twice(the_commit())), format!("02 {VOTE} {VOTE}")),
        (Evidence::Checkpoints(twice(the_checkpoint())), format!("03 {CHECKPOINT} {CHECKPOINT}")),
        (Evidence::ViewChanges(twice(the_view_change())), format!("04 {change} {change}")),
        (Evidence::NewViews(twice(the_new_view())), format!("05 {begins} {begins}")),
        (Evidence::HiddenCommit { commit, change: hides }, format!("06 {VOTE} {change}")),
    ]
}

/// A new variant does not compile until it has a number here, and then fails until it has its bytes above.
fn number(message: &Message) -> u8 {
    match message {
        Message::Request(_) => 0,
        Message::Propose(_) => 1,
        Message::Prepare(_) => 2,
        Message::Commit(_) => 3,
        Message::Checkpoint(_) => 4,
        Message::ViewChange(_) => 5,
        Message::NewView(_) => 6,
        Message::Status(_) => 7,
        Message::Fetch(_) => 8,
        Message::Proposal(_) => 9,
        Message::Decisions(_) => 10,
        Message::Stable(_) => 11,
        Message::Read(_) => 12,
        Message::Offer(_) => 13,
        Message::Chunk(_) => 14,
    }
}

/// As [`number`], of records.
fn record_number(record: &Record) -> u8 {
    match record {
        Record::Voted { .. } => 0,
        Record::Prepared(_) => 1,
        Record::Left(_) => 2,
        Record::Entered(_) => 3,
        Record::Stable(_) => 4,
        Record::Manifest(_) => 5,
        Record::Chunk(_) => 6,
    }
}

/// A change of these bytes is a change of the wire: old and new replicas would not understand each other (BCS,
/// see the module).
#[test]
fn messages_have_their_bytes() {
    let mut seen = Vec::new();
    for (message, text) in messages() {
        let expected = bytes(&text);
        assert_eq!(encode(&message), expected, "{}", message.name());
        assert_eq!(expected[0], number(&message), "{}", message.name());
        assert_eq!(decode(&expected, expected.len()), Ok(message));
        seen.push(expected[0]);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, (0..=14).collect::<Vec<u8>>(), "every variant");
}

/// A change of these bytes makes what is on disk unreadable, and with it every promise of an older replica (BCS,
/// see the module).
#[test]
fn records_have_their_bytes() {
    let mut seen = Vec::new();
    for (record, text) in records() {
        let expected = bytes(&text);
        assert_eq!(encode(&record), expected, "{record:?}");
        assert_eq!(expected[0], record_number(&record), "{record:?}");
        assert_eq!(decode(&expected, expected.len()), Ok(record));
        seen.push(expected[0]);
    }
    seen.dedup();
    assert_eq!(seen, (0..=6).collect::<Vec<u8>>(), "every variant");
}

/// A change of these bytes makes what is kept against liars unreadable. Offences are numbered alike (BCS, see the
/// module).
#[test]
fn evidence_has_its_bytes() {
    let mut seen = Vec::new();
    for (piece, text) in pieces() {
        let expected = bytes(&text);
        assert_eq!(encode(&piece), expected, "{piece:?}");
        assert_eq!(encode(&piece.offence()), expected[..1]);
        assert_eq!(decode(&expected, expected.len()), Ok(piece.clone()));
        seen.push(piece.offence());
    }
    assert_eq!(seen, Offence::ALL, "every variant");
}

/// A receiver's bound counts: one byte more than it allows is not looked at.
#[test]
fn what_is_too_long_is_not_looked_at() {
    let (message, text) = messages().swap_remove(0);
    let good = bytes(&text);
    assert_eq!(decode(&good, good.len()), Ok(message));
    let (got, max) = (good.len(), good.len() - 1);
    assert_eq!(decode::<Message>(&good, max), Err(WireError::TooLong { got, max }));
}

fn any_digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::new)
}

fn any_signed<M: Clone + std::fmt::Debug>(
    message: impl Strategy<Value = M>,
) -> impl Strategy<Value = Signed<M>> {
    let signature = any::<[[u8; 32]; 2]>().prop_map(Signature::new);
    (message, signature).prop_map(|(message, signature)| Signed { message, signature })
}

/// View, position, digest, replica: what every vote is made of.
fn any_vote() -> impl Strategy<Value = (View, SeqNum, Digest, ReplicaId)> {
    (any::<u64>(), any::<u64>(), any_digest(), any::<u16>()).prop_map(
        |(view, seq, digest, from)| {
            (View::new(view), SeqNum::new(seq), digest, ReplicaId::new(from))
        },
    )
}

fn any_pre_prepare() -> impl Strategy<Value = Signed<PrePrepare>> {
    any_signed(any_vote().prop_map(|(view, seq, digest, from)| PrePrepare {
        view,
        seq,
        digest,
        from,
    }))
}

fn any_prepare() -> impl Strategy<Value = Signed<Prepare>> {
    any_signed(any_vote().prop_map(|(view, seq, digest, from)| Prepare { view, seq, digest, from }))
}

fn any_commit() -> impl Strategy<Value = Signed<Commit>> {
    any_signed(any_vote().prop_map(|(view, seq, digest, from)| Commit { view, seq, digest, from }))
}

fn any_request() -> impl Strategy<Value = Signed<Request>> {
    let fields = (any::<[u8; 32]>(), any::<u64>(), vec(any::<u8>(), 0..200));
    any_signed(fields.prop_map(|(key, timestamp, operation)| {
        Request::new(PublicKey::new(key), Timestamp::new(timestamp), operation)
    }))
}

fn any_proposal() -> impl Strategy<Value = Arc<Proposal>> {
    let parts = vec(vec(any::<u8>(), 0..3).prop_map(Attachment), 0..3);
    let fields = (any::<u16>(), vec(any::<u8>(), 0..9), vec(any_request(), 0..3), parts);
    fields.prop_map(|(proposer, context, requests, attachments)| {
        let batch = Batch { proposer: ReplicaId::new(proposer), context, requests };
        Arc::new(Proposal { batch: batch.into(), attachments })
    })
}

fn any_checkpoint() -> impl Strategy<Value = Signed<Checkpoint>> {
    any_signed((any_vote(), any_digest()).prop_map(|((_, seq, state, from), clients)| Checkpoint {
        seq,
        state,
        clients,
        from,
    }))
}

fn any_certificate() -> impl Strategy<Value = CheckpointCertificate> {
    (any_vote(), any_digest(), vec(any_checkpoint(), 0..3)).prop_map(
        |((_, seq, state, _), clients, votes)| CheckpointCertificate { seq, state, clients, votes },
    )
}

fn any_prepared() -> impl Strategy<Value = PreparedCertificate> {
    (any_pre_prepare(), vec(any_prepare(), 0..3))
        .prop_map(|(pre_prepare, prepares)| PreparedCertificate { pre_prepare, prepares })
}

fn any_view_change() -> impl Strategy<Value = Arc<Signed<ViewChange>>> {
    let fields = (any_vote(), option::of(any_certificate()), vec(any_prepared(), 0..3));
    any_signed(fields.prop_map(|((view, stable, _, from), checkpoint, prepared)| ViewChange {
        view,
        stable,
        checkpoint,
        prepared,
        from,
    }))
    .prop_map(Arc::new)
}

fn any_new_view() -> impl Strategy<Value = Arc<Signed<NewView>>> {
    let fields = (any_vote(), vec(any_view_change(), 0..3), vec(any_pre_prepare(), 0..3));
    any_signed(fields.prop_map(|((view, _, _, from), view_changes, pre_prepares)| NewView {
        view,
        view_changes,
        pre_prepares,
        from,
    }))
    .prop_map(Arc::new)
}

fn any_decision() -> impl Strategy<Value = Decision> {
    (any_vote(), vec(any_commit(), 0..3), option::of(any_proposal())).prop_map(
        |((view, seq, digest, _), commits, proposal)| {
            let certificate = CommitCertificate { view, seq, digest, commits };
            Decision { certificate, proposal }
        },
    )
}

/// One message of each variant.
fn any_messages() -> impl Strategy<Value = Vec<Message>> {
    let votes = (any_pre_prepare(), any_prepare(), any_commit(), any_checkpoint());
    let changes = (any_view_change(), any_new_view(), any_certificate());
    let batches = (any_request(), any_proposal(), vec(any_decision(), 0..3));
    let standing = (any_vote(), any::<[bool; 3]>(), any::<[[u8; 32]; 2]>());
    (votes, changes, batches, standing).prop_map(|(votes, changes, batches, standing)| {
        let (pre_prepare, prepare, commit, checkpoint) = votes;
        let (view_change, new_view, certificate) = changes;
        let (request, proposal, decisions) = batches;
        let ((view, seq, digest, from), [active, waits, whole], halves) = standing;
        let signature = Signature::new(halves);
        let status = Status { view, active, executed: seq, stable: seq.next(), waits, from };
        let what = if whole { Missing::Decisions(seq) } else { Missing::Proposal(seq, digest) };
        let attachment = digest.bytes()[..usize::from(from.get() % 32)].to_vec();
        vec![
            Message::Request(Submission { request: request.clone(), attachment }),
            Message::Propose(Propose { pre_prepare, proposal: proposal.clone() }),
            Message::Prepare(prepare),
            Message::Commit(commit),
            Message::Checkpoint(checkpoint),
            Message::ViewChange(view_change),
            Message::NewView(new_view),
            Message::Status(Signed { message: status, signature }),
            Message::Fetch(Signed { message: Fetch { what, from }, signature }),
            Message::Proposal(proposal),
            Message::Decisions(decisions),
            Message::Stable(certificate.clone()),
            Message::Offer(Signed {
                message: Offer {
                    manifest: Manifest { certificate, state: vec![digest], clients: vec![] },
                    from,
                },
                signature,
            }),
            Message::Chunk(Signed {
                message: Chunk { seq, digest, bytes: request.operation.clone(), from },
                signature,
            }),
            Message::Read(Signed { message: Read { request: request.message }, signature }),
        ]
    })
}

proptest! {
    /// BCS is canonical: a message of any variant comes back as it was; of its bytes none can be missing, and none
    /// can follow.
    #[test]
    fn any_message_comes_back_and_only_whole(
        all in any_messages(),
        cut in any::<prop::sample::Index>(),
        extra in any::<u8>(),
    ) {
        for message in all {
            let whole = encode(&message);
            let max = whole.len() + 1;
            let part = &whole[..cut.index(whole.len())];
            prop_assert!(matches!(decode::<Message>(part, max), Err(WireError::Malformed(_))));
            let longer = [whole.as_slice(), &[extra]].concat();
            prop_assert!(matches!(decode::<Message>(&longer, max), Err(WireError::Malformed(_))));
            prop_assert_eq!(decode(&whole, max), Ok(message));
        }
    }
}
