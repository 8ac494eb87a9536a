//! The whole program for an environment of one's own, with every flag, run folder, resume and plot:
//! `cargo run -p vpg --example own_program -- --env Walk-v0 --epochs 5`, then `-- eval runs/Walk-v0/<date-time>`.

use std::{process::ExitCode, time::Instant};

use envs::{DType, EnvSpec, Space};

#[allow(dead_code, reason = "its own main is not called")]
#[path = "custom_env.rs"]
mod custom_env;

fn main() -> ExitCode {
    let walk = || {
        let spaces = [Space::boxed(&[1], DType::F32, 0.0, 8.0), Space::discrete(2)];
        Ok(custom_env::Walk { at: 4, spaces })
    };
    envs::register(EnvSpec::new("Walk-v0", walk).with_limits(100, 0.95));
    vpg::main(std::env::args_os(), Instant::now())
}
