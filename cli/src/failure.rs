//! How a command can fail, and the exit code that says so.

use std::{error::Error, fmt, io};

use gantry_sdk::{Pubkey, client::ClientError, history::HistoryError};
use serde_json::{Value, json};

/// Why a command ended without doing what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The arguments cannot be what was meant.
    #[error("{0}")]
    Usage(String),
    /// An endpoint did not answer.
    #[error("{0}")]
    Unreachable(String),
    /// The chain, or a rule that is checked before asking it, says no.
    #[error("{0}")]
    Refused(String),
    /// No node is as wanted.
    #[error("{0}")]
    NothingFits(String),
    /// The provider broke off, is silent, or is not who it claims to be.
    #[error("{0}")]
    Provider(String),
    /// The rented time was used up before the workload ended.
    #[error("{0}")]
    TimeUp(String),
    /// The job was done and is paid for, but what it left could not be fetched.
    #[error("{0}")]
    ResultsLost(String),
    /// The user broke off; what goes on is said.
    #[error("{0}")]
    Interrupted(String),
    /// Two accounts of one bill differ.
    #[error("{0}")]
    Disagreement(String),
}

/// The part of `--help` that explains the exit codes.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    done; verify: everything agrees
  1    something on this machine failed
  2    the command line, the keypair file or an amount is not valid; nothing was sent
  3    refused by the chain, or it would be: balance too small, unknown mint, no node that fits
  4    the provider failed: silent, frozen, wrong key, wrong receipts
  5    verification failed: chain, indexer and computation differ
  6    an endpoint (RPC, indexer) is away; try again later
  7    verify: the chain's own record is right, but the indexer could not be asked
  8    the workload succeeded and is paid for, but its results could not be fetched; `gantry resume` tries
       again
  124  the rented time was used up before the workload ended
  130  stopped by Ctrl-C
run and resume pass on the workload's own code, which may be any of these (128 + n when signal n ended it);
with --json the field \"exit\" tells the two apart. An \"error\" in JSON is an object with \"kind\" and \"message\"; \"job\" stands
beside it as soon as there is one.";

/// `verify` found that something differs.
pub(crate) const DISAGREEMENT: u8 = 5;

/// `verify` found the chain's own record right and could not ask the indexer.
pub(crate) const UNCONFIRMED: u8 = 7;

/// Ended by Ctrl-C, as shells say it.
pub(crate) const INTERRUPTED: u8 = 130;

/// The exit code for an error, and its name in JSON.
pub(crate) fn kind(error: &anyhow::Error) -> (u8, &'static str) {
    error.chain().find_map(known).unwrap_or((1, "local"))
}

/// The exit code for an error.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    kind(error).0
}

/// Whether two accounts of one bill differ.
pub(crate) fn is_disagreement(error: &anyhow::Error) -> bool {
    exit_code(error) == DISAGREEMENT
}

/// A result could not be printed. A type of its own: a pipe that breaks elsewhere, to an endpoint say, is a failure.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output: {0}")]
pub(crate) struct Unprinted(#[from] pub(crate) io::Error);

/// Whether nobody reads our output any more (`gantry ps | head`), which is no failure of ours.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let unprinted = error.chain().find_map(|cause| cause.downcast_ref::<Unprinted>());
    unprinted.is_some_and(|unprinted| unprinted.0.kind() == io::ErrorKind::BrokenPipe)
}

/// Which job a failure is about, and what became of it; the context of everything that goes wrong once a job may be on chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfJob {
    /// The job.
    pub(crate) job: Pubkey,
    /// What became of it.
    pub(crate) fate: Fate,
}

/// What became of a job when something failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It may stand on chain or not.
    MaybeOpen,
    /// Money is set aside for it.
    Unfinished,
    /// It is closed.
    Closed,
    /// It is closed, but its work was not done.
    Lost,
}

impl fmt::Display for OfJob {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let job = self.job;
        match self.fate {
            Fate::MaybeOpen => {
                write!(
                    out,
                    "it is not known whether job {job} was opened; ask again with `gantry resume {job}`"
                )
            }
            Fate::Unfinished => write!(out, "job {job} is not at its end; go on with `gantry resume {job}`"),
            Fate::Lost => write!(
                out,
                "job {job} lost its node; within an hour of its end `gantry resume {job}` goes on elsewhere"
            ),
            Fate::Closed => write!(out, "job {job} is closed; its bill is in `gantry bill {job}`"),
        }
    }
}

