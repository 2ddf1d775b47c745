//! The market program's instructions, on its bytecode.

mod balance_deposit;
mod balance_open;
mod balance_withdraw;
mod config_initialize;
mod config_update;
mod golden_vectors;
mod job_cancel;
mod job_close;
mod job_open;
mod job_open_terms;
mod job_rekey;
mod job_settle;
mod job_settle_signatures;
mod job_start;
mod job_stop;
mod life_of_a_job;
mod mint_register;
mod mint_update;
mod node_heartbeat;
mod node_price_set;
mod node_register;
mod node_update;
mod path_independence;
mod provider_register;
mod provider_update;
mod self_rental;
