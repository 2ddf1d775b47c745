//! A job from the tenant's side: choose a node, open, start, follow, conclude.

pub(crate) mod choose;
pub(crate) mod conclude;
pub(crate) mod cosign;
pub(crate) mod drive;
pub(crate) mod failover;
pub(crate) mod follow;
pub(crate) mod guard;
pub(crate) mod logs;
pub(crate) mod open;
pub(crate) mod post;
pub(crate) mod report;
#[cfg(test)]
pub(crate) mod scripted_chain;
pub(crate) mod session;
