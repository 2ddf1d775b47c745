//! Opening a mint's fee shards.

use std::slice;

use anchor_lang::ErrorCode;
use gantry_protocol::limits::FEE_SHARDS;
use gantry_sdk::{
    Pubkey, Signer, address,
    event::Event,
    instruction::{fees as instruction, market as market_instruction},
};
use gantry_tests::{forge::exchange, key, token::Mint, world::World};
use market::{
    MarketError,
    events::FeeShardOpened,
    state::{FeeShard, RegisteredMint},
};
use solana_instruction::error::InstructionError;

/// A world and a registered mint without fee shards.
fn without_shards() -> (World, Pubkey) {
    let mut world = World::configured();
    let mint = Mint::classic(&mut world.chain, 6);
    let authority = world.authority.pubkey();
    let register = market_instruction::mint_register(authority, mint.address, mint.token_program);
    world.chain.send(&[register], &[&world.authority]).succeeds();
    (world, mint.address)
}

fn open_shards(world: &World, mint: &Pubkey) -> u8 {
    let registered: RegisteredMint = world.chain.get(&address::registered_mint(mint));
    registered.fee_shards
}

#[test]
fn anyone_opens_an_empty_shard_at_its_own_expense() {
    let (mut world, mint) = without_shards();
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let open = instruction::fee_shard_open(stranger.pubkey(), mint, 5);
    let done = world.chain.send(&[open], &[&stranger]).succeeds();
    let address = address::fee_shard(&mint, 5);
    let shard: FeeShard = world.chain.get(&address);
    assert_eq!((shard.mint, shard.number, shard.amount), (mint, 5, 0));
    assert_eq!(open_shards(&world, &mint), 1);
    let opened = FeeShardOpened {
        fee_shard: address,
        mint,
        number: 5,
        fee_shards: 1,
    };
    assert_eq!(done.event(), Event::FeeShardOpened(opened));
}

#[test]
fn a_mint_has_eight_shards_and_no_ninth() {
    let (mut world, mint) = without_shards();
    let payer = world.deployer.insecure_clone();
    let all: Vec<_> = instruction::fee_shards_open(payer.pubkey(), mint).collect();
    assert_eq!(all.len(), usize::from(FEE_SHARDS));
    world.chain.send(&all, &[&payer]).succeeds();
    assert_eq!(open_shards(&world, &mint), FEE_SHARDS);
    for number in [FEE_SHARDS, u8::MAX] {
        let another = instruction::fee_shard_open(payer.pubkey(), mint, number);
        world
            .chain
            .send(&[another], &[&payer])
            .is_refused(MarketError::NoSuchFeeShard);
    }
}

#[test]
fn a_shard_is_opened_once() {
    let (mut world, mint) = without_shards();
    let payer = world.deployer.insecure_clone();
    let open = instruction::fee_shard_open(payer.pubkey(), mint, 0);
    let open = slice::from_ref(&open);
    world.chain.send(open, &[&payer]).succeeds();
    world
        .chain
        .send(open, &[&payer])
        .is_refused(InstructionError::Custom(0));
    assert_eq!(open_shards(&world, &mint), 1);
}

#[test]
fn a_mint_that_is_not_registered_has_no_shards() {
    let mut world = World::configured();
    let mint = Mint::classic(&mut world.chain, 6);
    let payer = world.deployer.insecure_clone();
    let open = instruction::fee_shard_open(payer.pubkey(), mint.address, 0);
    world
        .chain
        .send(&[open], &[&payer])
        .is_refused(InstructionError::AccountDataTooSmall);
}

#[test]
fn a_shard_lies_at_the_address_of_its_number() {
    let (mut world, mint) = without_shards();
    let payer = world.deployer.insecure_clone();
    let open = instruction::fee_shard_open(payer.pubkey(), mint, 1);
    let open = exchange(open, &address::fee_shard(&mint, 1), &address::fee_shard(&mint, 2));
    world
        .chain
        .send(&[open], &[&payer])
        .is_refused(ErrorCode::ConstraintSeeds);
}

#[test]
fn a_job_opens_in_a_mint_only_when_all_its_shards_are_open() {
    let mut world = World::new();
    let record = address::registered_mint(&world.usdc.address);
    let job = world.tenant.terms(1);
    // The conservation check counts shards, so the count is altered for one attempt only.
    world
        .chain
        .alter::<RegisteredMint>(&record, |mint| mint.fee_shards = FEE_SHARDS - 1);
    let open = world.open_instruction(job);
    world
        .chain
        .simulate_unreachable(&[open], &[&world.tenant.wallet])
        .is_refused(MarketError::FeeShardsMissing);
    world
        .chain
        .alter::<RegisteredMint>(&record, |mint| mint.fee_shards = FEE_SHARDS);
    world.open(job).succeeds();
}
