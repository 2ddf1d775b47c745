//! Withdrawals that wait: asking, taking back, being paid.

use gantry_protocol::limits::WITHDRAW_MAX_WAIT_S;
use gantry_sdk::{Pubkey, Signer, address, event::Event, instruction::withdrawal};
use gantry_tests::{
    forge::exchange,
    key,
    parties::DEPOSIT,
    token::{Mint, tokens_in},
    world::World,
};
use market::{
    MarketError,
    events::{WithdrawalCancelled, WithdrawalPaid, WithdrawalRequested},
};
use solana_instruction::error::InstructionError;

use crate::withdrawal_cap::Capped;

/// The tenant's first withdrawal.
fn place(world: &World) -> Pubkey {
    let balance = address::balance(&world.tenant.owner(), &world.usdc.address);
    address::withdrawal(&balance, 0)
}

#[test]
fn what_is_asked_for_leaves_the_balance_and_stays_in_the_vault() {
    let mut world = World::new();
    let done = world.request(0, 300).succeeds();
    assert_eq!((world.tenant_has(), world.vault()), (DEPOSIT - 300, DEPOSIT));
    let waiting = world.waiting(0);
    let payable_at = world.chain.now() + i64::from(WITHDRAW_MAX_WAIT_S);
    assert_eq!(
        (
            waiting.owner,
            waiting.mint,
            waiting.amount,
            waiting.payable_at,
            waiting.number
        ),
        (world.tenant.owner(), world.usdc.address, 300, payable_at, 0)
    );
    let requested = WithdrawalRequested {
        withdrawal: place(&world),
        owner: waiting.owner,
        mint: waiting.mint,
        amount: 300,
        balance: DEPOSIT - 300,
        payable_at,
        number: 0,
    };
    assert_eq!(done.event(), Event::WithdrawalRequested(requested));
}

#[test]
fn nothing_and_more_than_there_is_cannot_be_asked_for() {
    let mut world = World::new();
    world.request(0, 0).is_refused(MarketError::ZeroAmount);
    world
        .request(0, DEPOSIT + 1)
        .is_refused(MarketError::InsufficientBalance);
    world.request(0, DEPOSIT).succeeds();
    world.request(1, 1).is_refused(MarketError::InsufficientBalance);
}

#[test]
fn one_place_holds_one_withdrawal() {
    let mut world = World::new();
    world.request(0, 1).succeeds();
    world.request(0, 1).is_refused(InstructionError::Custom(0)); // The system program: the account exists.
}

#[test]
fn a_stranger_cannot_ask_for_anothers_balance_nor_take_its_request_back() {
    let mut world = World::new();
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let owner = world.tenant.owner();
    let ask = withdrawal::withdrawal_request(owner, world.usdc.address, 0, 1);
    let ask = exchange(ask, &owner, &stranger.pubkey());
    world.chain.send(&[ask], &[&stranger]).is_refused(MarketError::NotOwner);
    world.request(0, 1).succeeds();
    let cancel = exchange(
        withdrawal::withdrawal_cancel(&world.waiting(0)),
        &owner,
        &stranger.pubkey(),
    );
    world
        .chain
        .send(&[cancel], &[&stranger])
        .is_refused(MarketError::NotOwner);
}

#[test]
fn a_request_goes_back_into_its_balance_with_its_rent() {
    let mut world = World::new();
    let owner = world.tenant.owner();
    let lamports = |world: &World| world.chain.account(&owner).expect("the wallet").lamports;
    let before = lamports(&world);
    world.request(0, 300).succeeds();
    let cancel = withdrawal::withdrawal_cancel(&world.waiting(0));
    let done = world.chain.send(&[cancel], &[&world.tenant.wallet]).succeeds();
    assert_eq!((world.tenant_has(), world.vault()), (DEPOSIT, DEPOSIT));
    assert_eq!(lamports(&world), before);
    let cancelled = WithdrawalCancelled {
        withdrawal: place(&world),
        owner,
        mint: world.usdc.address,
        amount: 300,
        balance: DEPOSIT,
    };
    assert_eq!(done.event(), Event::WithdrawalCancelled(cancelled));
    assert!(
        world
            .chain
            .account(&place(&world))
            .is_none_or(|account| account.data.is_empty())
    );
}

#[test]
fn a_request_goes_back_into_no_other_balance() {
    let mut world = World::new();
    world.request(0, 1).succeeds();
    let other = Mint::classic(&mut world.chain, 6);
    world.register_mint(&other).succeeds();
    let owner = world.tenant.owner();
    world.open_balance(&owner, &other);
    let cancel = withdrawal::withdrawal_cancel(&world.waiting(0));
    let own = address::balance(&owner, &world.usdc.address);
    let cancel = exchange(cancel, &own, &address::balance(&owner, &other.address));
    let outcome = world.chain.send(&[cancel], &[&world.tenant.wallet]);
    outcome.is_refused(anchor_lang::ErrorCode::ConstraintAddress);
}

#[test]
fn anyone_has_a_ripe_request_paid_to_its_owner_who_gets_the_rent_too() {
    let mut world = World::new();
    let owner = world.tenant.owner();
    let lamports = |world: &World| world.chain.account(&owner).expect("the wallet").lamports;
    let before = lamports(&world);
    world.request(0, 300).succeeds();
    let (pay, destination) = world.pay_instruction(0);
    world.chain.advance(i64::from(WITHDRAW_MAX_WAIT_S));
    let done = world.chain.send(std::slice::from_ref(&pay), &[]).succeeds();
    assert_eq!(
        (tokens_in(&world.chain, &destination), world.vault()),
        (300, DEPOSIT - 300)
    );
    assert_eq!(lamports(&world), before);
    let paid = WithdrawalPaid {
        withdrawal: place(&world),
        owner,
        mint: world.usdc.address,
        amount: 300,
        received: 300,
        at: world.chain.now(),
    };
    assert_eq!(done.event(), Event::WithdrawalPaid(paid));
    let again = world.chain.send(&[pay], &[]);
    again.is_refused(InstructionError::AccountDataTooSmall);
}

#[test]
fn nobody_pays_a_request_to_somebody_else() {
    let mut world = World::new();
    world.request(0, 300).succeeds();
    world.chain.advance(i64::from(WITHDRAW_MAX_WAIT_S));
    let (pay, own) = world.pay_instruction(0);
    let thief = key::fresh().pubkey();
    let stolen = world.usdc.clone().account_of(&mut world.chain, &thief);
    let outcome = world.chain.send(&[exchange(pay, &own, &stolen)], &[]);
    outcome.is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn a_request_in_one_mint_pays_nothing_out_in_another() {
    let mut world = World::new();
    world.request(0, 300).succeeds();
    world.chain.advance(i64::from(WITHDRAW_MAX_WAIT_S));
    let other = Mint::classic(&mut world.chain, 6);
    world.register_mint(&other).succeeds();
    let (waiting, owner) = (world.waiting(0), world.tenant.owner());
    let destination = other.account_of(&mut world.chain, &owner);
    let mut of_other = waiting;
    of_other.mint = other.address;
    let pay = withdrawal::withdrawal_pay(&of_other, destination, other.token_program);
    world.chain.send(&[pay], &[]).is_refused(MarketError::WrongWithdrawal);
}
