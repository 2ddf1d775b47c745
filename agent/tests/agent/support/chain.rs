//! A chain in memory that decides with the market program's own state transitions.

use bytemuck::Zeroable;
use futures::{FutureExt, future::BoxFuture};
use gantry_agent::chain::{Action, Chain, ChainError};
use gantry_protocol::{Metered, UnixSeconds, receipt::ReceiptView};
use gantry_sdk::{
    Pubkey, Signature,
    market::{
        MarketError,
        state::{Claim, Job},
    },
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::sync::broadcast;

/// A challenge window short enough to wait for.
const CHALLENGE_S: u32 = 2;

/// What it holds and how it behaves.
#[derive(Default)]
struct State {
    jobs: BTreeMap<Pubkey, Job>,
    claims: BTreeMap<Pubkey, Claim>,
    /// Whether the provider's balance covers a bond.
    pays_bonds: bool,
    away: bool,
    refusals: Vec<MarketError>,
    loses_next_answer: bool,
    clock_offset_s: i64,
    sent: Vec<String>,
}

/// The scripted chain.
pub(crate) struct ScriptedChain {
    state: Mutex<State>,
    news: broadcast::Sender<(Pubkey, Job)>,
}

fn away() -> ChainError {
    ChainError {
        message: "the endpoint is away".to_owned(),
        code: None,
        transient: true,
    }
}

fn refused(error: MarketError) -> ChainError {
    let code = 7_000 + error as u32;
    ChainError {
        message: format!("refused: {error:?}"),
        code: Some(code),
        transient: false,
    }
}

impl ScriptedChain {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
            news: broadcast::channel(64).0,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    /// Everything that happens to jobs from now on.
    pub(crate) fn news(&self) -> broadcast::Receiver<(Pubkey, Job)> {
        self.news.subscribe()
    }

    /// Puts a job there, or changes it as a tenant would.
    pub(crate) fn set(&self, address: Pubkey, job: Job) {
        self.state().jobs.insert(address, job);
        let _ = self.news.send((address, job));
    }

    pub(crate) fn get(&self, address: Pubkey) -> Job {
        *self.state().jobs.get(&address).expect("the job")
    }

    /// Makes the endpoint fail, or work again.
    pub(crate) fn be_away(&self, away: bool) {
        self.state().away = away;
    }

    /// Refuses the next transaction with this error.
    pub(crate) fn refuse_next(&self, error: MarketError) {
        self.state().refusals.push(error);
    }

    /// Carries the next transaction out, and says that it failed.
    pub(crate) fn lose_next_answer(&self) {
        self.state().loses_next_answer = true;
    }

    /// Puts a job there without telling anybody.
    pub(crate) fn set_unseen(&self, address: Pubkey, job: Job) {
        self.state().jobs.insert(address, job);
    }

    /// Moves the chain's clock against this machine's.
    pub(crate) fn shift_clock(&self, seconds: i64) {
        self.state().clock_offset_s = seconds;
    }

    /// Gives the provider a balance out of which it can pay bonds.
    pub(crate) fn pay_bonds(&self) {
        self.state().pays_bonds = true;
    }

    /// Refutes the waiting claim about a job, as whoever holds a proof may, and tells nobody.
    pub(crate) fn refute(&self, address: Pubkey) {
        let mut state = self.state();
        state.claims.remove(&address).expect("the claim");
        let job = state.jobs.get_mut(&address).expect("the job");
        job.release_claim().expect("claimed");
    }

    /// What was confirmed, in words.
    pub(crate) fn sent(&self) -> Vec<String> {
        self.state().sent.clone()
    }

    pub(crate) fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        i64::try_from(since.as_secs()).expect("small") + self.state().clock_offset_s
    }

    fn apply(&self, actions: Vec<Action>) -> Result<Signature, ChainError> {
        let now = UnixSeconds(self.now());
        let mut state = self.state();
        if state.away {
            return Err(away());
        }
        if let Some(error) = state.refusals.pop() {
            return Err(refused(error));
        }
        // A transaction happens as a whole or not at all.
        let (mut jobs, mut claims) = (state.jobs.clone(), state.claims.clone());
        let (mut words, mut changed) = (Vec::new(), Vec::new());
        for action in actions {
            let (address, word, outcome) = match action {
                Action::Start { job } => (job, "start", jobs.get_mut(&job).expect("the job").start(now)),
                Action::Settle { receipt, .. } => {
                    receipt.verify().expect("both signatures fit");
                    let address = Pubkey::new_from_array(receipt.receipt.job);
                    let job = jobs.get_mut(&address).expect("the job");
                    assert_eq!(receipt.provider_key, job.attestation_key);
                    let bytes = receipt.receipt.to_bytes();
                    let view = ReceiptView::of(&bytes).expect("a receipt");
                    let (key, metered) = (receipt.tenant_key, Metered(view.metered_ms()));
                    let counts = if key == job.session_key {
                        Ok(())
                    } else {
                        job.require_former_session(key.as_array(), metered, now)
                    };
                    (
                        address,
                        "settle",
                        counts.and_then(|()| job.settle(view, now).map(|_| ())),
                    )
                }
                Action::Claim { receipt, .. } => {
                    receipt.verify().expect("the signature fits");
                    let address = Pubkey::new_from_array(receipt.receipt.job);
                    let job = jobs.get_mut(&address).expect("the job");
                    assert_eq!(receipt.key, job.attestation_key);
                    let bytes = receipt.receipt.to_bytes();
                    let bond = job.claim(ReceiptView::of(&bytes).expect("a receipt"), now);
                    let bond =
                        bond.and_then(|bond| state.pays_bonds.then_some(bond).ok_or(MarketError::InsufficientBalance));
                    let opened = bond.map(|bond| {
                        let claim = Claim {
                            job: address,
                            payer: receipt.key,
                            samples_root: receipt.receipt.samples_root,
                            sequence: receipt.receipt.sequence,
                            metered_ms: receipt.receipt.metered_ms,
                            bond: bond.0,
                            payable_at: now.after(CHALLENGE_S).0,
                            ..Claim::zeroed()
                        };
                        claims.insert(address, claim);
                    });
                    (address, "claim", opened)
                }
                Action::SettleClaim { claim, .. } => {
                    let job = jobs.get_mut(&claim.job).expect("the job");
                    let settled = job.settle_claim(&claim, now).map(|_| ());
                    assert_eq!(claims.remove(&claim.job), Some(*claim));
                    (claim.job, "settle the claim", settled)
                }
                Action::Close { address, .. } => (
                    address,
                    "close",
                    jobs.get_mut(&address).expect("the job").conclude(now, true).map(|_| ()),
                ),
                Action::Cancel { address, .. } => (
                    address,
                    "cancel",
                    jobs.get_mut(&address).expect("the job").cancel(now, true).map(|_| ()),
                ),
                Action::Heartbeat { node } => (node, "heartbeat", Ok(())),
            };
            outcome.map_err(refused)?;
            words.push(word);
            changed.push(address);
        }
        (state.jobs, state.claims) = (jobs, claims);
        if std::mem::take(&mut state.loses_next_answer) {
            return Err(away());
        }
        state.sent.push(words.join("+"));
        for address in changed {
            if let Some(job) = state.jobs.get(&address) {
                let _ = self.news.send((address, *job));
            }
        }
        Ok(Signature::default())
    }
}

impl Chain for ScriptedChain {
    fn job(&self, address: Pubkey) -> BoxFuture<'_, Result<Option<Job>, ChainError>> {
        async move {
            let state = self.state();
            if state.away {
                Err(away())
            } else {
                Ok(state.jobs.get(&address).copied())
            }
        }
        .boxed()
    }

    fn claim(&self, job: Pubkey) -> BoxFuture<'_, Result<Option<Claim>, ChainError>> {
        async move {
            let state = self.state();
            if state.away {
                Err(away())
            } else {
                Ok(state.claims.get(&job).copied())
            }
        }
        .boxed()
    }

    fn jobs(&self) -> BoxFuture<'_, Result<Vec<(Pubkey, Job)>, ChainError>> {
        async move {
            let state = self.state();
            if state.away {
                Err(away())
            } else {
                Ok(state.jobs.iter().map(|(address, job)| (*address, *job)).collect())
            }
        }
        .boxed()
    }

    fn time(&self) -> BoxFuture<'_, Result<i64, ChainError>> {
        async move { Ok(self.now()) }.boxed()
    }

    fn send(&self, actions: Vec<Action>) -> BoxFuture<'_, Result<Signature, ChainError>> {
        async move { self.apply(actions) }.boxed()
    }
}
