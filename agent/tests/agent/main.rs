//! Tests of the agent against its own binary, a real sandbox, a real disk and real HTTPS; only the chain is scripted.

mod auth;
mod bundles;
mod closing;
mod config;
mod faults;
mod jobs;
mod life;
mod receipt_log;
mod registration;
mod registration_gpus;
mod restored;
mod support;
mod workloads;
