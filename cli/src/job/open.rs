//! Opens a job: everything that must survive is on disk before the transaction leaves.

use std::{collections::BTreeMap, fs::File, path::PathBuf};

use anyhow::{Context as _, Result};
use gantry_protocol::{Atoms, Metered, Rate, billing};
use gantry_sdk::{
    Keypair, Pubkey, Signer as _, address,
    client::{Client, ClientError},
    error,
    instruction::market::job_open,
    market::{JobTerms, state::Balance, state::Job},
};

use super::choose::Candidate;
use crate::{
    agent::now_ms,
    archive,
    failure::Failure,
    mint::Mint,
    state::{JobDirectory, Record, SessionKey, Store},
};

/// Refusals that another node may not share.
const ANOTHER_NODE_MAY_DO: [&str; 6] = [
    "NodeInactive",
    "NodeSilent",
    "CapacityExceeded",
    "RateAboveLimit",
    "NotOffered",
    "InsufficientStake",
];

/// Most nodes that are tried in turn.
const MAX_ATTEMPTS: usize = 3;

/// What is to run, and for how long at most.
#[derive(Clone, Debug)]
pub(crate) struct Rent {
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// Environment beyond what the agent sets.
    pub(crate) environment: BTreeMap<String, String>,
    /// Directory whose files are sent.
    pub(crate) bundle: Option<PathBuf>,
    /// Where results go.
    pub(crate) out: Option<PathBuf>,
    /// GPUs.
    pub(crate) gpus: u16,
    /// Longest metered time in seconds.
    pub(crate) max_duration_s: u32,
}

/// A job that stands on chain.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Its record.
    pub(crate) record: Record,
    /// Its files.
    pub(crate) directory: JobDirectory,
    /// The right to act for it.
    pub(crate) lock: File,
    /// The node that was taken.
    pub(crate) candidate: Candidate,
}

/// Opens a job on the first of the candidates that accepts it.
pub(crate) async fn open(
    client: &Client,
    store: &Store,
    wallet: &Keypair,
    mint: &Mint,
    candidates: &[Candidate],
    rent: &Rent,
) -> Result<Opened> {
    let session_key = Keypair::new();
    let nonce = random_number();
    let tenant = wallet.pubkey();
    let job = address::job(&tenant, nonce);
    let directory = store.job(&job);
    directory.create()?;
    let lock = directory
        .lock()?
        .context("another process acts for a job that was only just made")?;
    let prepared = prepare(&directory, rent);
    let bundle_hash = undo_on_error(&directory, prepared)?;
    let mut last_refusal = None;
    for candidate in candidates.iter().take(MAX_ATTEMPTS) {
        let escrow = escrow(candidate.rate, rent)?;
        undo_on_error(&directory, require_balance(client, &tenant, mint, escrow).await)?;
        let record = Record {
            job,
            tenant,
            node: candidate.address,
            provider: candidate.node.owner,
            mint: mint.address,
            session_key: SessionKey(session_key.insecure_clone()),
            command: rent.command.clone(),
            environment: rent.environment.clone(),
            has_bundle: rent.bundle.is_some(),
            out: rent.out.clone(),
            created_at_ms: now_ms(),
            start_requested_at_ms: None,
            exit: None,
            results_fetched: false,
        };
        directory.save_record(&record)?;
        let terms = JobTerms {
            session_key: session_key.pubkey(),
            bundle_hash,
            max_rate: candidate.rate.0,
            max_duration_s: rent.max_duration_s,
            gpus: rent.gpus,
        };
        let instruction = job_open(
            tenant,
            nonce,
            candidate.address,
            candidate.node.owner,
            mint.address,
            terms,
        );
        match client.send(&[instruction], wallet, &[]).await {
            Ok(_) => {
                return Ok(Opened {
                    record,
                    directory,
                    lock,
                    candidate: candidate.clone(),
                });
            }
            Err(refusal) if may_do_elsewhere(&refusal) => last_refusal = Some(refusal),
            // The transaction may have taken effect although the endpoint failed to say so.
            Err(failed @ ClientError::Rpc { .. }) => {
                if let Ok(Some(_)) = client.find::<Job>(&job).await {
                    return Ok(Opened {
                        record,
                        directory,
                        lock,
                        candidate: candidate.clone(),
                    });
                }
                return Err(failed).with_context(|| {
                    format!("it is not known whether job {job} was opened; ask again with `gantry resume {job}`")
                });
            }
            Err(refusal) => return undo_on_error(&directory, Err(refusal.into())),
        }
    }
    let refusal = last_refusal.map_or_else(
        || Failure::NothingFits("no node is left to try".into()).into(),
        Into::into,
    );
    undo_on_error(&directory, Err(refusal))
}

