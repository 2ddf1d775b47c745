//! `gantry verify`: one bill from two sources, compared to the atom.

mod mirror;

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use gantry_sdk::Pubkey;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    arguments::VerifyArguments,
    bill::{self, ChainBill, counted},
    context::Context,
    failure::{self, Failure, UNCONFIRMED},
    indexer::Proof,
};

/// How long an indexer that lags behind the chain is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a living job is looked at before a difference counts.
const MAX_ROUNDS: u32 = 4;
/// Pause before anybody is asked again.
const PAUSE: Duration = Duration::from_millis(250);

/// One thing that was looked at.
struct Check {
    source: &'static str,
    outcome: Outcome,
    what: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Agrees,
    Differs,
    NotAsked,
}

impl Check {
    fn line(&self) -> String {
        let mark = match self.outcome {
            Outcome::Agrees => '✓',
            Outcome::Differs => '✗',
            Outcome::NotAsked => '?',
        };
        format!("{mark} {}: {}", self.source, self.what)
    }

    fn object(&self) -> Value {
        let outcome = match self.outcome {
            Outcome::Agrees => "agrees",
            Outcome::Differs => "differs",
            Outcome::NotAsked => "not asked",
        };
        json!({ "source": self.source, "outcome": outcome, "what": self.what })
    }
}

/// Recomputes the bill from the chain alone, then from the indexer, and compares them.
pub(crate) async fn run(context: &Context, arguments: &VerifyArguments) -> Result<ExitCode> {
    let job = context.store.resolve(&arguments.job)?;
    let mut round = 1;
    loop {
        let (bill, checks) = look(context, &job, arguments.chain_only).await?;
        let differs = checks.iter().any(|check| check.outcome == Outcome::Differs);
        // While a job lives it may be settled between two questions, and then honest answers differ.
        let may_have_moved = bill.as_ref().is_some_and(|bill| !bill.has_ended());
        if !differs || !may_have_moved || round == MAX_ROUNDS {
            return report(context, &job, bill.as_ref(), &checks);
        }
        round += 1;
        sleep(PAUSE).await;
    }
}

/// Asks chain and indexer once.
async fn look(context: &Context, job: &Pubkey, chain_only: bool) -> Result<(Option<ChainBill>, Vec<Check>)> {
    let mut checks = vec![];
    let bill = match from_chain(context, job, &mut checks).await {
        Ok(bill) => bill,
        Err(error) if failure::is_disagreement(&error) => {
            checks.push(Check {
                source: "chain",
                outcome: Outcome::Differs,
                what: failure::in_words(&error),
            });
            return Ok((None, checks));
        }
        Err(error) => return Err(error),
    };
    if !chain_only {
        ask_indexer(context, &bill, &mut checks).await?;
    }
    Ok((Some(bill), checks))
}

fn report(context: &Context, job: &Pubkey, bill: Option<&ChainBill>, checks: &[Check]) -> Result<ExitCode> {
    let has = |outcome| checks.iter().any(|check| check.outcome == outcome);
    let (code, verdict) = match (has(Outcome::Differs), has(Outcome::NotAsked)) {
        (true, _) => (
            failure::DISAGREEMENT,
            "NOT verified: what is marked with ✗ does not agree.",
        ),
        (_, true) => (
            UNCONFIRMED,
            "The chain's record is right; the indexer could not be asked (use --chain-only to leave it out).",
        ),
        _ => (0, "Verified to the atom."),
    };
    let object = json!({
        "verified": code == 0,
        "job": job.to_string(),
        "checks": checks.iter().map(Check::object).collect::<Vec<_>>(),
        "bill": bill.map(ChainBill::object),
    });
    let lines: Vec<String> = checks.iter().map(Check::line).collect();
    let text = format!(
        "{}\n{verdict}\n\n{}",
        lines.join("\n"),
        bill.map(ChainBill::text).unwrap_or_default()
    );
    context.output.show(&object, &text)?;
    Ok(ExitCode::from(code))
}

async fn from_chain(context: &Context, job: &Pubkey, checks: &mut Vec<Check>) -> Result<ChainBill> {
    let bill = bill::from_chain(context, job).await?;
    let genesis_hash = context.client.genesis_hash().await?;
    if bill.job.genesis_hash != genesis_hash {
        let (named, asked) = (Pubkey::from(bill.job.genesis_hash), Pubkey::from(genesis_hash));
        return Err(Failure::Disagreement(format!("the job names the cluster {named}, but this is {asked}")).into());
    }
    let agreed = [
        format!(
            "{} read, from the opening on, of this cluster",
            counted(bill.transactions.len(), "transaction")
        ),
        format!(
            "{}, each on a newer receipt with both signatures",
            counted(bill.bill.settlements.len(), "settlement")
        ),
        "each payment is what its receipt's metered time costs, less what was paid before".to_owned(),
        "owed, paid, fee and refund of the account equal the computation".to_owned(),
    ];
    checks.extend(agreed.map(|what| Check {
        source: "chain",
        outcome: Outcome::Agrees,
        what,
    }));
    Ok(bill)
}

/// Recomputes from the indexer's evidence; that it is away is an outcome of its own.
async fn ask_indexer(context: &Context, bill: &ChainBill, checks: &mut Vec<Check>) -> Result<()> {
    let mut add = |outcome, what| {
        checks.push(Check {
            source: "indexer",
            outcome,
            what,
        })
    };
    let proof = match up_to_date(context, bill).await {
        Ok(proof) => proof,
        Err(Failure::Unreachable(why)) => {
            add(Outcome::NotAsked, why);
            return Ok(());
        }
        Err(other) => return Err(other.into()),
    };
    match mirror::recompute(bill.bill.job, &proof) {
        Err(why) => add(Outcome::Differs, why.to_string()),
        Ok(mirrored) => {
            add(
                Outcome::Agrees,
                format!(
                    "{} served, signatures and amounts computed again",
                    counted(mirrored.settlements.len(), "receipt")
                ),
            );
            match mirrored.compare(bill) {
                Err(why) => add(Outcome::Differs, why.to_string()),
                Ok(()) => add(
                    Outcome::Agrees,
                    "every settlement and sum equals the chain's, to the atom".to_owned(),
                ),
            }
        }
    }
    Ok(())
}

/// The indexer's evidence, once it has read the chain as far as we have.
async fn up_to_date(context: &Context, bill: &ChainBill) -> Result<Proof, Failure> {
    let newest = bill
        .transactions
        .iter()
        .map(|transaction| transaction.slot)
        .max()
        .unwrap_or(0);
    let _progress = context.output.progress("Asking the indexer");
    let until = Instant::now() + PATIENCE;
    loop {
        let reached = match context.indexer.proof(&bill.bill.job).await? {
            Some(answer) if answer.context.slot.0 >= newest => return Ok(answer.data),
            Some(answer) => format!("it has read up to slot {} only", answer.context.slot.0),
            None => "it has not seen the job".to_owned(),
        };
        if Instant::now() >= until {
            return Err(Failure::Unreachable(format!(
                "the indexer is behind: {reached}, and the job's last transaction is in slot {newest}; try again later"
            )));
        }
        sleep(PAUSE).await;
    }
}
