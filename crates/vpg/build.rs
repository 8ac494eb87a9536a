//! Writes the folder of libtorch into the binary, so that it starts with no LD_LIBRARY_PATH.

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Set by torch-sys, a direct dependency for this reason alone.
    println!("cargo::rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    let Some(lib) = env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else {
        return;
    };
    rpath(&lib);
    // The checkout's link into the cache comes first; the cache itself still serves a binary whose
    // checkout has been moved.
    if let Ok(real) = fs::canonicalize(&lib)
        && real != lib
    {
        rpath(&real);
    }
}

fn rpath(folder: &std::path::Path) {
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", folder.display());
}
