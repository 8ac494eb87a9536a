//! The `vpg` program.

use std::{hint::black_box, process::ExitCode, time::Instant};

use clap::Parser;
use vpg::{
    app::cli::{Cli, with_hyphens},
    app::commands::run,
    run::logger::tell,
};

fn main() -> ExitCode {
    let started = Instant::now();
    keep_freed_memory();
    match run(Cli::parse_from(with_hyphens(std::env::args_os())), started) {
        Ok(code) => code,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&format!("error: {:#}", failure.error));
            ExitCode::from(failure.exit_code)
        }
    }
}

/// An update makes and drops tensors of megabytes by the dozen. glibc's malloc maps such blocks anew each time, until it
/// sees a large one freed: from then on it keeps up to twice that block's size (mallopt(3), `M_MMAP_THRESHOLD`). A block
/// just below its limit of 32 MiB teaches it at once, which takes a third off the updates of Pong.
fn keep_freed_memory() {
    drop(black_box(vec![0u8; 31 << 20]));
}
