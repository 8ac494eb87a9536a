//! Writes the folder of libtorch into the binary, so that it starts with no `LD_LIBRARY_PATH`.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // Set by torch-sys, a direct dependency for this reason alone.
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
    // Nothing names a symbol of this library, so linkers drop it, and CUDA would silently be absent.
    let cuda = lib.join("libtorch_cuda.so");
    if cuda.exists() {
        println!("cargo::rustc-link-arg=-Wl,--no-as-needed,{},--as-needed", cuda.display());
    }
}

fn rpath(folder: &Path) {
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", folder.display());
}
