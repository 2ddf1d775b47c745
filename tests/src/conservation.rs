//! What must hold after every transaction, recomputed from all accounts.

mod orders;

use std::collections::{BTreeMap, HashMap};

use gantry_sdk::{
    Pubkey,
    account::{self, Account, Layout},
    address,
};
use market::state::{
    Balance, Claim, Device, FeeShard, GpuClass, Job, JobState, Node, Order, PriceRange, Provider, RegisteredMint,
    Withdrawal,
};
use solana_account::{AccountSharedData, ReadableAccount};
use staking::state::{Delegation, Pool, Stake};

/// Every account of the chain.
pub type Accounts = HashMap<Pubkey, AccountSharedData>;

/// Checks every invariant of both programs. `given_away` holds, per mint, tokens that someone gave to a vault for nothing.
///
/// # Panics
/// When one of them does not hold.
pub fn check(accounts: &Accounts, given_away: &BTreeMap<Pubkey, u64>) {
    let state = State::read(accounts);
    for (_, registered) in &state.mints {
        let given = given_away.get(&registered.mint).copied().unwrap_or(0);
        check_vault(&state, registered, tokens(accounts, &registered.vault), given);
    }
    if let Some(pool) = &state.pool {
        check_pool(
            &state,
            pool,
            tokens(accounts, &pool.vault),
            given_away.get(&pool.mint).copied().unwrap_or(0),
        );
    }
    for (address, stake) in &state.stakes {
        check_stake(&state, address, stake);
        check_delegations(&state, address, stake);
    }
    for (address, delegation) in &state.delegations {
        check_delegation(&state, address, delegation);
    }
    for (address, shard) in &state.fee_shards {
        assert_eq!(
            *address,
            address::fee_shard(&shard.mint, shard.number),
            "a fee shard at another address than its own"
        );
    }
    for (address, withdrawal) in &state.withdrawals {
        let balance = address::balance(&withdrawal.owner, &withdrawal.mint);
        assert_eq!(
            (*address, withdrawal.balance),
            (address::withdrawal(&balance, withdrawal.number), balance),
            "a withdrawal at another address than its own"
        );
    }
    for (address, node) in &state.nodes {
        check_node(&state, address, node);
    }
    for (address, provider) in &state.providers {
        check_provider(&state, address, provider);
    }
    for (address, order) in &state.orders {
        orders::check(address, order);
    }
    for (address, device) in &state.devices {
        check_device(&state, address, device);
    }
    for (address, class) in &state.classes {
        assert_eq!(
            *address,
            address::gpu_class(&class.name),
            "a class at another address than its name's"
        );
    }
    for (address, range) in &state.ranges {
        assert_eq!(
            *address,
            address::price_range(&range.class, &range.mint),
            "a price range at another address than its own"
        );
        assert!(
            range.floor <= range.ceiling && range.ceiling > 0,
            "the price range {address} is empty"
        );
    }
    for (address, job) in &state.jobs {
        check_job(address, job);
        let waits = state.claims.iter().any(|(_, claim)| claim.job == *address);
        assert_eq!(job.claimed == 1, waits, "job {address} and its claim");
        check_successor(&state, address, job);
    }
}

/// Checks that no account differs but the fee payer's lamports.
///
/// # Panics
/// When another one does.
pub fn check_unchanged(before: &Accounts, after: &Accounts, fee_payer: &Pubkey) {
    for (address, account) in after {
        let old = before.get(address);
        if address == fee_payer {
            assert_eq!(old.map(ReadableAccount::data), Some(account.data()));
        } else {
            assert_eq!(old, Some(account), "a refused transaction changed {address}");
        }
    }
    for address in before.keys() {
        assert!(after.contains_key(address), "a refused transaction removed {address}");
    }
}

/// An account's data, with the discriminator.
#[must_use]
pub fn bytes_of<T: Layout>(state: &T) -> Vec<u8> {
    [T::DISCRIMINATOR, bytemuck::bytes_of(state)].concat()
}

/// The accounts of both programs.
#[derive(Default)]
struct State {
    pool: Option<Pool>,
    stakes: Vec<(Pubkey, Stake)>,
    delegations: Vec<(Pubkey, Delegation)>,
    mints: Vec<(Pubkey, RegisteredMint)>,
    nodes: Vec<(Pubkey, Node)>,
    providers: Vec<(Pubkey, Provider)>,
    balances: Vec<(Pubkey, Balance)>,
    jobs: Vec<(Pubkey, Job)>,
    claims: Vec<(Pubkey, Claim)>,
    fee_shards: Vec<(Pubkey, FeeShard)>,
    withdrawals: Vec<(Pubkey, Withdrawal)>,
    orders: Vec<(Pubkey, Order)>,
    classes: Vec<(Pubkey, GpuClass)>,
    ranges: Vec<(Pubkey, PriceRange)>,
    devices: Vec<(Pubkey, Device)>,
}

