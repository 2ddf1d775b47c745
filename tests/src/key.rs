//! Keys that are the same in every run, so that a failure and a figure can be had again.

use std::sync::atomic::{AtomicU64, Ordering};

use gantry_sdk::{Keypair, wire::sha256};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A key pair that this process has not used before.
#[must_use]
pub fn fresh() -> Keypair {
    named(&format!("key {}", NEXT.fetch_add(1, Ordering::Relaxed)))
}

/// The key pair of a name.
#[must_use]
pub fn named(name: &str) -> Keypair {
    Keypair::new_from_array(sha256(name.as_bytes()))
}
