//! The rules of Gantry that every party computes alike: units, billing, receipts, sample trees, limits.
//!
//! Purpose: one definition of each number that money depends on, shared by the on-chain programs, the agent, the SDK, the
//! indexer and any stranger who wants to recompute a bill.
//!
//! Invariant: no I/O, no clock, no allocation; every function is a pure function of its arguments.
//! Invariant: no arithmetic here wraps, and every rounding names its direction.
#![no_std]
#![forbid(unsafe_code)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation
)]
#![warn(missing_docs)]

pub mod billing;
pub mod class;
pub mod decay;
pub mod device;
pub mod ed25519;
pub mod fault;
pub mod fees;
pub mod limits;
pub mod merkle;
pub mod receipt;
pub mod reputation;
pub mod shares;
pub mod units;
pub mod wide;

pub use billing::{Bill, fee_of, owed, split};
pub use receipt::Receipt;
pub use units::{Atoms, Bps, Metered, Rate, UnixSeconds};
