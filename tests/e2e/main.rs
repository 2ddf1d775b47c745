//! Whole networks: the sandbox with all its processes, driven through the command line as a person would.
//!
//! `./dev test` builds every binary before it runs these.

mod bad_input;
mod classes;
mod delegation;
mod demonstration;
mod endings;
mod failures;
mod network;
mod rent;
mod tenant;
mod typescript;
