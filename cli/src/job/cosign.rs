//! Signs the provider's receipts, after comparing each with the tenant's own clock.

use std::time::{Duration, Instant};

use gantry_sdk::{
    Keypair, Pubkey, Signature, Signer as _,
    client::Client,
    market::state::Job,
    protocol::Receipt,
    receipt::{CoSignedReceipt, sign, verify},
    wire::{Countersignature, SignedReceipt},
};

use super::guard::{Guard, Limits, Refusal, Stopwatch};
use crate::{
    agent::{Agent, AgentError, patiently},
    failure::Failure,
    progress::Progress,
    state::JobDirectory,
};

/// Pause after a receipt that was refused, or an agent that did not answer.
const PAUSE: Duration = Duration::from_millis(400);
/// How long a signature is offered to an agent that does not take it; the next receipt replaces it anyway.
const DELIVERY: Duration = Duration::from_secs(5);

/// The tenant's side of the exchange of receipts.
pub(crate) struct Cosigner<'a> {
    /// Whose receipts are signed.
    pub(crate) agent: &'a Agent,
    /// Tells the provider's current key.
    pub(crate) client: &'a Client,
    /// The job.
    pub(crate) job: Pubkey,
    /// The provider's key as last read.
    pub(crate) attestation_key: Pubkey,
    /// Where signed receipts are kept.
    pub(crate) directory: &'a JobDirectory,
    /// What may be signed.
    pub(crate) guard: Guard,
    /// The tenant's own clock.
    pub(crate) stopwatch: Stopwatch,
    /// What ends the time that is paid for, as far as that is known.
    pub(crate) limits: &'a Limits,
    /// How long receipts may be refused before the provider is given up.
    pub(crate) patience: Duration,
    /// Where warnings go.
    pub(crate) progress: &'a Progress,
}

