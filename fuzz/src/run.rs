//! Steps, episodes and runs.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{
    action::Action,
    book::Book,
    chain::Chain,
    dice::Dice,
    invariants::{self, Gifts, Scene},
    model::State,
    prologue,
    replica::Replica,
    shrink,
    view::View,
};

/// Steps of an episode. Each begins with the same market, so that what happened long ago does not slow down what follows, and a failure is
/// replayed quickly.
pub const EPISODE_STEPS: u64 = 600;
/// Trivial transfers that the raw speed is measured with.
const IDLE_TRANSFERS: u32 = 5_000;

/// The chain, the model of it, and what was seen of both.
#[derive(Clone)]
pub struct World {
    chain: Chain,
    state: State,
    view: View,
    replica: Replica,
    gifts: Gifts,
    latest: i64,
    /// Time that the chain took for its transactions.
    sending: Duration,
    /// Accounts that are none of the programs' own: whatever is there beyond them, a program made.
    foreign_accounts: usize,
}

/// What became of a step, when model and chain agree on it: nothing, or the refusal.
pub type Agreed = Option<String>;

impl World {
    /// The world in which every episode begins.
    ///
    /// # Errors
    /// When already its first actions go wrong.
    pub fn new(book: &Book) -> Result<Self, String> {
        let (chain, state, logs) = prologue::genesis(book);
        let mut replica = Replica::default();
        replica.follow(&logs)?;
        let view = View::read(&chain, book, &state)?;
        let mut world = Self {
            latest: state.now,
            // The pool, its vault and the configuration are there.
            foreign_accounts: chain.number_of_accounts() - 3,
            chain,
            state,
            view,
            replica,
            gifts: Gifts::default(),
            sending: Duration::ZERO,
        };
        for action in prologue::actions() {
            let refused = world.step(book, &action)?;
            if let Some(refused) = refused {
                return Err(format!("the prologue's {action:?} was refused: {refused}"));
            }
        }
        Ok(world)
    }

    /// Takes an actor's lamports away behind the model's back, which then errs about the next account that the actor pays for: to try the
    /// fuzzer itself.
    pub fn impoverish(&mut self, book: &Book, actor: crate::cast::Actor) {
        self.chain.impoverish(&book.wallet(actor));
    }

    /// What the model knows.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Carries one action out on the chain and in the model, and compares everything.
    ///
    /// # Errors
    /// When they disagree, or an invariant is broken.
    pub fn step(&mut self, book: &Book, action: &Action) -> Result<Agreed, String> {
        let expected = action.apply(&mut self.state);
        if self.state.now != self.chain.now() {
            self.chain.set_now(self.state.now);
            self.latest = self.latest.max(self.state.now);
        }
        let instructions = action.instructions(book);
        let started = Instant::now();
        let actual = if instructions.is_empty() {
            Ok(Vec::new())
        } else {
            self.chain.send(&instructions)
        };
        self.sending += started.elapsed();
        let agreed = match (&expected, &actual) {
            (Ok(()), Ok(logs)) => {
                self.replica.follow(logs)?;
                None
            }
            (Err(refusal), Err((refused, _))) if refusal.is(action.deciding_instruction(), refused) => {
                Some(format!("{refusal:?}"))
            }
            _ => return Err(disagreement(&expected, actual)),
        };
        let after = View::read(&self.chain, book, &self.state)?;
        if let Some(difference) = after.difference(&self.state.view(book)) {
            return Err(difference);
        }
        self.replica.compare(&self.chain)?;
        self.check_number_of_accounts()?;
        let before = std::mem::replace(&mut self.view, after);
        if agreed.is_none() {
            self.gifts.count(action, &before, &self.view);
        }
        invariants::check(&Scene {
            before: &before,
            after: &self.view,
            action,
            succeeded: agreed.is_none(),
            book,
            now: self.state.now,
            latest: self.latest,
            gifts: &self.gifts,
        })?;
        Ok(agreed)
    }

