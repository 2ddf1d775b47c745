//! Everything that the model knows.

mod order;

use std::collections::BTreeMap;

use super::Record;
use crate::{
    book::{DelegationId, JobId, NodeId, OrderId, RangeId, SHARDS, ShardId, WithdrawalId},
    cast::{ACTORS, Actor, Class, Device, GNT, Key, Purse, TOKENS, Token, actors},
    chain::GENESIS_TIME,
};

pub use order::{Bid, Order, OrderPhase};

/// Places in a stake's queue.
pub const PLACES: usize = 8;

/// The market's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Config {
    pub authority: Key,
    pub treasury: Key,
    pub stake_per_gpu: u64,
    pub start_deadline_s: u32,
    pub grace_window_s: u32,
    pub heartbeat_max_age_s: u32,
    pub fee_bps: u16,
    pub fee_burn_bps: u16,
    pub paused: bool,
}

/// The staking pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Pool {
    pub authority: Key,
    pub period_s: u32,
}

/// A registered mint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Mint {
    pub enabled: bool,
    /// Base units that may be withdrawn in an hour; the largest number for no cap.
    pub cap: u64,
    /// What could be withdrawn at that moment, in 3600ths of a base unit.
    pub room_parts: u128,
    pub room_at: i64,
    /// Value of a million base units in base units of the network token.
    pub reference: u64,
}

/// A registered GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Registered {
    pub node: NodeId,
    pub at: i64,
}

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Provider {
    pub attestation: Key,
    pub profile: u8,
    pub registered_at: i64,
    pub nodes: u16,
    pub faults: u16,
    /// GPUs of its nodes that take jobs.
    pub offered: u32,
    pub record: Record,
}

/// A wallet that may rent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Tenant {
    pub opened_at: i64,
    pub record: Record,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Node {
    pub class: Class,
    pub gpus: u16,
    pub rented: u16,
    pub memory_mib: u32,
    pub min_s: u32,
    pub max_s: u32,
    pub active: bool,
    pub simulated: bool,
    pub heartbeat_at: i64,
    pub registered_at: i64,
    /// Rate by token, in the four places.
    pub prices: [Option<(Token, u64)>; 4],
}

impl Node {
    /// The rate in a token.
    #[must_use]
    pub fn rate(&self, token: Token) -> Option<u64> {
        let mut prices = self.prices.iter().flatten();
        prices.find(|(of, _)| *of == token).map(|(_, rate)| *rate)
    }
}

/// A bond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Stake {
    pub active: u64,
    pub reserved: u64,
    pub slashed: u64,
    pub opened_at: i64,
    /// Amount and moment; an amount of zero is a free place.
    pub queue: [(u64, i64); PLACES],
    /// What delegators entrusted and earned.
    pub earning: Shared,
    /// What delegators have asked back.
    pub leaving: Shared,
    pub commission_bps: u16,
    pub next_commission_bps: u16,
    /// When the next commission counts; zero when none is announced.
    pub commission_from: i64,
}

/// What delegators own together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Shared {
    pub assets: u64,
    pub shares: u64,
}

/// What one wallet has delegated to one provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Delegation {
    pub shares: u64,
    /// Shares of what is leaving, and moment; no shares are a free place.
    pub queue: [(u64, i64); PLACES],
}

impl Stake {
    /// What a fault can take: everything that has not left.
    #[must_use]
    pub fn slashable(&self) -> u64 {
        let own = self.active + self.queue.iter().map(|(amount, _)| amount).sum::<u64>();
        own + self.earning.assets + self.leaving.assets
    }

    /// What stands behind the provider's offer.
    #[must_use]
    pub const fn backing(&self) -> u64 {
        self.active + self.earning.assets
    }

    /// What is neither unbonding nor held by jobs.
    #[must_use]
    pub const fn free(&self) -> u64 {
        self.backing().saturating_sub(self.reserved)
    }

    /// What of it the provider may ask back.
    #[must_use]
    pub fn own_free(&self) -> u64 {
        self.active.min(self.free())
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Phase {
    Open,
    Running,
    Stopped,
    Closed,
    Cancelled,
}

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Job {
    pub provider: Actor,
    pub node: NodeId,
    pub token: Token,
    pub session: Key,
    pub attestation: Key,
    pub former: Option<Key>,
    pub former_session: Option<Key>,
    pub session_rotated_at: i64,
    pub exits_at: i64,
    pub successor: Option<(Actor, u64)>,
    pub bundle: u8,
    pub root: Option<u64>,
    pub rate: u64,
    pub escrow: u64,
    pub metered_ms: u64,
    /// Of the last receipt that both sides signed.
    pub co_signed_ms: u64,
    pub sequence: u64,
    pub is_final: bool,
    pub claimed: bool,
    pub stake_reserved: u64,
    /// What weighs it: its mint's reference at the opening.
    pub reference: u64,
    pub opened_at: i64,
    pub start_deadline: i64,
    pub started_at: i64,
    pub stopped_at: i64,
    pub ended_at: i64,
    pub max_s: u32,
    pub grace_s: u32,
    pub gpus: u16,
    pub fee_bps: u16,
    pub phase: Phase,
}

/// docs/PROTOCOL.md: shortest notice of an exit, and the farthest that one may lie ahead.
pub const EXIT_NOTICE_S: i64 = 600;
/// A year.
pub const YEAR_S: i64 = 31_536_000;

impl Job {
    /// When metering ends at the latest, given what ends it otherwise.
    #[must_use]
    pub fn until_exit(&self, otherwise: i64) -> i64 {
        if self.exits_at == 0 {
            return otherwise;
        }
        otherwise.min(self.exits_at)
    }

    /// Whether it holds GPUs, stake and escrow.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Running | Phase::Stopped)
    }
}

/// The record of a proven fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Fault {
    pub provider: Actor,
    pub reporter: Actor,
    pub sequence: u64,
    pub slashed: u64,
    pub proven_at: i64,
    pub penalty_bps: u16,
}

