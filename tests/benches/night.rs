//! What a night costs.

fn main() {}
