//! Mints that take a fee of their own out of every transfer: the ledger counts what arrived.

use gantry_protocol::{limits::WITHDRAW_MAX_WAIT_S, outflow::UNCAPPED};
use gantry_sdk::{Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    parties::DEPOSIT,
    token::{Mint, TRANSFER_FEE_BPS, tokens_in},
    world::World,
};
use market::{
    MarketError,
    events::{BalanceDeposited, BalanceWithdrawn, FeesSwept, WithdrawalPaid},
    state::RegisteredMint,
};
use spl_token_2022_interface::extension::transfer_fee::instruction::{
    harvest_withheld_tokens_to_mint, set_transfer_fee,
};

use crate::withdrawal_cap::Capped;

/// What is left of `amount` after a transfer; the token program rounds its fee up.
fn after_transfer(amount: u64, fee_bps: u16) -> u64 {
    amount - (amount * u64::from(fee_bps)).div_ceil(10_000)
}

fn world() -> World {
    World::paid_in(Mint::with_transfer_fee)
}

/// The mint's authority sets another fee, and the two epochs pass after which it applies.
fn change_fee(world: &mut World, fee_bps: u16) {
    let mint = world.usdc.clone();
    let authority = mint.authority();
    let set = set_transfer_fee(
        &mint.token_program,
        &mint.address,
        &authority.pubkey(),
        &[],
        fee_bps,
        u64::MAX,
    );
    let set = set.expect("a token program");
    world.chain.send(&[set], &[&authority]).succeeds();
    world.chain.advance_epochs(2);
}

/// The tenant withdraws this much; what arrives at its token account.
fn withdraw(world: &mut World, amount: u64) -> (u64, Event) {
    let (owner, usdc) = (world.tenant.owner(), world.usdc.clone());
    let destination = usdc.account_of(&mut world.chain, &owner);
    let before = tokens_in(&world.chain, &destination);
    let take = instruction::balance_withdraw(owner, usdc.address, destination, usdc.token_program, amount);
    let done = world.chain.send(&[take], &[&world.tenant.wallet]).succeeds();
    (tokens_in(&world.chain, &destination) - before, done.event())
}

#[test]
fn a_deposit_credits_what_arrived_in_the_vault() {
    let mut world = world();
    let before = world.tenant_has();
    assert_eq!(before, after_transfer(DEPOSIT, TRANSFER_FEE_BPS));
    // The fee is rounded up: two of the 101 stay behind.
    let done = world.deposit(101).succeeds();
    assert_eq!((world.tenant_has(), world.vault()), (before + 99, before + 99));
    let deposited = BalanceDeposited {
        owner: world.tenant.owner(),
        mint: world.usdc.address,
        amount: 99,
        balance: before + 99,
        sent: 101,
    };
    assert_eq!(done.event(), Event::BalanceDeposited(deposited));
}

#[test]
fn a_withdrawal_debits_what_left_the_vault() {
    let mut world = world();
    let before = world.tenant_has();
    let (arrived, event) = withdraw(&mut world, 1_000);
    assert_eq!((arrived, world.tenant_has()), (990, before - 1_000));
    let registered: RegisteredMint = world.chain.get(&address::registered_mint(&world.usdc.address));
    let withdrawn = BalanceWithdrawn {
        owner: world.tenant.owner(),
        mint: world.usdc.address,
        amount: 1_000,
        balance: before - 1_000,
        received: 990,
        withdraw_room: UNCAPPED,
        withdraw_rest: 0,
        room_at: registered.room_at,
    };
    assert_eq!(event, Event::BalanceWithdrawn(withdrawn));
}