/// What the longest metered time costs.
pub(crate) fn escrow(rate: Rate, rent: &Rent) -> Result<Atoms, Failure> {
    let longest = Metered::from_seconds(u64::from(rent.max_duration_s));
    let escrow = rate
        .times(rent.gpus)
        .zip(longest)
        .and_then(|(rate, longest)| billing::owed(rate, longest));
    escrow.ok_or_else(|| Failure::Usage("so many GPUs for so long cost more than 64 bits can hold; rent less".into()))
}

async fn require_balance(client: &Client, tenant: &Pubkey, mint: &Mint, escrow: Atoms) -> Result<()> {
    let balance = client.find::<Balance>(&address::balance(tenant, &mint.address)).await?;
    let held = balance.map_or(0, |balance| balance.amount);
    let Some(missing) = escrow.0.checked_sub(held).filter(|missing| *missing > 0) else {
        return Ok(());
    };
    let (escrow, held, missing) = (mint.show(escrow.0), mint.show(held), mint.show(missing));
    Err(Failure::Refused(format!(
        "the job needs an escrow of {escrow}, but your balance in {} holds {held}: {missing} are missing; deposit them with \
         `gantry balance deposit {missing} --mint {}`, or rent for a shorter time with --max-duration",
        mint.name, mint.address
    ))
    .into())
}

fn prepare(directory: &JobDirectory, rent: &Rent) -> Result<[u8; 32]> {
    let Some(bundle) = &rent.bundle else { return Ok([0; 32]) };
    archive::pack(bundle, &directory.bundle())?;
    archive::hash(&directory.bundle())
}

/// Leaves no traces of a job that was certainly not opened.
fn undo_on_error<T>(directory: &JobDirectory, outcome: Result<T>) -> Result<T> {
    if outcome.is_err() {
        directory.remove()?;
    }
    outcome
}

fn may_do_elsewhere(error: &ClientError) -> bool {
    error
        .code()
        .and_then(error::lookup)
        .is_some_and(|known| ANOTHER_NODE_MAY_DO.contains(&known.name.as_str()))
}

/// A number that no other job of this wallet has, except by a chance of one in 2⁶⁴.
fn random_number() -> u64 {
    let noise = Keypair::new().pubkey().to_bytes();
    noise.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rent(gpus: u16, max_duration_s: u32) -> Rent {
        Rent {
            command: Vec::new(),
            environment: BTreeMap::new(),
            bundle: None,
            out: None,
            gpus,
            max_duration_s,
        }
    }

    #[test]
    fn the_escrow_is_what_the_longest_metered_time_costs() {
        assert_eq!(escrow(Rate(333_333_333), &rent(2, 600)).unwrap(), Atoms(399_999));
    }

    #[test]
    fn an_escrow_beyond_64_bits_is_refused() {
        assert!(matches!(escrow(Rate(u64::MAX), &rent(2, 1)), Err(Failure::Usage(_))));
    }

    #[test]
    fn two_jobs_have_two_numbers() {
        assert_ne!(random_number(), random_number());
    }
}
