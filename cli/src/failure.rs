//! How a command can fail, and the exit code that says so.

use std::{error::Error, io};

use gantry_sdk::{client::ClientError, history::HistoryError};

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
  124  the rented time was used up before the workload ended
  130  stopped by Ctrl-C
run and resume pass on the workload's own code, which may be any of these (128 + n when signal n ended it);
with --json the field \"exit\" tells the two apart.";

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

/// Whether nobody reads our output any more (`gantry ps | head`), which is no failure of ours.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let causes = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes
        .map(io::Error::kind)
        .any(|kind| kind == io::ErrorKind::BrokenPipe)
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
    fn a_cause_that_was_already_said_is_not_repeated() {
        let error = anyhow::Error::new(io::Error::other("refused")).context("the endpoint failed: refused");
        assert_eq!(in_words(&error), "the endpoint failed: refused");
    }
}