/// A claim that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Waiting {
    pub payer: Key,
    pub root: u64,
    pub sequence: u64,
    pub metered_ms: u64,
    pub bond: u64,
    pub payable_at: i64,
}

/// A withdrawal that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Withdrawal {
    pub amount: u64,
    pub payable_at: i64,
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct State {
    pub now: i64,
    pub pool: Pool,
    pub config: Config,
    pub mints: BTreeMap<Token, Mint>,
    /// Whether each registered class is enabled.
    pub classes: BTreeMap<Class, bool>,
    /// Floor and ceiling.
    pub ranges: BTreeMap<RangeId, (u64, u64)>,
    pub devices: BTreeMap<Device, Registered>,
    pub providers: BTreeMap<Actor, Provider>,
    pub tenants: BTreeMap<Actor, Tenant>,
    pub nodes: BTreeMap<NodeId, Node>,
    pub stakes: BTreeMap<Actor, Stake>,
    pub delegations: BTreeMap<DelegationId, Delegation>,
    pub balances: BTreeMap<(Actor, Token), u64>,
    pub jobs: BTreeMap<JobId, Job>,
    pub faults: BTreeMap<(JobId, u8), Fault>,
    pub claims: BTreeMap<JobId, Waiting>,
    pub withdrawals: BTreeMap<WithdrawalId, Withdrawal>,
    pub orders: BTreeMap<OrderId, Order>,
    /// Base units of fees that wait in each fee shard.
    pub shards: BTreeMap<ShardId, u64>,
    /// Tokens in the actors' own token accounts.
    pub purses: [[u64; TOKENS as usize]; ACTORS as usize],
    /// Tokens in the market's vaults.
    pub vaults: [u64; TOKENS as usize],
    /// Tokens in the vault of the bonds.
    pub bonds: u64,
    /// Tokens that exist.
    pub supply: [u64; TOKENS as usize],
}

/// What each actor has of a token at first. The euros come near the edge of 64 bits, so that sums can leave it.
#[must_use]
pub fn endowment(token: Token) -> u64 {
    match token {
        GNT => 1_000_000_000_000_000,
        2 => 2_600_000_000_000_000_000,
        _ => 1_000_000_000_000,
    }
}

impl State {
    /// Both programs configured by [`crate::prologue`], and nobody there.
    #[must_use]
    pub fn new(config: Config, pool: Pool) -> Self {
        let each = std::array::from_fn(|token| endowment(u8::try_from(token).expect("few")));
        let purses = actors().map(|_| each).collect::<Vec<_>>();
        Self {
            now: GENESIS_TIME,
            pool,
            config,
            mints: BTreeMap::new(),
            classes: BTreeMap::new(),
            ranges: BTreeMap::new(),
            devices: BTreeMap::new(),
            providers: BTreeMap::new(),
            tenants: BTreeMap::new(),
            nodes: BTreeMap::new(),
            stakes: BTreeMap::new(),
            delegations: BTreeMap::new(),
            balances: BTreeMap::new(),
            jobs: BTreeMap::new(),
            faults: BTreeMap::new(),
            claims: BTreeMap::new(),
            withdrawals: BTreeMap::new(),
            orders: BTreeMap::new(),
            shards: BTreeMap::new(),
            purses: purses.try_into().expect("one each"),
            vaults: [0; TOKENS as usize],
            bonds: 0,
            supply: each.map(|of_one| of_one * u64::from(ACTORS)),
        }
    }

    /// Tokens in a token account.
    pub fn tokens_in(&mut self, purse: Purse) -> &mut u64 {
        match purse {
            Purse::Of(actor, token) => &mut self.purses[usize::from(actor)][usize::from(token)],
            Purse::Vault(token) => &mut self.vaults[usize::from(token)],
            Purse::Bonds => &mut self.bonds,
        }
    }

    /// How many fee shards of a mint are open.
    #[must_use]
    pub fn shards_of(&self, token: Token) -> u8 {
        let open = (0..SHARDS).filter(|number| self.shards.contains_key(&(token, *number)));
        u8::try_from(open.count()).expect("few")
    }

    /// Everything that is bonded.
    #[must_use]
    pub fn staked(&self) -> u64 {
        self.stakes.values().map(Stake::slashable).sum()
    }
}
