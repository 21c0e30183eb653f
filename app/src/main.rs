//! Entry point: the command line decides whether a window opens.

use std::process::ExitCode;

fn main() -> ExitCode {
    blockscape::cli::run(std::env::args_os())
}
