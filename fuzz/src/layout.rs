//! The model's state in the programs' layouts, every byte of it: what the chain must show.

mod hardware;
mod orders;
mod withdrawals;

use bytemuck::Zeroable;
use gantry_sdk::{
    Pubkey,
    market::state as market,
    staking::state::{self as staking, Unbonding, UnbondingShares},
};

use crate::{
    action::{self, GENESIS_HASH},
    book::{Book, DelegationId, JobId, NodeId, Place, ShardId},
    cast::{Actor, GNT, Token, class_name},
    model::{
        Record, State,
        state::{Delegation, Fault, Job, Mint, Node, Phase, Provider, Stake, Tenant, Waiting},
    },
    view::View,
};

impl State {
    /// What [`View::read`] must return.
    #[must_use]
    pub fn view(&self, book: &Book) -> View {
        View {
            pool: self.pool_layout(book),
            config: self.config_layout(book),
            mints: self
                .mints
                .iter()
                .map(|(token, mint)| (*token, mint_layout(book, *token, mint, self.shards_of(*token))))
                .collect(),
            classes: self
                .classes
                .iter()
                .map(|(class, enabled)| (*class, hardware::class(book, *class, *enabled)))
                .collect(),
            ranges: self
                .ranges
                .iter()
                .map(|(id, range)| (*id, hardware::range(book, *id, *range)))
                .collect(),
            devices: self
                .devices
                .iter()
                .map(|(device, registered)| (*device, hardware::device(book, *device, registered)))
                .collect(),
            providers: self
                .providers
                .iter()
                .map(|(owner, of)| (*owner, provider_layout(book, *owner, of)))
                .collect(),
            tenants: self
                .tenants
                .iter()
                .map(|(wallet, tenant)| (*wallet, tenant_layout(book, *wallet, tenant)))
                .collect(),
            nodes: self
                .nodes
                .iter()
                .map(|(id, node)| (*id, node_layout(book, *id, node)))
                .collect(),
            stakes: self
                .stakes
                .iter()
                .map(|(owner, stake)| (*owner, stake_layout(book, *owner, stake)))
                .collect(),
            delegations: self
                .delegations
                .iter()
                .map(|(id, delegation)| (*id, delegation_layout(book, *id, delegation)))
                .collect(),
            balances: self
                .balances
                .iter()
                .map(|(id, amount)| (*id, balance_layout(book, *id, *amount)))
                .collect(),
            jobs: self
                .jobs
                .iter()
                .map(|(id, job)| (*id, job_layout(book, *id, job, self.bill(id))))
                .collect(),
            shards: self
                .shards
                .iter()
                .map(|(id, amount)| (*id, shard_layout(book, *id, *amount)))
                .collect(),
            claims: self
                .claims
                .iter()
                .map(|(id, claim)| (*id, claim_layout(book, *id, claim)))
                .collect(),
            withdrawals: self
                .withdrawals
                .iter()
                .map(|(id, waiting)| (*id, withdrawals::layout(book, *id, waiting)))
                .collect(),
            orders: self
                .orders
                .iter()
                .map(|(id, order)| (*id, orders::layout(book, *id, order)))
                .collect(),
            faults: self
                .faults
                .iter()
                .map(|(id, fault)| (*id, fault_layout(book, *id, fault)))
                .collect(),
            purses: self.purses,
            vaults: self.vaults,
            bonds: self.bonds,
            supply: self.supply,
        }
    }

    fn pool_layout(&self, book: &Book) -> staking::Pool {
        staking::Pool {
            authority: book.key(self.pool.authority),
            mint: book.mint(GNT),
            vault: book.at(Place::Bonds),
            market_signer: book.at(Place::Signer),
            staked: self.staked(),
            unbonding_period_s: self.pool.period_s,
            decimals: GNT,
            bump: book.bump(Place::Pool),
            ..Zeroable::zeroed()
        }
    }

