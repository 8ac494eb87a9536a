//! The `vpg` program.

use std::{hint::black_box, process::ExitCode, time::Instant};

fn main() -> ExitCode {
    let started = Instant::now();
    keep_freed_memory();
    vpg::main(std::env::args_os(), started)
}

/// An update makes and drops tensors of megabytes by the dozen. glibc's malloc maps such blocks anew each time, until it
/// sees a large one freed: from then on it keeps up to twice that block's size (mallopt(3), `M_MMAP_THRESHOLD`). A block
/// just below its limit of 32 MiB teaches it at once, which takes a third off the updates of Pong.
fn keep_freed_memory() {
    drop(black_box(vec![0u8; 31 << 20]));
}
