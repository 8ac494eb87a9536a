//! Times the exchange of a gradient between processes: `mpirun -n 2 target/debug/examples/all_reduce 819458`.
//!
//! Prints the numbers in a gradient and the median microseconds of an all-reduce, for one number and for as many as asked.

use std::{
    io::{Write, stdout},
    time::Instant,
};

use vpg::Group;

const TRIALS: usize = 201;

fn main() -> anyhow::Result<()> {
    let group = Group::join()?;
    let numbers: usize = std::env::args().nth(1).as_deref().unwrap_or("819458").parse()?;
    for numbers in [1, numbers] {
        let mut gradient = vec![1.0; numbers];
        let mut micros = [0.0; TRIALS];
        for time in &mut micros {
            group.any(false); // all begin together
            let began = Instant::now();
            group.average(&mut gradient);
            *time = began.elapsed().as_secs_f64() * 1e6;
        }
        micros.sort_by(f64::total_cmp);
        if group.is_first() {
            let _ = writeln!(stdout(), "{numbers} {:.1}", micros[TRIALS / 2]); // nobody may be reading
        }
    }
    Ok(())
}