/// The object that machines are told of a failure.
pub(crate) fn object(kind: &str, message: &str, job: Option<Pubkey>) -> Value {
    let mut object = json!({ "error": { "kind": kind, "message": message } });
    if let Some(job) = job {
        object["job"] = job.to_string().into();
    }
    object
}

/// The job that an error is about.
pub(crate) fn job_of(error: &anyhow::Error) -> Option<Pubkey> {
    error.downcast_ref::<OfJob>().map(|of| of.job)
}

/// The error in words: each cause once, for some repeat the next one.
pub(crate) fn in_words(error: &anyhow::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .fold(String::new(), |words, cause| match words {
            _ if words.is_empty() => cause,
            _ if words.contains(&cause) => words,
            _ => format!("{words}: {cause}"),
        })
}

/// What to do about an error that does not say so itself: the SDK does not know our options.
pub(crate) fn advice(error: &anyhow::Error) -> Option<&'static str> {
    let of_rpc = error.chain().any(|cause| {
        cause.is::<HistoryError>()
            || cause
                .downcast_ref::<ClientError>()
                .is_some_and(ClientError::is_transient)
    });
    (of_rpc && kind(error) == AWAY).then_some("Check that it runs, or name another one with --rpc-url.")
}

const REFUSED: (u8, &str) = (3, "refused");
const AWAY: (u8, &str) = (6, "away");

fn known(cause: &(dyn Error + 'static)) -> Option<(u8, &'static str)> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return Some(match failure {
            Failure::Usage(_) => (2, "usage"),
            Failure::Refused(_) => REFUSED,
            Failure::NothingFits(_) => (3, "nothing_fits"),
            Failure::Provider(_) => (4, "provider"),
            Failure::Disagreement(_) => (DISAGREEMENT, "disagreement"),
            Failure::Unreachable(_) => AWAY,
            Failure::ResultsLost(_) => (8, "results_lost"),
            Failure::TimeUp(_) => (124, "time_up"),
            Failure::Interrupted(_) => (INTERRUPTED, "interrupted"),
        });
    }
    if let Some(history) = cause.downcast_ref::<HistoryError>() {
        return Some(match history {
            HistoryError::Client(client) => of_client(client),
            HistoryError::Rpc { .. } | HistoryError::Incomplete(_) => AWAY,
        });
    }
    cause.downcast_ref::<ClientError>().map(of_client)
}

fn of_client(error: &ClientError) -> (u8, &'static str) {
    if error.is_transient() { AWAY } else { REFUSED }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn context_around_a_failure_does_not_hide_its_code() {
        let error = Err::<(), _>(Failure::Provider("silent".into()))
            .context("while waiting")
            .unwrap_err();
        assert_eq!(exit_code(&error), 4);
        assert_eq!(in_words(&error), "while waiting: silent");
    }

    #[test]
    fn an_expired_transaction_counts_as_an_endpoint_that_is_away() {
        assert_eq!(exit_code(&ClientError::Expired(3).into()), 6);
    }

    #[test]
    fn an_error_without_a_kind_is_of_this_machine() {
        assert_eq!(kind(&anyhow::anyhow!("a disk is full")), (1, "local"));
    }

    #[test]
    fn only_our_own_output_counts_as_a_closed_pipe() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_closed_pipe(
            &anyhow::Error::new(Unprinted(broken())).context("while printing")
        ));
        assert!(!is_closed_pipe(
            &anyhow::Error::new(broken()).context("the endpoint hung up")
        ));
        assert!(!is_closed_pipe(&Unprinted(io::ErrorKind::StorageFull.into()).into()));
    }

    #[test]
    fn a_failure_once_a_job_may_be_on_chain_names_the_job() {
        let job = Pubkey::new_from_array([7; 32]);
        let of = OfJob {
            job,
            fate: Fate::Unfinished,
        };
        let error = anyhow::Error::new(Failure::Unreachable("away".into()))
            .context(of)
            .context("while waiting");
        assert_eq!((job_of(&error), exit_code(&error)), (Some(job), 6));
        let told = object("away", &in_words(&error), job_of(&error));
        assert_eq!(told["job"], job.to_string());
        assert!(in_words(&error).contains("gantry resume"));
    }

    #[test]
    fn a_cause_that_was_already_said_is_not_repeated() {
        let error = anyhow::Error::new(io::Error::other("refused")).context("the endpoint failed: refused");
        assert_eq!(in_words(&error), "the endpoint failed: refused");
    }
}
