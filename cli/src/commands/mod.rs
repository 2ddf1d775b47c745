//! One file per command.

pub(crate) mod balance;
pub(crate) mod bill;
pub(crate) mod delegation;
pub(crate) mod device;
pub(crate) mod extend;
pub(crate) mod fees;
pub(crate) mod logs;
pub(crate) mod market;
pub(crate) mod node;
pub(crate) mod provider;
pub(crate) mod ps;
pub(crate) mod resume;
pub(crate) mod rotate_key;
pub(crate) mod run;
pub(crate) mod stake;
pub(crate) mod stop;
pub(crate) mod tenant;
pub(crate) mod verify;
