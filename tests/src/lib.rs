//! Fixtures for tests on the programs' bytecode.
//!
//! Purpose: a chain in the process that runs the committed `.so` files, parties that act on it in one line each, and a check of
//! what must always hold.
//!
//! Invariant: every transaction of every test goes through [`chain::Chain`], which checks that a refused one changed nothing, and
//! [`conservation`] after every one but those of `simulate_unreachable`, which begin where it was already broken.
#![warn(missing_docs)]

pub mod chain;
pub mod conservation;
pub mod delegating;
pub mod fees;
pub mod forge;
pub mod key;
pub mod outcome;
pub mod parties;
pub mod records;
pub mod signatures;
pub mod token;
pub mod world;
