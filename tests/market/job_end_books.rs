//! Closing and cancelling jobs whose books do not add up, or whom another program refuses: the tenant gets all or nothing.

use gantry_sdk::{Instruction, Pubkey, Signer, address, instruction::market as instruction};
use gantry_tests::{outcome::Outcome, parties::DEPOSIT, world::World};
use market::{
    MarketError,
    state::{Balance, Job, Node},
};
use staking::{
    StakingError,
    state::{Pool, Stake},
};

/// A world and the instruction by which its provider ends its job.
struct Ending {
    world: World,
    job: Pubkey,
    instruction: Instruction,
}

/// A running job that is closed, and an open one that is cancelled.
fn both() -> [Ending; 2] {
    let mut closing = World::new();
    let running = closing.running_job();
    let key = closing.provider.attestation.pubkey();
    let close = instruction::job_close(key, running, &closing.job(&running));
    let mut cancelling = World::new();
    let open = cancelling.open_job();
    let key = cancelling.provider.attestation.pubkey();
    let cancel = instruction::job_cancel(key, open, &cancelling.job(&open));
    [(closing, running, close), (cancelling, open, cancel)].map(|(world, job, instruction)| Ending {
        world,
        job,
        instruction,
    })
}

impl Ending {
    fn outcome(&self) -> Outcome {
        let instructions = std::slice::from_ref(&self.instruction);
        self.world
            .chain
            .simulate_unreachable(instructions, &[&self.world.provider.attestation])
    }
}

#[test]
fn a_job_that_owes_more_than_its_escrow_refunds_nothing() {
    for mut ending in both() {
        ending
            .world
            .chain
            .alter::<Job>(&ending.job, |job| job.owed = job.escrow + 1);
        ending.outcome().is_refused(MarketError::AmountOverflow);
    }
}

#[test]
fn a_job_whose_bill_does_not_add_up_refunds_nothing() {
    for mut ending in both() {
        ending.world.chain.alter::<Job>(&ending.job, |job| job.fee = 1);
        ending.outcome().is_refused(MarketError::AmountOverflow);
    }
}

#[test]
fn a_tenants_balance_that_would_leave_64_bits_is_not_refunded_into() {
    for mut ending in both() {
        let balance = address::balance(&ending.world.tenant.owner(), &ending.world.usdc.address);
        ending
            .world
            .chain
            .alter::<Balance>(&balance, |balance| balance.amount = u64::MAX);
        ending.outcome().is_refused(MarketError::AmountOverflow);
    }
}

#[test]
fn a_node_never_gets_more_gpus_back_than_it_has() {
    for mut ending in both() {
        let node = ending.world.node_address();
        for free in [ending.world.node().gpus, u16::MAX] {
            ending.world.chain.alter::<Node>(&node, |node| node.gpus_free = free);
            ending.outcome().is_refused(MarketError::CapacityExceeded);
        }
    }
}

#[test]
fn a_stake_that_reserves_less_than_the_job_holds_releases_nothing() {
    for mut ending in both() {
        let stake = address::stake(&ending.world.provider.owner());
        ending.world.chain.alter::<Stake>(&stake, |stake| stake.reserved = 0);
        ending.outcome().is_refused(StakingError::InsufficientReserve);
    }
}

#[test]
fn a_job_that_the_staking_program_refuses_to_release_ends_once_it_no_longer_does() {
    for mut ending in both() {
        let pool = address::pool();
        let market = ending.world.pool().market_signer;
        ending
            .world
            .chain
            .alter::<Pool>(&pool, |pool| pool.market_signer = Pubkey::new_unique());
        let Ending { world, instruction, .. } = &mut ending;
        let end = |world: &mut World| {
            let provider = &world.provider.attestation;
            world.chain.send(std::slice::from_ref(instruction), &[provider])
        };
        // Refused as a whole: escrow, GPUs and state stay as they are, which `send` has checked.
        end(world).is_refused(StakingError::NotMarket);
        world.chain.alter::<Pool>(&pool, |pool| pool.market_signer = market);
        end(world).succeeds();
        assert_eq!((world.tenant_has(), world.stake().reserved), (DEPOSIT, 0));
    }
}
