//! The `vpg` program.

use std::{process::ExitCode, time::Instant};

use clap::Parser;
use vpg::{cli::Cli, commands::run};

fn main() -> ExitCode {
    let started = Instant::now();
    match run(Cli::parse(), started) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {:#}", failure.error);
            ExitCode::from(failure.exit_code)
        }
    }
}
