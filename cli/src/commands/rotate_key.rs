//! `gantry rotate-key`: gives a job a new session key.

use anyhow::Result;
use gantry_sdk::{Keypair, Signer, instruction::market::session_rotate, market::state::Job};
use serde_json::json;

use crate::{arguments::RotateKeyArguments, context::Context, failure::Failure, output::list, transact};

/// Rotates the key. The new one is on disk before the transaction leaves, and beside the old one, since only the chain says which one
/// counts: whatever is killed when, the key that the chain names is here.
pub(crate) async fn run(context: &Context, arguments: &RotateKeyArguments) -> Result<()> {
    let address = context.store.resolve(&arguments.job)?;
    let directory = context.store.job(&address);
    // Without the record nobody could go on with the job here.
    directory.record()?;
    let wallet = context.wallet()?;
    let job: Job = context.client.get(&address).await?;
    if job.tenant != wallet.pubkey() {
        let owner = job.tenant;
        return Err(Failure::Refused(format!("job {address} belongs to {owner}; sign with that wallet")).into());
    }
    let key = Keypair::new();
    directory.save_session_key(&key)?;
    let rotate = session_rotate(address, &job, key.pubkey());
    let sent = transact::send(context, "rotate the session key", &wallet, &[rotate]).await?;
    let text = list(&[
        ("Job", address.to_string()),
        ("Session key", key.pubkey().to_string()),
        (
            "Former key",
            format!(
                "{}, whose receipts count for {} s more",
                job.session_key, job.grace_window_s
            ),
        ),
        ("Transaction", sent.signature.to_string()),
    ]);
    let object = json!({
        "job": address.to_string(),
        "session_key": key.pubkey().to_string(),
        "former_session_key": job.session_key.to_string(),
        "signature": sent.signature.to_string(),
    });
    context.output.show(&object, &text)?;
    Ok(())
}