    fn config_layout(&self, book: &Book) -> market::Config {
        market::Config {
            authority: book.key(self.config.authority),
            treasury: book.key(self.config.treasury),
            genesis_hash: GENESIS_HASH,
            stake_per_gpu: self.config.stake_per_gpu,
            start_deadline_s: self.config.start_deadline_s,
            grace_window_s: self.config.grace_window_s,
            heartbeat_max_age_s: self.config.heartbeat_max_age_s,
            fee_bps: self.config.fee_bps,
            fee_burn_bps: self.config.fee_burn_bps,
            paused: u8::from(self.config.paused),
            bump: book.bump(Place::Config),
            ..Zeroable::zeroed()
        }
    }
}

fn mint_layout(book: &Book, token: Token, mint: &Mint, fee_shards: u8) -> market::RegisteredMint {
    market::RegisteredMint {
        mint: book.mint(token),
        vault: book.at(Place::Vault(token)),
        token_program: book.token_program(token),
        reference_price: mint.reference,
        // Each mint of the fuzzer has its own number of decimals.
        decimals: token,
        enabled: u8::from(mint.enabled),
        bump: book.bump(Place::Mint(token)),
        fee_shards,
        withdraw_cap: mint.cap,
        withdraw_room: u64::try_from(mint.room_parts / 3_600).expect("no more than the cap"),
        withdraw_rest: u16::try_from(mint.room_parts % 3_600).expect("below the window"),
        room_at: mint.room_at,
        ..Zeroable::zeroed()
    }
}

fn provider_layout(book: &Book, owner: Actor, of: &Provider) -> market::Provider {
    let profile = action::profile(book, of.attestation, of.profile);
    market::Provider {
        owner: book.wallet(owner),
        attestation_key: profile.attestation_key,
        tls_key_hash: profile.tls_key_hash,
        endpoint: profile.endpoint,
        registered_at: of.registered_at,
        record: record_layout(&of.record),
        gpus_offered: of.offered,
        endpoint_bytes: profile.endpoint_bytes,
        nodes: of.nodes,
        faults: of.faults,
        bump: book.bump(Place::Provider(owner)),
        ..Zeroable::zeroed()
    }
}

fn tenant_layout(book: &Book, wallet: Actor, tenant: &Tenant) -> market::Tenant {
    market::Tenant {
        wallet: book.wallet(wallet),
        opened_at: tenant.opened_at,
        record: record_layout(&tenant.record),
        bump: book.bump(Place::Tenant(wallet)),
        ..Zeroable::zeroed()
    }
}

const fn record_layout(of: &Record) -> market::Record {
    market::Record {
        as_of: of.as_of,
        fees: of.fees,
        promised: of.promised,
        kept: of.kept,
        completed: of.completed,
        failed: of.failed,
        faults: of.faults,
    }
}

fn node_layout(book: &Book, id: NodeId, node: &Node) -> market::Node {
    let price = |place: &Option<(Token, u64)>| {
        place.map_or(market::Price::default(), |(token, rate)| market::Price {
            mint: book.mint(token),
            rate,
        })
    };
    market::Node {
        provider: book.at(Place::Provider(id.0)),
        owner: book.wallet(id.0),
        class: class_name(node.class),
        region: action::REGION,
        prices: node.prices.each_ref().map(price),
        heartbeat_at: node.heartbeat_at,
        registered_at: node.registered_at,
        memory_mib: node.memory_mib,
        min_duration_s: node.min_s,
        max_duration_s: node.max_s,
        gpus: node.gpus,
        gpus_free: node.gpus - node.rented,
        id: id.1,
        active: u8::from(node.active),
        simulated: u8::from(node.simulated),
        bump: book.bump(Place::Node(id)),
        ..Zeroable::zeroed()
    }
}

fn stake_layout(book: &Book, owner: Actor, stake: &Stake) -> staking::Stake {
    staking::Stake {
        owner: book.wallet(owner),
        active: stake.active,
        reserved: stake.reserved,
        slashed: stake.slashed,
        delegated: stake.earning.assets,
        delegated_shares: stake.earning.shares,
        delegated_unbonding: stake.leaving.assets,
        delegated_unbonding_shares: stake.leaving.shares,
        commission_bps: stake.commission_bps,
        next_commission_bps: stake.next_commission_bps,
        commission_from: stake.commission_from,
        unbondings: stake.queue.map(|(amount, withdrawable_at)| Unbonding {
            amount,
            withdrawable_at,
        }),
        opened_at: stake.opened_at,
        bump: book.bump(Place::Stake(owner)),
        ..Zeroable::zeroed()
    }
}

