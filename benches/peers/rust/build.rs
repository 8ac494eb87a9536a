//! ALE is C++, and its crate does not link the library of that language.

fn main() {
    println!("cargo:rustc-link-lib=stdc++");
}
