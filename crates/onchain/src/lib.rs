//! What every Gantry program needs of the chain: token transfers, admitted mints, events, the proof of the upgrade authority, memory symbols.
//!
//! Invariant: nothing here knows a Gantry account; state and its rules live in the programs.
#![no_std]
#![allow(unexpected_cfgs)]
#![deny(clippy::arithmetic_side_effects, clippy::unwrap_used, clippy::expect_used)]
#![warn(missing_docs)]

pub mod event;
mod memory;
pub mod mint;
pub mod token;
pub mod upgrade_authority;
