//! What happened to a job on chain, line by line.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use gantry_sdk::{
    Pubkey,
    client::Client,
    event::Event,
    history::{JobTransaction, transactions_of},
};

use super::genesis::USDC;

/// Seconds between slots, for times finer than the chain's own clock.
const SLOT_S: f64 = 0.4;

/// The job's transactions with what each did.
pub(crate) async fn of(rpc_url: &str, job: &str) -> Result<String> {
    let address: Pubkey = job.parse().context("the job's address is no address")?;
    let transactions = transactions_of(&Client::new(rpc_url), &address).await?;
    let first_slot = transactions.first().map_or(0, |first| first.slot);
    let mut text = String::new();
    for transaction in &transactions {
        let events = transaction
            .events
            .iter()
            .filter_map(|logged| logged.event.as_ref().ok());
        let mut cost = cost(transaction);
        for what in events.filter_map(|event| in_words(event, &address)) {
            let slots = transaction.slot.saturating_sub(first_slot);
            // Far below the 2⁵³ slots from which on a float would round.
            let seconds = slots as f64 * SLOT_S;
            let line = format!("  slot {:<5} +{seconds:>5.1} s  {what:<80} {cost}", transaction.slot);
            writeln!(text, "{}", line.trim_end())?;
            // Once per transaction, however much it does.
            cost.clear();
        }
    }
    Ok(text)
}

/// A transaction's compute units and the beginning of its signature.
fn cost(transaction: &JobTransaction) -> String {
    let units = transaction.compute_units.unwrap_or_default();
    let signature: String = transaction.signature.to_string().chars().take(12).collect();
    format!("{units:>6} CU  {signature}…")
}

fn in_words(event: &Event, job: &Pubkey) -> Option<String> {
    Some(match event {
        Event::JobOpened(opened) if opened.job == *job => {
            format!(
                "opened: {} set aside in escrow, provider's stake reserved",
                usdc(opened.escrow)
            )
        }
        Event::JobStarted(started) if started.job == *job => "started: metering begins".into(),
        Event::JobSettled(settled) if settled.job == *job => {
            let last = if settled.is_final == 1 { " (final)" } else { "" };
            let paid = usdc(settled.paid_now);
            format!(
                "settled: receipt {}{last} over {} ms pays the provider {paid}",
                settled.sequence, settled.metered_ms
            )
        }
        Event::JobStopped(stopped) if stopped.job == *job => "stopped by the tenant".into(),
        Event::JobClosed(closed) if closed.job == *job => {
            format!(
                "closed: {} paid, {} fee, {} back to the tenant",
                usdc(closed.paid),
                usdc(closed.fee),
                usdc(closed.refund)
            )
        }
        _ => return None,
    })
}

fn usdc(atoms: u64) -> String {
    format!("{}.{:06} USDC", atoms / USDC, atoms % USDC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_show_every_atom() {
        assert_eq!(usdc(1), "0.000001 USDC");
        assert_eq!(usdc(12_345_678), "12.345678 USDC");
    }
}
