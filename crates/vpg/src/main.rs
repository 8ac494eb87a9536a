//! Vanilla policy gradient.
fn main() {}
