//! The binary `healthcode`.

use std::process::ExitCode;

fn main() -> ExitCode {
    healthcode_cli::run(std::env::args_os())
}