impl State {
    fn read(accounts: &Accounts) -> Self {
        let mut state = Self::default();
        let ours = |owner: &Pubkey| *owner == market::ID || *owner == staking::ID;
        for (address, account) in accounts.iter().filter(|(_, account)| ours(account.owner())) {
            match account::decode(account.owner(), account.data()) {
                Ok(Account::Pool(pool)) => state.pool = Some(pool),
                Ok(Account::Stake(stake)) => state.stakes.push((*address, stake)),
                Ok(Account::Delegation(delegation)) => state.delegations.push((*address, delegation)),
                Ok(Account::RegisteredMint(mint)) => state.mints.push((*address, mint)),
                Ok(Account::Node(node)) => state.nodes.push((*address, node)),
                Ok(Account::Balance(balance)) => state.balances.push((*address, balance)),
                Ok(Account::Job(job)) => state.jobs.push((*address, job)),
                Ok(Account::FeeShard(shard)) => state.fee_shards.push((*address, shard)),
                Ok(Account::Withdrawal(withdrawal)) => state.withdrawals.push((*address, withdrawal)),
                Ok(Account::Provider(provider)) => state.providers.push((*address, provider)),
                Ok(Account::GpuClass(class)) => state.classes.push((*address, class)),
                Ok(Account::PriceRange(range)) => state.ranges.push((*address, range)),
                Ok(Account::Device(device)) => state.devices.push((*address, device)),
                Ok(Account::Claim(claim)) => state.claims.push((*address, claim)),
                Ok(Account::Order(order)) => state.orders.push((*address, order)),
                Ok(Account::Config(_) | Account::Fault(_) | Account::Tenant(_)) => {}
                Err(error) => panic!("{address}: {error}"),
            }
        }
        state
    }

    fn job(&self, address: &Pubkey) -> &Job {
        let job = self.jobs.iter().find(|(job, _)| job == address);
        &job.expect("a claim is about a job").1
    }

    fn live_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.iter().map(|(_, job)| job).filter(|job| is_live(job))
    }
}

fn is_live(job: &Job) -> bool {
    matches!(
        job.state(),
        Some(JobState::Open | JobState::Running | JobState::Stopped)
    )
}

/// Tokens in a token account; the amount stands at the same place in both token programs.
fn tokens(accounts: &Accounts, address: &Pubkey) -> u64 {
    let account = accounts
        .get(address)
        .unwrap_or_else(|| panic!("there is no vault at {address}"));
    let bytes = account.data().get(64..72).and_then(|bytes| bytes.try_into().ok());
    bytes.map(u64::from_le_bytes).expect("a token account has an amount")
}

fn check_vault(state: &State, registered: &RegisteredMint, vault: u64, given: u64) {
    let mint = registered.mint;
    let of_balances = state.balances.iter().filter(|(_, balance)| balance.mint == mint);
    let of_jobs = state.jobs.iter().filter(|(_, job)| job.mint == mint);
    let bonds = state
        .claims
        .iter()
        .filter(|(_, claim)| state.job(&claim.job).mint == mint);
    let of_orders = state.orders.iter().filter(|(_, order)| order.mint == mint);
    let of_shards = state.fee_shards.iter().filter(|(_, shard)| shard.mint == mint);
    assert_eq!(
        usize::from(registered.fee_shards),
        of_shards.clone().count(),
        "the record of {mint} counts other fee shards than there are"
    );
    let waiting = state
        .withdrawals
        .iter()
        .filter(|(_, withdrawal)| withdrawal.mint == mint);
    let owed = of_balances.map(|(_, balance)| u128::from(balance.amount)).sum::<u128>()
        + of_jobs.map(|(_, job)| u128::from(job.held())).sum::<u128>()
        + of_orders.map(|(_, order)| u128::from(order.held())).sum::<u128>()
        + bonds.map(|(_, claim)| u128::from(claim.bond)).sum::<u128>()
        + of_shards.map(|(_, shard)| u128::from(shard.amount)).sum::<u128>()
        + waiting
            .map(|(_, withdrawal)| u128::from(withdrawal.amount))
            .sum::<u128>();
    assert_eq!(
        u128::from(vault),
        owed + u128::from(given),
        "the vault of {mint} does not hold what it owes"
    );
}

fn check_pool(state: &State, pool: &Pool, vault: u64, given: u64) {
    let bonded: u128 = state
        .stakes
        .iter()
        .map(|(_, stake)| u128::from(stake.slashable()))
        .sum();
    assert_eq!(
        bonded,
        u128::from(pool.staked),
        "the pool counts other bonds than there are"
    );
    assert_eq!(
        u128::from(vault),
        bonded + u128::from(given),
        "the pool's vault does not hold the bonds"
    );
}

fn check_stake(state: &State, address: &Pubkey, stake: &Stake) {
    assert_eq!(stake.invariant(), Ok(()), "stake {address}");
    assert_eq!(
        *address,
        address::stake(&stake.owner),
        "a stake at another address than its owner's"
    );
    let jobs = state.live_jobs().filter(|job| job.provider == stake.owner);
    let held: u64 = jobs.map(|job| job.stake_reserved).sum();
    assert_eq!(
        stake.reserved, held,
        "stake {address} reserves other than its live jobs hold"
    );
}

