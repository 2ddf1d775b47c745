//! Admitting a mint.

use anchor_lang::ErrorCode;
use gantry_sdk::{Instruction, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    token::{Mint, tokens_in},
    world::World,
};
use market::{MarketError, events::MintConfigured, state::RegisteredMint};
use solana_instruction::error::InstructionError;

/// The event that describes a registered mint.
pub(crate) fn configured(registered: &RegisteredMint) -> Event {
    Event::MintConfigured(MintConfigured {
        mint: registered.mint,
        vault: registered.vault,
        token_program: registered.token_program,
        decimals: u32::from(registered.decimals),
        enabled: u32::from(registered.enabled),
    })
}

fn register(world: &World, mint: &Mint) -> Instruction {
    let authority = world.authority.pubkey();
    instruction::mint_register(authority, mint.address, mint.token_program)
}

fn send(world: &mut World, instruction: Instruction) -> Outcome {
    world.chain.send(&[instruction], &[&world.authority])
}

#[test]
fn the_authority_admits_a_mint_and_gets_an_empty_vault_for_it() {
    let mut world = World::configured();
    let mint = Mint::classic(&mut world.chain, 5);
    let admit = register(&world, &mint);
    let done = send(&mut world, admit).succeeds();
    let registered: RegisteredMint = world.chain.get(&address::registered_mint(&mint.address));
    assert_eq!(
        (registered.mint, registered.token_program),
        (mint.address, mint.token_program)
    );
    assert_eq!((registered.decimals, registered.enabled), (5, 1));
    assert_eq!(registered.vault, address::vault(&mint.address));
    assert_eq!(tokens_in(&world.chain, &registered.vault), 0);
    assert_eq!(done.event(), configured(&registered));
}

#[test]
fn a_stranger_cannot_admit_a_mint() {
    let mut world = World::configured();
    let mint = Mint::classic(&mut world.chain, 6);
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let admit = register(&world, &mint);
    let admit = exchange(admit, &world.authority.pubkey(), &stranger.pubkey());
    world
        .chain
        .send(&[admit], &[&stranger])
        .is_refused(MarketError::NotAuthority);
}

#[test]
fn a_mint_is_admitted_once() {
    let mut world = World::configured();
    let usdc = world.usdc.clone();
    world.register_mint(&usdc).is_refused(InstructionError::Custom(0));
}

#[test]
fn a_mint_of_the_token_program_of_2022_without_extensions_is_admitted() {
    let mut world = World::configured();
    let mint = Mint::plain_2022(&mut world.chain, 6);
    world.register_mint(&mint).succeeds();
}

#[test]
fn a_token_account_is_no_mint() {
    let mut world = World::configured();
    let mint = Mint::classic(&mut world.chain, 6);
    let account = mint.account_of(&mut world.chain, &world.deployer.pubkey());
    let mut no_mint = mint;
    no_mint.address = account;
    world
        .register_mint(&no_mint)
        .is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn the_mint_must_belong_to_the_token_program_that_is_named() {
    let mut world = World::configured();
    let mint = Mint::plain_2022(&mut world.chain, 6);
    let admit = register(&world, &mint);
    let admit = exchange(admit, &mint.token_program, &address::TOKEN_PROGRAM);
    send(&mut world, admit).is_refused(InstructionError::IncorrectProgramId);
}

#[test]
fn the_vault_belongs_to_the_markets_signer_and_to_nobody_else() {
    let mut world = World::configured();
    let mint = Mint::classic(&mut world.chain, 6);
    let admit = register(&world, &mint);
    let admit = exchange(admit, &address::market_signer(), &world.deployer.pubkey());
    send(&mut world, admit).is_refused(ErrorCode::ConstraintSeeds);
}
