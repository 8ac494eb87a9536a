//! Links what ale-sys leaves out, and says early what is missing to build it.

use std::{env, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CMAKE");
    if env::var_os("CARGO_FEATURE_ALE").is_none() {
        return;
    }
    if let Some(cmake) = env::var_os("CMAKE").map(|path| Path::new(&path).to_owned())
        && cmake.is_absolute()
        && !cmake.exists()
    {
        println!(
            "cargo::error=there is no CMake at {}: run `make setup` once, or build without the feature `ale` (docs/install.md)",
            cmake.display()
        );
        return;
    }
    // ALE is C++, and ale-sys names no C++ library.
    let apple = env::var("CARGO_CFG_TARGET_VENDOR").is_ok_and(|vendor| vendor == "apple");
    println!("cargo::rustc-link-lib={}", if apple { "c++" } else { "stdc++" });
}
