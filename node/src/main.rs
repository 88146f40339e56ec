//! The program `gridquorum`: parse, run, one line on failure, an exit code.

use std::process::ExitCode;

/// Most of what a replica allocates are small things that live for one round.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    node::cli::main()
}
