//! A job's bill, recomputed from the chain alone, for people and for machines.

use std::time::Duration;

use anyhow::Result;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use gantry_sdk::{
    Pubkey,
    client::ClientError,
    history::{self, JobTransaction},
    market::state::{Job, JobState, Node},
    verify::{self, VerifiedBill, VerifiedClaim, VerifiedSettlement},
};
use serde_json::{Value, json};

use crate::{
    amount,
    context::Context,
    failure::Failure,
    mint::Mint,
    output::{list, number},
    period,
    table::Table,
};

/// How often a disagreement is looked at again: account and history come from different requests, between which a job moves on.
const MAX_LOOKS: u32 = 4;
/// Pause before the next look.
const PAUSE: Duration = Duration::from_millis(500);

/// A bill with everything that it was computed from.
#[derive(Debug)]
pub(crate) struct ChainBill {
    /// The job's account.
    pub(crate) job: Job,
    /// What it is paid in.
    pub(crate) mint: Mint,
    /// The computation, found equal to the account.
    pub(crate) bill: VerifiedBill,
    /// Whether the node's GPUs are simulated; unknown when there is no such node any more.
    pub(crate) simulated: Option<bool>,
    /// All transactions of the job, oldest first.
    pub(crate) transactions: Vec<JobTransaction>,
}

/// Reads a job's account and transactions from the chain and recomputes its bill.
pub(crate) async fn from_chain(context: &Context, address: &Pubkey) -> Result<ChainBill> {
    let client = &context.client;
    let progress = context.output.progress("Reading the job's transactions");
    let genesis_hash = client.genesis_hash().await?;
    let mut looks = 0;
    loop {
        let found = match client.find::<Job>(address).await {
            Err(ClientError::Decode { .. }) => None,
            found => found?,
        };
        let job = found.ok_or_else(|| {
            Failure::Refused(format!(
                "there is no job at {address} on {}; list yours with `gantry ps`",
                client.url()
            ))
        })?;
        let transactions = history::transactions_of(client, address).await?;
        looks += 1;
        match verify::verify(*address, &job, genesis_hash, &transactions) {
            Ok(bill) => {
                let mint = Mint::find(client, &job.mint).await?;
                let node = client.find::<Node>(&job.node).await?;
                let simulated = node.map(|node| node.simulated == 1);
                return Ok(ChainBill {
                    job,
                    mint,
                    bill,
                    simulated,
                    transactions,
                });
            }
            Err(discrepancy) if looks >= MAX_LOOKS => {
                return Err(
                    Failure::Disagreement(format!("the bill of job {address} is not right: {discrepancy}")).into(),
                );
            }
            Err(_) => {
                progress.doing("The job has just moved on; reading it again");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

impl ChainBill {
    /// Compute units of all transactions together, as far as the endpoint tells them.
    fn compute_units(&self) -> u64 {
        self.transactions
            .iter()
            .filter_map(|transaction| transaction.compute_units)
            .sum()
    }

    fn gpus(&self) -> String {
        let simulated = if self.simulated == Some(true) { "simulated " } else { "" };
        counted(usize::from(self.job.gpus), &format!("{simulated}GPU"))
    }

    /// Whether nothing can change any more.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.bill.state, JobState::Closed | JobState::Cancelled)
    }

    /// For machines.
    #[must_use]
    pub(crate) fn object(&self) -> Value {
        let (job, bill, mint) = (&self.job, &self.bill, &self.mint);
        let sums = [
            ("escrow", bill.escrow),
            ("owed", bill.bill.owed.0),
            ("paid", bill.bill.paid.0),
            ("fee", bill.bill.fee.0),
            ("refund", bill.bill.refund.0),
        ];
        let tokens: serde_json::Map<_, _> = sums
            .iter()
            .map(|(name, atoms)| ((*name).to_owned(), mint.show(*atoms).into()))
            .collect();
        let mut object = json!({
            "job": bill.job.to_string(),
            "state": state_name(Some(bill.state)),
            "tenant": job.tenant.to_string(),
            "provider": job.provider.to_string(),
            "node": job.node.to_string(),
            "mint": mint.address.to_string(),
            "decimals": mint.decimals,
            "gpus": job.gpus,
            "simulated": self.simulated,
            "rate": number(bill.rate),
            "tokens_per_hour": mint.show_hourly(bill.rate),
            "fee_bps": bill.fee_bps,
            "max_duration_s": job.max_duration_s,
            "metered_ms": number(bill.metered_ms),
            "tokens": tokens,
            "samples_root": hex::encode(job.samples_root),
            "receipts": number(job.sequence),
            "final": job.is_final == 1,
            "opened_at": job.opened_at,
            "started_at": job.started_at,
            "stopped_at": job.stopped_at,
            "ended_at": job.ended_at,
            "settlements": bill.settlements.iter().map(settlement_object).collect::<Vec<_>>(),
            "claims": bill.claims.iter().map(claim_object).collect::<Vec<_>>(),
            "transactions": self.transactions.iter().map(transaction_object).collect::<Vec<_>>(),
            "compute_units": number(self.compute_units()),
        });
        for (name, atoms) in sums {
            object[name] = number(atoms);
        }
        object
    }

    /// For people.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        let (job, bill, mint) = (&self.job, &self.bill, &self.mint);
        let refund = if self.has_ended() { "Refund" } else { "Unused so far" };
        let width = mint.show_exact(bill.escrow).len();
        let sum = |atoms: u64| format!("{:>width$}", mint.show_exact(atoms));
        let fee_percent = amount::show(u64::from(bill.fee_bps), 2);
        let rate = format!(
            "{} per hour for {} (rate {})",
            mint.show_hourly(bill.rate),
            self.gpus(),
            bill.rate
        );
        let metered = format!(
            "{} ms ({}), {} settled",
            bill.metered_ms,
            period::show_ms(bill.metered_ms),
            counted(bill.settlements.len(), "receipt")
        );
        let entries = [
            ("Job", bill.job.to_string()),
            ("State", state_name(Some(bill.state)).to_owned()),
            ("Provider", job.provider.to_string()),
            ("Node", job.node.to_string()),
            ("Mint", mint.address.to_string()),
            ("Rate", rate),
            ("Metered", metered),
            ("Escrow", sum(bill.escrow)),
            ("Owed", sum(bill.bill.owed.0)),
            ("  paid", sum(bill.bill.paid.0)),
            ("  fee", format!("{} ({fee_percent} %)", sum(bill.bill.fee.0))),
            (refund, sum(bill.bill.refund.0)),
        ];
        let mut table = Table::new(&["TRANSACTION", "#SLOT", "#CU", "#PAID", "SIGNATURE"]);
        for transaction in &self.transactions {
            let paid: Vec<u64> = self.paid_by(transaction).collect();
            let total = paid.iter().sum();
            table.row([
                events(transaction).join(", "),
                transaction.slot.to_string(),
                transaction
                    .compute_units
                    .map_or_else(String::new, |units| units.to_string()),
                if paid.is_empty() {
                    String::new()
                } else {
                    mint.show_exact(total)
                },
                transaction.signature.to_string(),
            ]);
        }
        let mut text = format!("{}\n{}\n", list(&entries), table.render());
        if let Some(last) = bill.settlements.last() {
            let receipt = &last.receipt;
            text.push_str(&format!(
                "\nLast receipt: number {}, {} ms{}\n  provider's signature {}\n  tenant's signature   {}\n",
                receipt.receipt.sequence,
                receipt.receipt.metered_ms,
                if receipt.receipt.is_final() { ", final" } else { "" },
                receipt.provider_signature,
                receipt.tenant_signature,
            ));
        }
        for claim in bill.claims.iter().filter(|claim| claim.paid_now > 0) {
            let receipt = &claim.receipt.receipt;
            text.push_str(&format!(
                "\nClaimed by the provider alone: receipt {}, up to {} ms, {}\n  provider's signature {}\n",
                receipt.sequence,
                receipt.metered_ms,
                mint.show_exact(claim.paid_now),
                claim.receipt.signature,
            ));
        }
        text
    }

    /// What the payments of a transaction paid, each.
    fn paid_by<'a>(&'a self, transaction: &'a JobTransaction) -> impl Iterator<Item = u64> {
        let settlements = self.bill.settlements.iter();
        let settled = settlements.map(|settlement| (settlement.signature, settlement.paid_now));
        let claims = self.bill.claims.iter().map(|claim| (claim.signature, claim.paid_now));
        settled
            .chain(claims)
            .filter(|(signature, _)| *signature == transaction.signature)
            .map(|(_, paid)| paid)
    }
}

/// `1 receipt`, `2 receipts`.
#[must_use]
pub(crate) fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What a transaction did, in the words of the programs' events, each once.
fn events(transaction: &JobTransaction) -> Vec<&'static str> {
    let mut names = vec![];
    for event in transaction
        .events
        .iter()
        .filter_map(|logged| logged.event.as_ref().ok())
    {
        if !names.contains(&event.name()) {
            names.push(event.name());
        }
    }
    names
}

