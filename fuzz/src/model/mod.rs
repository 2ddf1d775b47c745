//! The reference model: what the protocol says must become of every instruction.
//!
//! Written from docs/PROTOCOL.md and the design; it shares no arithmetic and no state transition with the programs. Each method refuses or
//! takes effect as a whole: it looks at everything before it changes anything.
//!
//! Where an instruction is wrong in two ways at once, the order of refusals is that of the programs: accounts are first loaded in their
//! order, then created, then compared, and then the instruction is carried out.

pub mod arithmetic;
pub mod bid;
pub mod claim;
pub mod class;
pub mod delegation;
pub mod fault;
pub mod fees;
pub mod job;
pub mod job_change;
pub mod job_failover;
pub mod market;
pub mod money;
pub mod order;
pub mod record;
pub mod refusal;
pub mod staking;
pub mod state;
pub mod withdrawal;

pub use record::Record;
pub use refusal::{Refusal, Verdict};
pub use state::State;