#[test]
fn a_withdrawal_that_has_waited_pays_the_mints_fee_like_any_other() {
    let mut world = world();
    let before = world.vault();
    world.request(0, 1_000).succeeds();
    world.chain.advance(i64::from(WITHDRAW_MAX_WAIT_S));
    let waiting = world.waiting(0);
    let (pay, destination) = world.pay_instruction(0);
    let done = world.chain.send(&[pay], &[]).succeeds();
    assert_eq!(
        (tokens_in(&world.chain, &destination), world.vault()),
        (990, before - 1_000)
    );
    let balance = address::balance(&waiting.owner, &waiting.mint);
    let paid = WithdrawalPaid {
        withdrawal: address::withdrawal(&balance, 0),
        owner: waiting.owner,
        mint: waiting.mint,
        amount: 1_000,
        received: 990,
        at: world.chain.now(),
    };
    assert_eq!(done.event(), Event::WithdrawalPaid(paid));
}

#[test]
fn a_deposit_of_which_nothing_arrives_is_refused() {
    let mut world = world();
    // The fee of a single unit, rounded up, is that unit.
    world.deposit(1).is_refused(MarketError::NothingArrived);
    world.deposit(2).succeeds();
    change_fee(&mut world, 10_000);
    world.deposit(1_000_000).is_refused(MarketError::NothingArrived);
}

#[test]
fn a_fee_that_changes_later_takes_nothing_from_anyone_inside_the_market() {
    let mut world = world();
    let job = world.closed_job();
    let inside = (world.tenant_has(), world.provider_has(), world.fee_shard(&job).amount);
    change_fee(&mut world, 5_000);
    assert_eq!(
        (world.tenant_has(), world.provider_has(), world.fee_shard(&job).amount),
        inside
    );
    world.deposit(1_000).succeeds();
    assert_eq!(world.tenant_has(), inside.0 + 500);
    change_fee(&mut world, 0);
    world.deposit(1_000).succeeds();
    assert_eq!(world.tenant_has(), inside.0 + 1_500);
}

#[test]
fn everyone_can_take_everything_out_and_the_vault_is_empty_then() {
    let mut world = world();
    let job = world.closed_job();
    change_fee(&mut world, 777);
    let (sweep, _) = world.sweep_instruction(&job);
    world.chain.send(&[sweep], &[]).succeeds();
    let all = world.tenant_has();
    withdraw(&mut world, all);
    let (owner, usdc) = (world.provider.owner(), world.usdc.clone());
    let (earned, destination) = (world.provider_has(), usdc.account_of(&mut world.chain, &owner));
    let take = instruction::balance_withdraw(owner, usdc.address, destination, usdc.token_program, earned);
    world.chain.send(&[take], &[&world.provider.wallet]).succeeds();
    assert_eq!(world.vault(), 0);
}

#[test]
fn a_sweep_says_what_left_the_vault_and_what_the_treasury_got() {
    let mut world = world();
    let job = world.closed_job();
    let fee = world.fee_shard(&job).amount;
    let (sweep, treasury) = world.sweep_instruction(&job);
    let done = world.chain.send(&[sweep], &[]).succeeds();
    let received = after_transfer(fee, TRANSFER_FEE_BPS);
    assert!(0 < received && received < fee);
    assert_eq!(tokens_in(&world.chain, &treasury), received);
    let swept = FeesSwept {
        fee_shard: address::fee_shard_of(&job, &world.usdc.address),
        mint: world.usdc.address,
        treasury_account: treasury,
        amount: fee,
        burned: 0,
        to_treasury: fee,
        received,
        at: world.chain.now(),
    };
    assert_eq!(done.event(), Event::FeesSwept(swept));
}

#[test]
fn the_mints_fees_that_lie_in_the_vault_are_nobodys_deposit() {
    let mut world = world();
    let (usdc, vault) = (world.usdc.clone(), address::vault(&world.usdc.address));
    let before = (world.vault(), world.tenant_has());
    let harvest = harvest_withheld_tokens_to_mint(&usdc.token_program, &usdc.address, &[&vault]);
    world.chain.send(&[harvest.expect("a token program")], &[]).succeeds();
    assert_eq!((world.vault(), world.tenant_has()), before);
    let all = world.tenant_has();
    withdraw(&mut world, all);
    assert_eq!(world.vault(), 0);
}
