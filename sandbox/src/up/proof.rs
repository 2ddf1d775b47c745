//! The bill once more, computed here from the chain's own record, apart from what `gantry` says.

use anyhow::{Context, Result, ensure};
use gantry_sdk::{
    Pubkey, client::Client, history::transactions_of, market::state::Job, market::state::JobState, verify::verify,
};
use serde_json::Value;

/// Recomputes the job's bill and compares it with the result that `gantry run` printed.
pub(crate) async fn check(rpc_url: &str, job: &str, result: &Value) -> Result<()> {
    let address: Pubkey = job.parse().context("the job's address is no address")?;
    let client = Client::new(rpc_url);
    let account: Job = client.get(&address).await?;
    let transactions = transactions_of(&client, &address).await?;
    let bill = verify(address, &account, client.genesis_hash().await?, &transactions)?;
    ensure!(
        bill.state == JobState::Closed,
        "the job is {:?} instead of closed",
        bill.state
    );
    let amounts = [
        ("metered_ms", bill.metered_ms),
        ("rate", bill.rate),
        ("escrow", bill.escrow),
        ("owed", bill.bill.owed.0),
        ("paid", bill.bill.paid.0),
        ("fee", bill.bill.fee.0),
        ("refund", bill.bill.refund.0),
    ];
    for (name, amount) in amounts {
        let said = result[name].as_str().and_then(|text| text.parse::<u64>().ok());
        ensure!(
            said == Some(amount),
            "{name}: `gantry run` says {}, the chain {amount}",
            result[name]
        );
    }
    ensure!(
        bill.metered_ms > 0 && bill.bill.paid.0 > 0,
        "nothing was metered or paid"
    );
    Ok(())
}
