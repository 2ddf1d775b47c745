//! A running workload: metered, sampled, receipted.

use gantry_protocol::merkle::Sample;
use gantry_sdk::{market::state::JobState, wire::Exit};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use super::{
    handle::{Order, Refusal},
    payable::{most_claimable_ms, now_s},
    record::Stage,
    sampling::Sampler,
    task::Task,
};
use crate::{
    meter::Meter,
    runtime::{Found, RuntimeError, Workload, spec::WorkloadSpec},
};

/// GPUs are sampled once a second.
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);
/// A grace window must hold several receipts, or one lost message would look like a silent tenant.
const RECEIPTS_PER_GRACE_WINDOW: u32 = 3;
/// Samples that wait for a receipt while the disk is full; those that come when there is no more room leave a gap.
const MAX_WAITING_SAMPLES: usize = 4_096;

impl Task {
    /// Runs the workload, or takes it up again, until it has ended and the final receipt is signed.
    pub(super) async fn run_workload(&mut self) {
        let (exit, metered_ms, samples) = match self.find_or_launch().await {
            Ok(Ok(workload)) => {
                self.answer_waiting(&Ok(()));
                self.meter_workload(workload.as_ref()).await
            }
            Ok(Err(exit)) => (exit, self.claims.metered_ms, Vec::new()),
            Err(error) => {
                tracing::error!(job = %self.address, %error, "the workload could not be started");
                let reason = format!("the workload could not be started: {error}");
                (
                    Exit {
                        code: None,
                        signal: None,
                        reason: Some(reason),
                    },
                    self.claims.metered_ms,
                    Vec::new(),
                )
            }
        };
        let answer = match &exit.reason {
            Some(reason) => Err(Refusal::Conflict(reason.clone())),
            None => Ok(()),
        };
        self.answer_waiting(&answer);
        self.note_end(exit);
        // Signed before the stage is left, so that the metered time since the last receipt is not lost to a restart in between.
        self.sign_final(metered_ms, samples).await;
        self.enter(Stage::Ended).await;
    }

    /// The running workload, or how it ended while no agent was there.
    async fn find_or_launch(&self) -> Result<Result<Box<dyn Workload>, Exit>, RuntimeError> {
        match self.services.runtime.find(&self.directory).await? {
            Found::Running(workload) => {
                tracing::info!(job = %self.address, "found the workload of an earlier run");
                Ok(Ok(workload))
            }
            Found::Ended(exit) => Ok(Err(exit)),
            Found::Nothing => {
                let spec = self.spec();
                tracing::info!(job = %self.address, command = ?spec.command, gpus = ?spec.gpus, "starting the workload");
                self.services.runtime.launch(&self.directory, &spec).await.map(Ok)
            }
        }
    }

    fn spec(&self) -> WorkloadSpec {
        let request = self.record.command.clone();
        let (command, environment) = request
            .map(|request| (request.command, request.environment))
            .unwrap_or_default();
        let held: Vec<_> = self
            .services
            .inventory
            .iter()
            .filter(|gpu| self.record.gpus.contains(&gpu.index))
            .collect();
        let mut devices: Vec<_> = held.iter().flat_map(|gpu| gpu.devices.clone()).collect();
        devices.sort();
        devices.dedup();
        WorkloadSpec {
            command,
            environment,
            gpus: held.iter().map(|gpu| gpu.uuid.clone()).collect(),
            devices,
            deadline_ms: u64::from(self.record.account.max_duration_s) * 1_000,
            bounds: self.services.settings.bounds(),
            cgroups: self.services.settings.cgroups.clone(),
        }
    }

