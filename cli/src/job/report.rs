//! What came of a job, as an exit code, for people and for machines.

use gantry_sdk::{Pubkey, wire::Exit};
use serde_json::{Value, json};

use crate::{
    bill::ChainBill,
    failure::{self, Failure, INTERRUPTED},
};

/// What came of a job.
#[derive(Debug)]
pub(crate) struct Report {
    /// The bill.
    pub(crate) bill: ChainBill,
    /// How the workload ended, when that is known.
    pub(crate) exit: Option<Exit>,
    /// Where the results lie.
    pub(crate) out: Option<String>,
    /// Why the provider was given up, if it was.
    pub(crate) given_up: Option<String>,
    /// Why the results could not be fetched, if they should have been.
    pub(crate) results_lost: Option<String>,
    /// Whether the user ended it by Ctrl-C.
    pub(crate) interrupted: bool,
    /// Whether the rented time ended the workload.
    pub(crate) time_up: bool,
    /// Jobs whose nodes were lost before, oldest first; each has a bill of its own.
    pub(crate) lost: Vec<Pubkey>,
}

impl Report {
    /// What was not as it should be.
    pub(crate) fn failure(&self) -> Option<Failure> {
        if let Some(reason) = &self.given_up {
            let (refund, escrow) = (
                self.bill.mint.show(self.bill.bill.bill.refund.0),
                self.bill.mint.show(self.bill.bill.escrow),
            );
            return Some(Failure::Provider(format!(
                "the provider was given up: {reason}; {refund} of the escrow of {escrow} went back to your balance"
            )));
        }
        if self.time_up {
            return Some(Failure::TimeUp(
                "the rented time was used up before the workload ended; rent for longer with --max-duration".into(),
            ));
        }
        self.results_lost.as_ref().map(|reason| {
            let job = self.bill.bill.job;
            Failure::ResultsLost(format!(
                "the results could not be fetched: {reason}; the agent keeps them for a while, so try `gantry resume {job}`"
            ))
        })
    }

    /// The process's exit code. Lost results do not hide that the workload failed.
    pub(crate) fn exit_code(&self) -> u8 {
        let own = self.own_exit_code();
        match self.failure() {
            None => own,
            Some(Failure::ResultsLost(_)) if own != 0 => own,
            Some(failure) => failure::exit_code(&failure.into()),
        }
    }

    /// The workload's exit code.
    fn own_exit_code(&self) -> u8 {
        match &self.exit {
            _ if self.interrupted => INTERRUPTED,
            Some(Exit { code: Some(code), .. }) => u8::try_from(*code).unwrap_or(1),
            Some(Exit {
                signal: Some(signal), ..
            }) => u8::try_from(128 + signal).unwrap_or(1),
            _ => 1,
        }
    }

    /// What there is to say about the workload's end, beyond its exit code.
    pub(crate) fn remark(&self) -> Option<&str> {
        match &self.exit {
            Some(exit) => exit.reason.as_deref(),
            None if self.given_up.is_some() => None,
            None => Some("it is not known how the workload ended"),
        }
    }

    /// The bill and how it came about, for machines.
    pub(crate) fn object(&self) -> Value {
        let mut object = self.bill.object();
        object["exit"] = json!(self.exit);
        object["out"] = json!(self.out);
        object["lost"] = self.lost.iter().map(ToString::to_string).collect();
        object["error"] = self.failure().map_or(Value::Null, |failure| {
            let message = failure.to_string();
            failure::object(failure::kind(&failure.into()).1, &message, None)["error"].take()
        });
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bill::tests::closed_bill;

    /// A job whose workload ended with this code.
    fn report(code: i32) -> Report {
        Report {
            bill: closed_bill(),
            exit: Some(Exit {
                code: Some(code),
                signal: None,
                reason: None,
            }),
            out: None,
            given_up: None,
            results_lost: None,
            interrupted: false,
            time_up: false,
            lost: Vec::new(),
        }
    }

    #[test]
    fn a_job_that_ended_well_passes_the_workloads_code_on_without_an_error() {
        assert_eq!((report(0).exit_code(), report(7).exit_code()), (0, 7));
        assert_eq!(report(7).object()["error"], Value::Null);
    }

    #[test]
    fn lost_results_are_no_success_but_do_not_hide_that_the_workload_failed() {
        let lost = |code| Report {
            results_lost: Some("the agent does not answer".into()),
            ..report(code)
        };
        assert_eq!((lost(0).exit_code(), lost(7).exit_code()), (8, 7));
        let error = lost(0).object()["error"].clone();
        assert_eq!(error["kind"], "results_lost", "{error}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("does not answer") && message.contains("gantry resume"),
            "{message}"
        );
    }

    #[test]
    fn a_provider_that_was_given_up_is_told_as_every_failure_is() {
        let given_up = Report {
            given_up: Some("silent".into()),
            ..report(0)
        };
        assert_eq!(given_up.exit_code(), 4);
        let object = given_up.object();
        assert_eq!(object["error"]["kind"], "provider", "{object}");
        assert!(object["job"].is_string(), "{object}");
    }
}
