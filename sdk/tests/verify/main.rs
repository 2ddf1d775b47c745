//! A bill is believed only if every source of it says the same.

mod account;
mod claims;
mod settlements;
mod sources;
