//! Token accounts of wallets.

use anyhow::Result;
use gantry_sdk::{
    Instruction, Pubkey, address,
    client::{Client, ClientError},
};
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;

use crate::failure::Failure;

/// Where a token account holds its amount.
const AMOUNT_AT: usize = 64;

/// A wallet's associated token account of one mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenAccount {
    /// Its address.
    pub(crate) address: Pubkey,
    owner: Pubkey,
    mint: Pubkey,
    token_program: Pubkey,
}

impl TokenAccount {
    /// The account of `owner` in `mint`.
    #[must_use]
    pub(crate) fn new(owner: Pubkey, mint: Pubkey, token_program: Pubkey) -> Self {
        let address = address::associated_token(&owner, &mint, &token_program);
        Self {
            address,
            owner,
            mint,
            token_program,
        }
    }

    /// Base units in it; `None` when there is no such account.
    pub(crate) async fn amount(&self, client: &Client) -> Result<Option<u64>, ClientError> {
        let data = client.data(&self.address).await?;
        Ok(data.as_deref().and_then(read_amount))
    }

    /// Creates it; changes nothing when it exists by then.
    #[must_use]
    pub(crate) fn create(&self, payer: &Pubkey) -> Instruction {
        create_associated_token_account_idempotent(payer, &self.owner, &self.mint, &self.token_program)
    }
}

fn read_amount(data: &[u8]) -> Option<u64> {
    let bytes = data.get(AMOUNT_AT..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

/// The token program that owns a mint.
pub(crate) async fn program_of(client: &Client, mint: &Pubkey) -> Result<Pubkey> {
    let url = client.url();
    let found = client
        .rpc()
        .get_account_with_commitment(mint, client.rpc().commitment())
        .await;
    let found = found.map_err(|error| Failure::Unreachable(format!("the RPC endpoint {url} failed: {error}")))?;
    let account = found
        .value
        .ok_or_else(|| Failure::Refused(format!("there is no mint at {mint}")))?;
    Ok(account.owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_where_the_token_program_keeps_it() {
        let mut data = vec![0; 165];
        data[AMOUNT_AT..AMOUNT_AT + 8].copy_from_slice(&7u64.to_le_bytes());
        assert_eq!(read_amount(&data), Some(7));
        assert_eq!(read_amount(&data[..71]), None);
    }
}
