//! What every answer is wrapped in.

use serde::Serialize;
use utoipa::ToSchema;

use super::{ApiState, value::U64};

/// How fresh an answer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Context {
    /// Everything up to this slot is contained; zero before the first.
    pub slot: U64,
    /// Milliseconds since the tables last held everything that the chain had confirmed; `null` before the first time. A number, not a
    /// string: times stay below 2^53.
    pub lag_ms: Option<u64>,
}

/// One thing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct One<T> {
    /// The thing.
    pub data: T,
    /// How fresh it is.
    pub context: Context,
}

/// Some of many things.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The things, in order.
    pub data: Vec<T>,
    /// Give this back as `cursor`, with the same filters, for the next page; `null` on the last.
    pub next_cursor: Option<String>,
    /// How fresh they are.
    pub context: Context,
}

impl ApiState {
    /// How fresh an answer will be whose query begins after this call.
    pub(super) fn context(&self) -> Context {
        let progress = self.observer.now();
        Context {
            slot: progress.slot.unwrap_or_default().into(),
            lag_ms: progress.lag_ms(),
        }
    }
}
