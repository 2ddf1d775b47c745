//! A node without a network: a scripted chain, and everything else as it is.

mod chain;
mod tardy;
mod tenant;
mod world;

pub(crate) use chain::ScriptedChain;
pub(crate) use tenant::{Answer, Tenant};
pub(crate) use world::{World, archive, blank, until};
