//! Lays the committed seeds into the corpus, where `cargo fuzz run TARGET` begins; what a fuzzer finds stays beside
//! them there and is committed only by being copied to `seeds`.

use std::fs;
use std::io;
use std::path::Path;

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rerun-if-changed=seeds");
    println!("cargo::rerun-if-changed=corpus");
    for target in fs::read_dir(root.join("seeds"))? {
        let target = target?;
        let corpus = root.join("corpus").join(target.file_name());
        fs::create_dir_all(&corpus)?;
        for seed in fs::read_dir(target.path())? {
            let seed = seed?;
            let there = corpus.join(seed.file_name());
            if !there.exists() {
                fs::copy(seed.path(), there)?;
            }
        }
    }
    Ok(())
}