impl Cosigner<'_> {
    /// Signs receipts until the final one, which it returns.
    pub(crate) async fn run(mut self) -> Result<CoSignedReceipt, Failure> {
        let mut newest = self
            .directory
            .receipt()
            .map_err(|error| Failure::Provider(format!("{error:#}")))?;
        let mut delivered = 0;
        let mut refused_since: Option<Instant> = None;
        loop {
            let offered = match self.agent.receipt(delivered).await {
                Ok(None) => continue,
                Ok(Some(offered)) => offered,
                Err(error @ AgentError::WrongKey(_)) => return Err(Failure::Provider(error.to_string())),
                Err(error) => {
                    tracing::debug!(%error, "asking for receipts again");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            match self.decide(&offered, newest.as_ref()).await {
                Ok(signed) => {
                    refused_since = None;
                    let taken = self.deliver(&signed).await;
                    if signed.receipt.is_final() {
                        return Ok(signed);
                    }
                    if taken {
                        delivered = signed.receipt.sequence;
                    } else {
                        tokio::time::sleep(PAUSE).await;
                    }
                    newest = Some(signed);
                }
                Err(reason) => {
                    let since = *refused_since.get_or_insert_with(|| {
                        self.progress
                            .say(format!("warning: a receipt was not signed: {reason}"));
                        Instant::now()
                    });
                    if since.elapsed() > self.patience {
                        return Err(Failure::Provider(format!(
                            "the provider keeps sending receipts that cannot be signed: {reason}"
                        )));
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Signs a receipt and writes it to disk, or says why not.
    async fn decide(
        &mut self,
        offered: &SignedReceipt,
        newest: Option<&CoSignedReceipt>,
    ) -> Result<CoSignedReceipt, String> {
        let (receipt, provider_signature) = offered.read().map_err(|error| error.to_string())?;
        let session_key = self.agent.session_key();
        // Signed already, but the agent does not know: it was restarted before our signature reached its disk, or the key was rotated.
        if let Some(known) = newest.filter(|known| known.receipt == receipt) {
            return self.signed_again(known, &session_key);
        }
        self.require_provider(&receipt, &provider_signature).await?;
        let passed_ms = self.limits.ended_ms().unwrap_or_else(|| self.stopwatch.passed_ms());
        let stopped_ms = self.limits.stopped_ms();
        let mut checked = self.guard.check(&receipt, passed_ms, stopped_ms);
        if let Err(Refusal::BeyondRent { .. }) = checked {
            self.look_for_extension().await?;
            checked = self.guard.check(&receipt, passed_ms, stopped_ms);
        }
        checked.map_err(|refusal| refusal.to_string())?;
        let signed = CoSignedReceipt {
            receipt,
            provider_key: self.attestation_key,
            provider_signature,
            tenant_key: session_key.pubkey(),
            tenant_signature: sign(&session_key, &receipt),
        };
        self.keep(&signed)?;
        self.guard.remember(&receipt);
        tracing::debug!(
            sequence = receipt.sequence,
            metered_ms = receipt.metered_ms,
            "signed a receipt"
        );
        Ok(signed)
    }

    /// A receipt that was signed before, under the session key of now: the agent takes no other.
    fn signed_again(&self, known: &CoSignedReceipt, session_key: &Keypair) -> Result<CoSignedReceipt, String> {
        if known.tenant_key == session_key.pubkey() {
            return Ok(known.clone());
        }
        let signed = CoSignedReceipt {
            tenant_key: session_key.pubkey(),
            tenant_signature: sign(session_key, &known.receipt),
            ..known.clone()
        };
        self.keep(&signed)?;
        Ok(signed)
    }

    fn keep(&self, signed: &CoSignedReceipt) -> Result<(), String> {
        let kept = self.directory.save_receipt(signed);
        kept.map_err(|error| format!("{error:#}"))
    }

    /// The job may have been extended since it was last read.
    async fn look_for_extension(&mut self) -> Result<(), String> {
        let job: Job = self.client.get(&self.job).await.map_err(|error| error.to_string())?;
        self.guard.rented_ms = u64::from(job.max_duration_s) * 1_000;
        Ok(())
    }

    /// Checks the provider's signature; its key may have been rotated since it was last read.
    async fn require_provider(&mut self, receipt: &Receipt, signature: &Signature) -> Result<(), String> {
        if verify(&self.attestation_key, signature, receipt).is_ok() {
            return Ok(());
        }
        let job: Job = self.client.get(&self.job).await.map_err(|error| error.to_string())?;
        self.attestation_key = job.attestation_key;
        verify(&self.attestation_key, signature, receipt).map_err(|error| error.to_string())
    }

    /// Hands the signature over; `false` when the agent did not take it, which loses nothing: it will ask again.
    async fn deliver(&self, signed: &CoSignedReceipt) -> bool {
        let signature = Countersignature::new(signed);
        let outcome = patiently(DELIVERY, async || self.agent.countersign(&signature).await).await;
        if let Err(error) = &outcome {
            tracing::debug!(%error, "the agent did not take a signature");
        }
        outcome.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{agent::impostor::Impostor, output::Output, state::Store};
    use gantry_protocol::receipt::FLAG_FINAL;

    const JOB: Pubkey = Pubkey::new_from_array([1; 32]);

    fn receipt(metered_ms: u64) -> Receipt {
        Receipt {
            genesis_hash: [2; 32],
            job: JOB.to_bytes(),
            sequence: 1,
            metered_ms,
            time_ms: 0,
            flags: FLAG_FINAL,
            samples_root: [0; 32],
        }
    }

    /// What comes of a provider that offers this receipt and no other, how many signatures it got, and what is on disk then.
    async fn offered(
        receipt: Receipt,
        signs: &Keypair,
        known: &Keypair,
    ) -> (Result<CoSignedReceipt, Failure>, usize, bool) {
        let body = serde_json::to_string(&SignedReceipt::new(&receipt, &sign(signs, &receipt))).unwrap();
        let server = Impostor::start("200 OK", body);
        let (session_key, patience) = (Keypair::new(), Duration::from_millis(900));
        let agent = Agent::new(&server.endpoint, server.key_hash, JOB, &session_key, patience).unwrap();
        let root = tempfile::tempdir().unwrap();
        let directory = Store::new(root.path()).job(&JOB);
        directory.create().unwrap();
        let cosigner = Cosigner {
            agent: &agent,
            client: &Client::new("http://127.0.0.1:1"),
            job: JOB,
            attestation_key: known.pubkey(),
            directory: &directory,
            guard: Guard {
                job: JOB.to_bytes(),
                genesis_hash: [2; 32],
                rented_ms: 60_000,
                signed: None,
            },
            stopwatch: Stopwatch::started(Duration::from_secs(5)),
            limits: &Limits::new(None),
            patience,
            progress: &Output::new(true).progress(""),
        };
        let outcome = cosigner.run().await;
        let asked = server.asked.lock().unwrap();
        let signatures = asked.iter().filter(|asked| asked.head[0].starts_with("POST")).count();
        (outcome, signatures, directory.receipt().unwrap().is_some())
    }

    #[tokio::test]
    async fn an_honest_receipt_is_signed_kept_and_handed_over() {
        let provider = Keypair::new();
        let (outcome, signatures, is_kept) = offered(receipt(4_900), &provider, &provider).await;
        let signed = outcome.unwrap();
        signed.verify().unwrap();
        assert_eq!((signed.receipt, signatures, is_kept), (receipt(4_900), 1, true));
    }

    #[tokio::test]
    async fn what_the_former_session_key_signed_is_signed_again_by_the_new_one() {
        let (provider, former) = (Keypair::new(), Keypair::new());
        let made = receipt(4_900);
        let body = serde_json::to_string(&SignedReceipt::new(&made, &sign(&provider, &made))).unwrap();
        let server = Impostor::start("200 OK", body);
        let patience = Duration::from_millis(900);
        let agent = Agent::new(&server.endpoint, server.key_hash, JOB, &former, patience).unwrap();
        let root = tempfile::tempdir().unwrap();
        let directory = Store::new(root.path()).job(&JOB);
        directory.create().unwrap();
        let by_former = CoSignedReceipt {
            receipt: made,
            provider_key: provider.pubkey(),
            provider_signature: sign(&provider, &made),
            tenant_key: former.pubkey(),
            tenant_signature: sign(&former, &made),
        };
        directory.save_receipt(&by_former).unwrap();
        let present = Keypair::new();
        agent.sign_with(present.insecure_clone());
        let cosigner = Cosigner {
            agent: &agent,
            client: &Client::new("http://127.0.0.1:1"),
            job: JOB,
            attestation_key: provider.pubkey(),
            directory: &directory,
            guard: Guard {
                job: JOB.to_bytes(),
                genesis_hash: [2; 32],
                rented_ms: 60_000,
                signed: Some((1, 4_900)),
            },
            stopwatch: Stopwatch::started(Duration::from_secs(5)),
            limits: &Limits::new(None),
            patience,
            progress: &Output::new(true).progress(""),
        };
        let signed = cosigner.run().await.unwrap();
        signed.verify().unwrap();
        assert_eq!((signed.receipt, signed.tenant_key), (made, present.pubkey()));
        assert_eq!(directory.receipt().unwrap(), Some(signed));
    }

    #[tokio::test]
    async fn a_receipt_for_more_time_than_passed_is_never_signed_and_its_provider_is_given_up() {
        let provider = Keypair::new();
        let (outcome, signatures, is_kept) = offered(receipt(30_000), &provider, &provider).await;
        let failure = outcome.unwrap_err().to_string();
        assert!(
            failure.contains("30000 ms") && failure.contains("keeps sending"),
            "{failure}"
        );
        assert_eq!((signatures, is_kept), (0, false));
    }

    #[tokio::test]
    async fn a_receipt_under_a_strangers_key_is_never_signed() {
        let (outcome, signatures, is_kept) = offered(receipt(4_900), &Keypair::new(), &Keypair::new()).await;
        assert!(outcome.is_err());
        assert_eq!((signatures, is_kept), (0, false));
    }
}
