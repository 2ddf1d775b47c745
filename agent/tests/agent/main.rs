//! Tests of the agent against its own binary, a real sandbox and a real disk; only the chain is scripted.

mod bundles;
mod workloads;
