//! A private Postgres cluster: created, started and stopped by the program that needs it.
//!
//! The cluster uses the machine's own Postgres programs, listens on a Unix socket and on a free port of 127.0.0.1,
//! and never touches a Postgres that runs as a system service.
//!
//! Invariant: a cluster never outlives its owner. Dropping [`Cluster`] stops it, and when the owner is killed outright
//! the kernel tells the postmaster to shut down.
//!
//! Invariant: one directory, one owner. A lock that the kernel releases with its process guards the directory, so
//! whoever holds the lock may clear away what a killed owner left behind.

mod account;
mod cluster;
mod error;
mod installation;
mod leftover;
mod place;
mod postmaster;

pub use cluster::Cluster;
pub use error::Error;
