//! Sends what the wallet signs.

use anyhow::{Context as _, Result};
use gantry_sdk::{
    Instruction, Keypair, Signer,
    client::{ClientError, Confirmed},
};
use solana_transaction_error::TransactionError;

use crate::{context::Context, failure::Failure};

/// Sends instructions that `wallet` signs and pays for, and waits until they are confirmed. `what` completes "cannot …".
pub(crate) async fn send(
    context: &Context,
    what: &str,
    wallet: &Keypair,
    instructions: &[Instruction],
) -> Result<Confirmed> {
    let _progress = context.output.progress("Waiting for the chain to confirm");
    let sent = context.client.send(instructions, wallet, &[]).await;
    sent.map_err(|error| {
        if lacks_lamports(&error) {
            let wallet = wallet.pubkey();
            return Failure::Refused(format!(
                "the wallet {wallet} has too little SOL for the network's fee and rent; send it some"
            ))
            .into();
        }
        anyhow::Error::new(error)
    })
    .with_context(|| format!("cannot {what}"))
}

/// Whether the payer is the reason: it has never been funded, or not enough.
fn lacks_lamports(error: &ClientError) -> bool {
    let ClientError::Refused { error, logs, .. } = error else {
        return false;
    };
    let says_so = || logs.iter().any(|line| line.contains("insufficient lamports"));
    match error {
        TransactionError::AccountNotFound
        | TransactionError::InsufficientFundsForFee
        | TransactionError::InsufficientFundsForRent { .. } => true,
        TransactionError::InstructionError(..) => says_so(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(error: TransactionError, logs: &[&str]) -> ClientError {
        let logs = logs.iter().map(|line| (*line).to_owned()).collect();
        ClientError::Refused {
            message: String::new(),
            error,
            logs,
        }
    }

    #[test]
    fn a_wallet_without_sol_is_recognised() {
        assert!(lacks_lamports(&refused(TransactionError::AccountNotFound, &[])));
        assert!(!lacks_lamports(&refused(TransactionError::BlockhashNotFound, &[])));
        assert!(!lacks_lamports(&ClientError::Expired(3)));
    }
}