fn settlement_object(settlement: &VerifiedSettlement) -> Value {
    let signed = &settlement.receipt;
    json!({
        "signature": settlement.signature.to_string(),
        "slot": number(settlement.slot),
        "compute_units": settlement.compute_units.map(number),
        "sequence": number(signed.receipt.sequence),
        "metered_ms": number(signed.receipt.metered_ms),
        "final": signed.receipt.is_final(),
        "paid_now": number(settlement.paid_now),
        "paid": number(settlement.paid),
        "fee": number(settlement.fee),
        "receipt": BASE64.encode(signed.receipt.to_bytes()),
        "provider_key": signed.provider_key.to_string(),
        "provider_signature": signed.provider_signature.to_string(),
        "tenant_key": signed.tenant_key.to_string(),
        "tenant_signature": signed.tenant_signature.to_string(),
    })
}

fn claim_object(claim: &VerifiedClaim) -> Value {
    let signed = &claim.receipt;
    json!({
        "signature": claim.signature.to_string(),
        "slot": number(claim.slot),
        "sequence": number(signed.receipt.sequence),
        "metered_ms": number(signed.receipt.metered_ms),
        "paid_now": number(claim.paid_now),
        "receipt": BASE64.encode(signed.receipt.to_bytes()),
        "provider_key": signed.key.to_string(),
        "provider_signature": signed.signature.to_string(),
    })
}

fn transaction_object(transaction: &JobTransaction) -> Value {
    json!({
        "signature": transaction.signature.to_string(),
        "slot": number(transaction.slot),
        "events": events(transaction),
        "compute_units": transaction.compute_units.map(number),
        "network_fee_lamports": number(transaction.network_fee_lamports),
    })
}

/// A state's name in text and JSON.
#[must_use]
pub(crate) fn state_name(state: Option<JobState>) -> &'static str {
    match state {
        Some(JobState::Open) => "open",
        Some(JobState::Running) => "running",
        Some(JobState::Stopped) => "stopped",
        Some(JobState::Closed) => "closed",
        Some(JobState::Cancelled) => "cancelled",
        None => "unknown",
    }
}

#[cfg(test)]
pub(crate) mod tests;
