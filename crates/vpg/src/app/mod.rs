//! The program: its command line and commands.

pub mod cli;
pub mod commands;
pub mod compare;
pub mod doctor;
pub mod grid;
pub mod grid_args;
mod help;
#[cfg(test)]
mod pairs;
mod pictures;
mod signals;

use std::{ffi::OsString, process::ExitCode, time::Instant};

use crate::{app::commands::INTERRUPTED, run::progress::tell};

/// Runs the program with these arguments, the first of which is its name: trains, or does what a subcommand says.
/// `started` is when the process began. Wrong arguments end the process with exit code 2.
///
/// ```no_run
/// // A program for one's own environments registers them first: examples/own_program.rs.
/// fn main() -> std::process::ExitCode {
///     vpg::main(std::env::args_os(), std::time::Instant::now())
/// }
/// ```
pub fn main(args: impl Iterator<Item = OsString>, started: Instant) -> ExitCode {
    let cli = help::parse(cli::with_hyphens(args)).unwrap_or_else(|error| error.exit());
    match commands::run(cli, started) {
        Ok(code) => code,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            let what = if failure.exit_code == INTERRUPTED { "" } else { "error: " };
            tell(&format!("{what}{:#}{}", failure.error, failure.hint()));
            ExitCode::from(failure.exit_code)
        }
    }
}
