//! The signals by which a person or a machine asks the program to end.

use std::{
    fs, io,
    thread::Builder,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
    low_level,
};

use crate::{interrupt::Interrupt, run::progress::tell};

/// Signals that follow each other faster are one wish: a terminal and a parent process may both pass Ctrl-C on.
const ONE_WISH: Duration = Duration::from_secs(1);

/// Raised by the first of Ctrl-C, SIGTERM and SIGHUP, which lets a run save and end. A second one ends the program at
/// once. A signal that was ignored when the program began stays so, as under `nohup` and after a shell's `&`.
///
/// # Errors
/// Where the system gives no more threads or files.
pub fn watched_interrupt() -> Result<Interrupt> {
    let stop = Interrupt::default();
    let raised = stop.clone();
    let ignored = ignored_signals();
    let heard = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = Signals::new(heard).context("cannot watch for Ctrl-C")?;
    let watch = move || {
        let mut first: Option<Instant> = None;
        for _ in signals.forever() {
            match first {
                None => {
                    first = Some(Instant::now());
                    raised.raise();
                    tell("\nstopping; Ctrl-C again ends at once");
                }
                Some(first) if first.elapsed() < ONE_WISH => {}
                // Without destructors: libtorch's would run under threads that still compute.
                Some(_) => low_level::exit(130),
            }
        }
    };
    Builder::new().name("signals".into()).spawn(watch)?;
    Ok(stop)
}

/// Bit n - 1 stands for signal n. Only Linux tells; elsewhere it is none.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Raises `stop` when the standard input ends: that of a grid's run ends with the grid, whatever ends it.
///
/// # Errors
/// Where the system gives no more threads.
pub fn end_with_stdin(stop: &Interrupt) -> Result<()> {
    let stop = stop.clone();
    let watch = move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink()); // an error ends it, too
        stop.raise();
    };
    Builder::new().name("stdin".into()).spawn(watch)?;
    Ok(())
}
