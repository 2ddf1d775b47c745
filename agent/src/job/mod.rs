//! One job, from its opening to its end.
//!
//! Each job has a task of its own that alone decides ([`task`]); everyone else talks to it through a [`JobHandle`].

mod concluding;
mod files;
mod handle;
mod payable;
mod record;
mod rotation;
mod running;
mod sampling;
mod services;
mod signing;
mod starting;
mod task;

pub use handle::{Countersigned, JobHandle, MAX_LOG_STREAMS, Refusal, View};
pub(crate) use payable::newest_payable;
pub use record::{JobRecord, Stage};
pub use services::{Counters, Services, Settings, Slots};
pub use task::Task;
