//! One job, from its opening to its end.
//!
//! Each job has a task of its own that alone decides ([`task`]); everyone else talks to it through a [`JobHandle`].

mod concluding;
mod files;
mod handle;
mod record;
mod running;
mod sampling;
mod services;
mod signing;
mod starting;
mod task;

pub(crate) use handle::newest_payable;
pub use handle::{Countersigned, JobHandle, MAX_LOG_STREAMS, Refusal, View};
pub use record::{JobRecord, Stage};
pub use services::{Counters, Services, Settings, Slots};
pub use task::Task;
