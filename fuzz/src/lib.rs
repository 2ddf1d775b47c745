//! Stateful fuzzing of the programs' bytecode.
//!
//! Purpose: many actors send random instructions, most of them valid and some wrong on purpose, at moments around every deadline. After
//! every step a reference model, written from the protocol's description and not from the programs, must have given the same verdict
//! and hold the same fields in every account; the accounts rebuilt from events alone must be those on the chain; and the numbered invariants of `docs/INVARIANTS.md` must hold on the accounts themselves.
//!
//! Invariant: a run is a function of its seed; a failure is a list of actions that fails again when replayed.
//! Invariant: the model never calls the programs nor `gantry_protocol`'s arithmetic; it has its own, in 128 bits.

pub mod action;
pub mod book;
pub mod cast;
pub mod chain;
pub mod dice;
pub mod invariants;
pub mod layout;
pub mod model;
pub mod prologue;
pub mod replica;
pub mod run;
pub mod shrink;
pub mod view;