    /// Meters until the workload has ended. Returns how, the metered time, and the samples that no receipt covers yet.
    async fn meter_workload(&mut self, workload: &dyn Workload) -> (Exit, u64, Vec<Sample>) {
        let grace = Duration::from_secs(u64::from(self.record.account.grace_window_s));
        let receipt_interval = self
            .services
            .settings
            .receipt_interval
            .min(grace / RECEIPTS_PER_GRACE_WINDOW);
        let mut meter = Meter::resume(self.claims.metered_ms, most_claimable_ms(&self.record.account));
        let mut samples = Vec::new();
        let mut sampler = Sampler::new(Arc::clone(&self.services.gpus), self.record.gpus.clone());
        let mut ticks = interval(SAMPLE_INTERVAL);
        let mut receipts = interval_at(Instant::now() + receipt_interval, receipt_interval);
        // After a freeze one of each, not all that were missed.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        receipts.set_missed_tick_behavior(MissedTickBehavior::Delay);
        meter.start(self.services.clock.monotonic());
        let reason = loop {
            tokio::select! {
                exit = workload.ended() => {
                    // Not a moment longer than it ran, however late the news of its end comes.
                    let ended = self.services.clock.monotonic().saturating_sub(workload.ended_ago());
                    self.warn_of_gap(meter.stop_at(ended, self.claims.metered_ms));
                    return (exit, meter.metered_ms(), samples);
                }
                _ = receipts.tick() => {
                    self.warn_of_gap(meter.look(self.services.clock.monotonic()));
                    if let Some(reason) = self.sign(meter.metered_ms(), &mut samples).await {
                        break reason;
                    }
                }
                read = sampler.done() => {
                    samples.extend(read);
                    samples.truncate(MAX_WAITING_SAMPLES);
                }
                _ = ticks.tick() => {
                    self.warn_of_gap(meter.look(self.services.clock.monotonic()));
                    self.publish(meter.metered_ms());
                    sampler.begin(meter.metered_ms());
                    if self.has_exited() {
                        break "the provider ended the job, as it had announced";
                    }
                    if meter.is_exhausted() {
                        break "the rented time was over";
                    }
                    let signed_ms = self.countersigned.borrow().metered_ms;
                    if Duration::from_millis(meter.metered_ms().saturating_sub(signed_ms)) > grace {
                        break "the tenant stopped signing receipts";
                    }
                }
                Ok(()) = self.account.changed() => match self.look_at_chain() {
                    Some(JobState::Stopped) => {
                        meter.limit(most_claimable_ms(&self.record.account), self.claims.metered_ms);
                        break "the tenant stopped the job on chain";
                    }
                    Some(JobState::Closed | JobState::Cancelled) => break "the job was closed on chain",
                    _ => {
                        self.follow_rotation().await;
                        self.adjust(&mut meter);
                    }
                },
                Some(order) = self.orders.recv() => {
                    if self.answer_while_running(order) {
                        break "the tenant finished the job";
                    }
                }
            }
        };
        // The tenant pays until now, not for however long the end takes.
        self.warn_of_gap(meter.stop(self.services.clock.monotonic()));
        workload.end();
        let exit = workload.ended().await;
        // A workload that ended by itself in the same moment keeps its own exit code.
        let exit = if exit.code.is_some() {
            exit
        } else {
            Exit {
                reason: Some(reason.to_owned()),
                ..exit
            }
        };
        (exit, meter.metered_ms(), samples)
    }

    /// Answers an order; `true` when the workload shall end.
    fn answer_while_running(&self, order: Order) -> bool {
        let (reply, answer, finish) = match order {
            Order::BundleStored(reply) => (reply, Ok(()), false),
            Order::Finish(reply) => (reply, Ok(()), true),
            Order::Start(request, reply) if self.record.command.as_ref() == Some(&request) => (reply, Ok(()), false),
            Order::Start(_, reply) => {
                let refusal =
                    Refusal::Conflict("the job already runs another command; open a new job for this one".to_owned());
                (reply, Err(refusal), false)
            }
        };
        let _ = reply.send(answer);
        finish
    }

    /// Whether the moment has come at which this provider ends the job.
    fn has_exited(&self) -> bool {
        let exits_at = self.record.account.exits_at;
        exits_at != 0 && now_s(&self.services) >= exits_at
    }

    /// Lets the workload run for as long as the job is rented now, and until an exit.
    fn adjust(&self, meter: &mut Meter) {
        let most_ms = most_claimable_ms(&self.record.account);
        if most_ms < meter.most_ms() {
            tracing::info!(job = %self.address, most_ms, "the job ends at its announced exit");
            meter.limit(most_ms, self.claims.metered_ms);
        }
        if most_ms <= meter.most_ms() {
            return;
        }
        // The file is there before the meter runs on: a workload that is not metered must not run either way.
        match self.directory.extend(most_ms) {
            Ok(()) => {
                tracing::info!(job = %self.address, most_ms, "the job was extended");
                meter.extend(most_ms);
            }
            Err(error) => {
                tracing::error!(job = %self.address, %error, "the job's extension could not be written down; it ends when it would have ended before")
            }
        }
    }

    fn warn_of_gap(&self, gap: Option<Duration>) {
        if let Some(gap) = gap {
            tracing::warn!(job = %self.address, gap_s = gap.as_secs_f64(), "the agent did not run for a while; this time is not metered");
        }
    }
}
