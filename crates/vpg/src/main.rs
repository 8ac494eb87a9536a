//! The `vpg` program.

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use vpg::{
    cli::{Cli, with_hyphens},
    commands::run,
    logger::tell,
};

fn main() -> ExitCode {
    let started = Instant::now();
    match run(Cli::parse_from(with_hyphens(std::env::args_os())), started) {
        Ok(code) => code,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&format!("error: {:#}", failure.error));
            ExitCode::from(failure.exit_code)
        }
    }
}
