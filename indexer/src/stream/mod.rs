//! The live chain: a Yellowstone subscription, put together to whole confirmed slots.

mod assembler;
mod convert;
mod feed;
mod source;

pub use assembler::Assembler;
pub(crate) use convert::lamports;
pub use convert::{Incomplete, account, transaction};
pub use feed::{Feed, StreamError};
pub use source::{Source, SourceConfig};
