//! The program `gridquorum`: parse, run, one line on failure, an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    node::cli::main()
}