    /// The programs have made the accounts that the model and the events know, and no others.
    fn check_number_of_accounts(&self) -> Result<(), String> {
        let state = &self.state;
        // A mint has a record and a vault.
        let known = 3
            + 2 * state.mints.len()
            + state.providers.len()
            + state.tenants.len()
            + state.nodes.len()
            + state.stakes.len()
            + state.balances.len()
            + state.jobs.len()
            + state.faults.len()
            + state.claims.len()
            + state.shards.len()
            + state.delegations.len()
            + state.classes.len()
            + state.ranges.len()
            + state.devices.len();
        let there = self.chain.number_of_accounts() - self.foreign_accounts;
        // No event needs to speak of the vaults, whose accounts are the token programs'.
        let told = self.replica.number_of_accounts() + state.mints.len() + 1;
        if there == known && there == told {
            Ok(())
        } else {
            Err(format!(
                "the programs hold {there} accounts, the model knows {known}, the events speak of {told}"
            ))
        }
    }
}

fn disagreement(
    expected: &crate::model::Verdict,
    actual: Result<Vec<String>, (crate::chain::Refused, Vec<String>)>,
) -> String {
    let expected = match expected {
        Ok(()) => "success".to_owned(),
        Err(refusal) => format!("{refusal:?}"),
    };
    match actual {
        Ok(_) => format!("the model expects {expected}; the chain accepted it"),
        Err((refused, logs)) => {
            format!(
                "the model expects {expected}; the chain refused it: {refused:?}\n{}",
                logs.join("\n")
            )
        }
    }
}

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Steps in all.
    pub steps: u64,
    /// Decides everything.
    pub seed: u64,
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Steps done.
    pub steps: u64,
    /// Per action: how often it took effect, and how often it was refused.
    pub actions: BTreeMap<&'static str, (u64, u64)>,
    /// How often each refusal was met.
    pub refusals: BTreeMap<String, u64>,
    /// Time for all steps.
    pub time: Duration,
    /// The chain's part of it: the programs, the precompile, the bank around them.
    pub sending: Duration,
    /// Trivial transfers per second, on the same chain in the same run.
    pub idle_per_second: f64,
}

/// A run that failed: the shortest list of actions that was found to fail.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The episode in which it happened.
    pub episode: u64,
    /// The step of the episode.
    pub step: usize,
    /// What went wrong when the actions were replayed.
    pub what: String,
    /// The actions, behind the prologue.
    pub actions: Vec<Action>,
}

/// Runs a plan; `progress` is called now and then.
///
/// # Errors
/// The first failure, shrunk.
///
/// # Panics
/// When the world in which every episode begins is broken already.
pub fn run(plan: Plan, mut progress: impl FnMut(&Report)) -> Result<Report, Box<Failure>> {
    let book = Book::default();
    let beginning = World::new(&book).unwrap_or_else(|what| panic!("the prologue: {what}"));
    let mut report = Report {
        idle_per_second: idle_speed(&beginning),
        ..Report::default()
    };
    let started = Instant::now();
    for episode in 0.. {
        let mut dice = Dice::of(plan.seed, episode);
        let mut world = beginning.clone();
        let mut done = Vec::new();
        while report.steps < plan.steps && (done.len() as u64) < EPISODE_STEPS {
            let action = Action::generate(&mut dice, world.state());
            done.push(action.clone());
            report.steps += 1;
            let counts = report.actions.entry(action.name()).or_default();
            match world.step(&book, &action) {
                Ok(None) => counts.0 += 1,
                Ok(Some(refused)) => {
                    counts.1 += 1;
                    *report.refusals.entry(refused).or_default() += 1;
                }
                Err(_) => {
                    let step = done.len() - 1;
                    let (actions, what) = shrink::shrink(&book, &beginning, done);
                    return Err(Box::new(Failure {
                        episode,
                        step,
                        what,
                        actions,
                    }));
                }
            }
        }
        report.time = started.elapsed();
        report.sending += world.sending - beginning.sending;
        progress(&report);
        if report.steps >= plan.steps {
            break;
        }
    }
    Ok(report)
}

/// Replays actions behind the prologue.
///
/// # Errors
/// At which of them it fails, and how.
pub fn replay(book: &Book, beginning: &World, actions: &[Action]) -> Result<(), (usize, String)> {
    let mut world = beginning.clone();
    for (index, action) in actions.iter().enumerate() {
        world.step(book, action).map_err(|what| (index, what))?;
    }
    Ok(())
}

fn idle_speed(world: &World) -> f64 {
    let mut chain = world.chain.clone();
    let started = Instant::now();
    for _ in 0..IDLE_TRANSFERS {
        chain.idle();
    }
    f64::from(IDLE_TRANSFERS) / started.elapsed().as_secs_f64()
}
