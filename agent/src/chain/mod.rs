//! The chain, as the agent needs it: a few reads, one way to send, and a stream of its jobs.

mod rpc;
pub mod size;
mod watch;

pub use rpc::{RpcChain, living_jobs};
pub use watch::{Sighting, watch};

use futures::future::BoxFuture;
use gantry_sdk::{
    Pubkey, Signature,
    client::ClientError,
    market::{
        MarketError,
        state::{Claim, Job},
    },
    receipt::{CoSignedReceipt, ProviderReceipt},
};

/// Codes of the market program count from here.
const MARKET_ERRORS: u32 = 7_000;

/// Something that the agent does on chain with its hot key.
#[derive(Clone, Debug)]
pub enum Action {
    /// Starts metering a job.
    Start {
        /// The job.
        job: Pubkey,
    },
    /// Pays what a co-signed receipt earns.
    Settle {
        /// The receipt with both signatures.
        receipt: Box<CoSignedReceipt>,
        /// The job's mint.
        mint: Pubkey,
    },
    /// Claims what this agent alone has signed, because the tenant is silent.
    Claim {
        /// The receipt with this agent's signature.
        receipt: Box<ProviderReceipt>,
        /// The job's account.
        job: Box<Job>,
    },
    /// Pays a claim after its challenge window.
    SettleClaim {
        /// The claim's account.
        claim: Box<Claim>,
        /// The job's account.
        job: Box<Job>,
    },
    /// Closes a job; what is not settled by then is given up.
    Close {
        /// The job.
        address: Pubkey,
        /// Its account.
        job: Box<Job>,
    },
    /// Returns the escrow of a job that was not started.
    Cancel {
        /// The job.
        address: Pubkey,
        /// Its account.
        job: Box<Job>,
    },
    /// Says that the node is alive.
    Heartbeat {
        /// The node.
        node: Pubkey,
    },
}

/// Why something on chain did not come about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ChainError {
    /// One sentence.
    pub message: String,
    /// The program's own code, when one of them refused.
    pub code: Option<u32>,
    /// Whether the same may succeed later: the endpoint is away or the network congested.
    pub transient: bool,
}

impl ChainError {
    /// Whether the market refused for this reason.
    #[must_use]
    pub fn is(&self, reason: MarketError) -> bool {
        self.code == Some(MARKET_ERRORS + reason as u32)
    }
}

impl From<ClientError> for ChainError {
    fn from(error: ClientError) -> Self {
        Self {
            code: error.code(),
            transient: error.is_transient(),
            message: error.to_string(),
        }
    }
}

/// The chain.
pub trait Chain: Send + Sync {
    /// A job's account; `None` when there is no such job.
    fn job(&self, address: Pubkey) -> BoxFuture<'_, Result<Option<Job>, ChainError>>;

    /// The waiting claim about a job; `None` when there is none.
    fn claim(&self, job: Pubkey) -> BoxFuture<'_, Result<Option<Claim>, ChainError>>;

    /// All jobs of this provider that have not ended.
    fn jobs(&self) -> BoxFuture<'_, Result<Vec<(Pubkey, Job)>, ChainError>>;

    /// The chain's clock in Unix seconds.
    fn time(&self) -> BoxFuture<'_, Result<i64, ChainError>>;

    /// Does all of this in one transaction, and waits until it is confirmed.
    fn send(&self, actions: Vec<Action>) -> BoxFuture<'_, Result<Signature, ChainError>>;
}
