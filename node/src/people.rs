//! The keys of a made-up neighbourhood: derived from the seed of a run, so that a run can be repeated.
//!
//! In: a seed. Out: the operator's and every home's key. Refuses to know: real people; whoever knows the seed can
//! sign for everybody, which is what a trial and a simulation are for. Real deployments use `init`'s fresh keys.

use community::Cast;
use consensus::ids::{Digest, NetworkId};
use consensus::keys::{Scope, Signer};
use ledger::Author;

/// The secret bytes of the operator's key in the run of `seed`.
pub fn operator_seed(seed: u64) -> [u8; 32] {
    derive(seed, u64::MAX)
}

/// The secret bytes of a home's key in the run of `seed`.
pub fn home_seed(seed: u64, home: u32) -> [u8; 32] {
    derive(seed, u64::from(home))
}

/// Everybody who gives commands in the run of `seed`, by name.
pub fn cast(seed: u64, homes: u32) -> Cast {
    let operator = author_of(operator_seed(seed));
    let homes = (0..homes).map(|home| author_of(home_seed(seed, home))).collect();
    Cast { operator, homes }
}

/// The author whose key has these secret bytes.
pub fn author_of(secret: [u8; 32]) -> Author {
    // A public key does not depend on where it signs.
    let anywhere = Scope::new(NetworkId::new(Digest::NULL));
    let key = Signer::ed25519(anywhere, secret).public_key();
    Author::new(*key.client().digest().bytes())
}

fn derive(seed: u64, who: u64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("gridquorum trial key v1");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&who.to_le_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_key_of_their_own_in_every_run() {
        let all = [operator_seed(1), home_seed(1, 0), home_seed(1, 1), home_seed(2, 0)];
        for (index, one) in all.iter().enumerate() {
            assert!(!all[..index].contains(one));
        }
        assert_eq!(cast(7, 3), cast(7, 3));
    }
}
