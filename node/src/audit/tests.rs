//! What an audit makes of the evidence beside a chain.

use community::terms;
use consensus::certificate::Commit;
use consensus::classic::evidence::{Evidence, Pair};
use consensus::ids::{NetworkId, ReplicaId, View};
use consensus::keys::{Scope, Signer};
use ledger::Genesis;

use super::*;
use crate::founding::FoundingFile;
use crate::hex::Hex32;
use crate::people;
use crate::store::evidence::EvidenceLog;

/// A region of four replicas; the key of replica i is made from i + 1.
fn founding() -> Founding {
    let operator = people::author_of(people::operator_seed(1));
    let region = Genesis::try_new(terms::charter(operator)).expect("the terms fit together");
    let anywhere = Scope::new(NetworkId::new(Digest::NULL));
    let key = |seed: u8| Hex32(*Signer::ed25519(anywhere, [seed; 32]).public_key().bytes());
    let replicas = (1..=4).map(key).collect();
    Founding::try_new(FoundingFile { region, replicas, limits: Default::default() })
        .expect("four keys and the usual limits")
}

/// Two COMMITs of replica `from`, signed with the key of replica `signer`, for the batches `names`.
fn pair(scope: Scope, from: u16, signer: u8, names: [&str; 2]) -> Evidence {
    let [first, second] = names.map(|name| {
        let (view, seq, digest) = (View::ZERO, SeqNum::new(7), Digest::of("batch", &name));
        let vote = Commit { view, seq, digest, from: ReplicaId::new(from) };
        Signer::ed25519(scope, [signer + 1; 32]).sign(vote)
    });
    Evidence::Commits(Pair { first, second })
}

/// A replica is accused by what it signed itself. What somebody else signed in its name, or what is no contradiction,
/// is a finding: such a piece does not belong there.
#[test]
fn evidence_is_believed_when_it_proves_something() {
    let name = format!("gridquorum-audit-evidence-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("the temporary folder is writable");
    let founding = founding();
    let scope = founding.scope();
    let mut log = EvidenceLog::open(&folder).expect("a new file");
    for piece in [
        pair(scope, 3, 3, ["a", "b"]),
        pair(scope, 2, 1, ["a", "b"]),
        pair(scope, 1, 1, ["a", "a"]),
    ] {
        log.keep(&piece).expect("written");
    }
    let mut run = Run::new(&founding, |_: &Fact| {});
    run.evidence(&folder);
    assert_eq!(run.outcome.accused, ["replica 3: two commits in view 0 at 7"]);
    assert_eq!(run.outcome.evidence, 1);
    assert_eq!(run.outcome.findings.len(), 2, "{:?}", run.outcome.findings);
    assert!(run.outcome.findings[0].starts_with("evidence 1: "), "{:?}", run.outcome.findings);
    let agree = "evidence 2: the statements go together";
    assert_eq!(run.outcome.findings[1], agree);
    std::fs::remove_dir_all(&folder).expect("the temporary folder is writable");
}