/// The shares of a stake's delegations are all that there are, and are worth no more than the stake holds for them.
fn check_delegations(state: &State, address: &Pubkey, stake: &Stake) {
    let of_stake = || {
        state
            .delegations
            .iter()
            .map(|(_, delegation)| delegation)
            .filter(|one| one.stake == *address)
    };
    let sum = |part: fn(&Delegation, &Stake) -> u64| of_stake().map(|one| u128::from(part(one, stake))).sum::<u128>();
    assert_eq!(
        sum(|delegation, _| delegation.shares),
        u128::from(stake.delegated_shares),
        "stake {address} counts other shares than its delegations have"
    );
    assert_eq!(
        sum(|delegation, _| delegation.unbonding_shares().0),
        u128::from(stake.delegated_unbonding_shares),
        "stake {address} counts other unbonding shares than its delegations have"
    );
    assert!(
        sum(|delegation, stake| delegation.worth(stake).earning.0) <= u128::from(stake.delegated),
        "stake {address} owes its delegators more than was delegated"
    );
    assert!(
        sum(|delegation, stake| delegation.worth(stake).unbonding.0) <= u128::from(stake.delegated_unbonding),
        "stake {address} owes leaving delegators more than is unbonding"
    );
}

fn check_delegation(state: &State, address: &Pubkey, delegation: &Delegation) {
    let stake = state.stakes.iter().find(|(stake, _)| *stake == delegation.stake);
    let (_, stake) = stake.unwrap_or_else(|| panic!("delegation {address} is to no stake"));
    assert_eq!(
        *address,
        address::delegation(&stake.owner, &delegation.delegator),
        "a delegation at another address than its own"
    );
}

fn check_node(state: &State, address: &Pubkey, node: &Node) {
    let jobs = state.live_jobs().filter(|job| job.node == *address);
    let rented: u32 = jobs.map(|job| u32::from(job.gpus)).sum();
    assert_eq!(
        u32::from(node.gpus_free) + rented,
        u32::from(node.gpus),
        "node {address} lost or made GPUs"
    );
    let devices = state.devices.iter().filter(|(_, device)| device.node == *address);
    assert_eq!(
        usize::from(node.gpus),
        devices.count(),
        "node {address} has other GPUs than are registered for it"
    );
}

fn check_device(state: &State, address: &Pubkey, device: &Device) {
    let node = state.nodes.iter().find(|(node, _)| *node == device.node);
    let (_, node) = node.unwrap_or_else(|| panic!("device {address} is of no node"));
    assert_eq!(
        device.provider, node.provider,
        "device {address} and its node have two providers"
    );
    assert_eq!(
        *address,
        address::device(&device.identity),
        "a device at another address than its identity's"
    );
}

fn check_provider(state: &State, address: &Pubkey, provider: &Provider) {
    let nodes = state.nodes.iter().filter(|(_, node)| node.provider == *address);
    let offered = nodes.filter(|(_, node)| node.active == 1);
    let offered: u32 = offered.map(|(_, node)| u32::from(node.gpus)).sum();
    assert_eq!(
        provider.gpus_offered, offered,
        "provider {address} offers other GPUs than its nodes"
    );
}

fn check_job(address: &Pubkey, job: &Job) {
    assert_eq!(job.invariant(), Ok(()), "job {address}");
    assert_eq!(
        *address,
        address::job(&job.tenant, job.nonce),
        "a job at another address than its own"
    );
    if !is_live(job) {
        assert_eq!(job.held(), 0, "the ended job {address} keeps something");
        assert_eq!(
            (job.escrow, job.owed),
            (job.owed + job.refund, job.paid + job.fee),
            "the bill of {address} does not add up"
        );
    }
}

/// A job that went on elsewhere did so after its end, for the same tenant and in the same mint, at no higher rate, and alone.
fn check_successor(state: &State, address: &Pubkey, job: &Job) {
    if job.successor == Pubkey::default() {
        return;
    }
    assert!(!is_live(job), "the job {address} has a successor while it lives");
    let named = state.jobs.iter().filter(|(_, other)| other.successor == job.successor);
    assert_eq!(named.count(), 1, "several jobs went on as {}", job.successor);
    let found = state.jobs.iter().find(|(other, _)| *other == job.successor);
    let (_, successor) = found.unwrap_or_else(|| panic!("the successor of {address} does not exist"));
    assert_eq!(
        (successor.tenant, successor.mint, successor.bundle_hash, successor.gpus),
        (job.tenant, job.mint, job.bundle_hash, job.gpus),
        "the successor of {address} is another job"
    );
    assert!(
        successor.rate <= job.rate && successor.opened_at >= job.ended_at && successor.node != job.node,
        "the successor of {address} is on other terms"
    );
}
