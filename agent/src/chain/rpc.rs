//! The real chain over JSON-RPC.

use futures::{FutureExt, future::BoxFuture};
use gantry_sdk::{
    Instruction, Keypair, Pubkey, Signature, Signer, address,
    client::{Client, ClientError},
    instruction::market::{claim_open, claim_settle, job_cancel, job_close, job_settle, job_start, node_heartbeat},
    market::state::{Claim, Job, JobState},
};
use std::sync::Arc;

use super::{Action, Chain, ChainError};

/// Where `provider` stands in a job's account, behind the discriminator.
pub(super) const PROVIDER_AT: usize = std::mem::offset_of!(Job, provider);
/// Where its `state` stands.
const STATE_AT: usize = std::mem::offset_of!(Job, state);

/// The chain, seen by one provider.
pub struct RpcChain {
    client: Client,
    owner: Pubkey,
    key: Arc<Keypair>,
}

impl RpcChain {
    /// The endpoint at `url`, for the provider with wallet `owner`, whose hot key signs and pays the fees.
    #[must_use]
    pub fn new(url: &str, owner: Pubkey, key: Arc<Keypair>) -> Self {
        Self {
            client: Client::new(url),
            owner,
            key,
        }
    }

    fn instructions(&self, action: &Action) -> Vec<Instruction> {
        let key = self.key.pubkey();
        match action {
            Action::Start { job } => vec![job_start(key, *job)],
            Action::Settle { receipt, mint } => job_settle(receipt, self.owner, *mint).to_vec(),
            Action::Claim { receipt, job } => claim_open(receipt, job).to_vec(),
            Action::SettleClaim { claim, job } => vec![claim_settle(claim, job)],
            Action::Close { address, job } => vec![job_close(key, *address, job)],
            Action::Cancel { address, job } => vec![job_cancel(key, *address, job)],
            Action::Heartbeat { node } => vec![node_heartbeat(key, address::provider(&self.owner), *node)],
        }
    }
}

/// All jobs of a provider that have not ended. Ended ones stay on chain for good, so they are left out by the endpoint.
///
/// # Errors
/// [`ClientError`].
pub async fn living_jobs(client: &Client, owner: &Pubkey) -> Result<Vec<(Pubkey, Job)>, ClientError> {
    let mut jobs = Vec::new();
    for state in [JobState::Open, JobState::Running, JobState::Stopped] {
        let state = [state as u8];
        let matching: [(usize, &[u8]); 2] = [(PROVIDER_AT, owner.as_ref()), (STATE_AT, &state)];
        jobs.extend(client.all(&matching).await?);
    }
    Ok(jobs)
}

impl Chain for RpcChain {
    fn job(&self, address: Pubkey) -> BoxFuture<'_, Result<Option<Job>, ChainError>> {
        async move { Ok(self.client.find(&address).await?) }.boxed()
    }

    fn claim(&self, job: Pubkey) -> BoxFuture<'_, Result<Option<Claim>, ChainError>> {
        async move { Ok(self.client.find(&address::claim(&job)).await?) }.boxed()
    }

    fn jobs(&self) -> BoxFuture<'_, Result<Vec<(Pubkey, Job)>, ChainError>> {
        async move { Ok(living_jobs(&self.client, &self.owner).await?) }.boxed()
    }

    fn time(&self) -> BoxFuture<'_, Result<i64, ChainError>> {
        async move { Ok(self.client.chain_time().await?) }.boxed()
    }

    fn send(&self, actions: Vec<Action>) -> BoxFuture<'_, Result<Signature, ChainError>> {
        async move {
            let instructions: Vec<Instruction> = actions.iter().flat_map(|action| self.instructions(action)).collect();
            Ok(self.client.send(&instructions, &self.key, &[]).await?.signature)
        }
        .boxed()
    }
}