fn delegation_layout(book: &Book, id: DelegationId, delegation: &Delegation) -> staking::Delegation {
    staking::Delegation {
        stake: book.at(Place::Stake(id.0)),
        delegator: book.wallet(id.1),
        shares: delegation.shares,
        unbondings: delegation.queue.map(|(shares, withdrawable_at)| UnbondingShares {
            shares,
            withdrawable_at,
        }),
        bump: book.bump(Place::Delegation(id)),
        ..Zeroable::zeroed()
    }
}

fn balance_layout(book: &Book, id: (Actor, Token), amount: u64) -> market::Balance {
    market::Balance {
        owner: book.wallet(id.0),
        mint: book.mint(id.1),
        amount,
        bump: book.bump(Place::Balance(id.0, id.1)),
        ..Zeroable::zeroed()
    }
}

fn job_layout(book: &Book, id: JobId, job: &Job, [owed, paid, fee, refund]: [u64; 4]) -> market::Job {
    market::Job {
        tenant: book.wallet(id.0),
        provider: book.wallet(job.provider),
        node: book.at(Place::Node(job.node)),
        mint: book.mint(job.token),
        session_key: book.key(job.session),
        attestation_key: book.key(job.attestation),
        former_key: job.former.map_or(Pubkey::default(), |key| book.key(key)),
        former_session_key: job.former_session.map_or(Pubkey::default(), |key| book.key(key)),
        genesis_hash: GENESIS_HASH,
        bundle_hash: [job.bundle; 32],
        samples_root: job.root.map_or([0; 32], action::root),
        nonce: id.1,
        rate: job.rate,
        escrow: job.escrow,
        owed,
        paid,
        fee,
        refund,
        stake_reserved: job.stake_reserved,
        reference_price: job.reference,
        sequence: job.sequence,
        metered_ms: job.metered_ms,
        co_signed_ms: job.co_signed_ms,
        opened_at: job.opened_at,
        start_deadline: job.start_deadline,
        started_at: job.started_at,
        stopped_at: job.stopped_at,
        ended_at: job.ended_at,
        session_rotated_at: job.session_rotated_at,
        exits_at: job.exits_at,
        successor: job.successor.map_or(Pubkey::default(), |id| book.at(Place::Job(id))),
        max_duration_s: job.max_s,
        grace_window_s: job.grace_s,
        gpus: job.gpus,
        fee_bps: job.fee_bps,
        // docs/PROTOCOL.md: Open, Running, Stopped, Closed, Cancelled.
        state: match job.phase {
            Phase::Open => 1,
            Phase::Running => 2,
            Phase::Stopped => 3,
            Phase::Closed => 4,
            Phase::Cancelled => 5,
        },
        is_final: u8::from(job.is_final),
        bump: book.bump(Place::Job(id)),
        claimed: u8::from(job.claimed),
    }
}

fn fault_layout(book: &Book, (job, kind): (JobId, u8), fault: &Fault) -> market::Fault {
    market::Fault {
        job: book.at(Place::Job(job)),
        provider: book.wallet(fault.provider),
        reporter: book.wallet(fault.reporter),
        sequence: fault.sequence,
        slashed: fault.slashed,
        proven_at: fault.proven_at,
        penalty_bps: fault.penalty_bps,
        kind,
        bump: book.bump(Place::Fault(job, kind)),
        ..Zeroable::zeroed()
    }
}

fn shard_layout(book: &Book, id: ShardId, amount: u64) -> market::FeeShard {
    market::FeeShard {
        mint: book.mint(id.0),
        amount,
        number: id.1,
        bump: book.bump(Place::Shard(id)),
        ..Zeroable::zeroed()
    }
}

fn claim_layout(book: &Book, job: JobId, claim: &Waiting) -> market::Claim {
    market::Claim {
        job: book.at(Place::Job(job)),
        payer: book.key(claim.payer),
        samples_root: action::root(claim.root),
        sequence: claim.sequence,
        metered_ms: claim.metered_ms,
        bond: claim.bond,
        payable_at: claim.payable_at,
        bump: book.bump(Place::Claim(job)),
        ..Zeroable::zeroed()
    }
}
