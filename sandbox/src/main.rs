//! Starts a whole Gantry network on this machine.

fn main() {}
