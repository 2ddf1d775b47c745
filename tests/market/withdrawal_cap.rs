//! The cap on withdrawals of a mint: who sets it, what it lets out, and that it keeps nobody's money for long.

use gantry_protocol::{
    limits::{MAX_WITHDRAWALS, WITHDRAW_MAX_WAIT_S, WITHDRAW_WINDOW_S},
    outflow::UNCAPPED,
};
use gantry_sdk::{
    Instruction, Pubkey, Signer, address,
    event::Event,
    instruction::{market as instruction, withdrawal},
};
use gantry_tests::{
    key,
    outcome::Outcome,
    parties::{DEPOSIT, market_parameters},
    token::{Mint, tokens_in},
    world::World,
};
use market::{
    MarketError,
    events::BalanceWithdrawn,
    state::{RegisteredMint, Withdrawal},
};

use crate::mint_register::configured;

/// What the tests lead withdrawals through.
pub(crate) trait Capped {
    fn usdc_record(&self) -> RegisteredMint;
    fn cap(&mut self, cap: u64) -> Outcome;
    fn take(&mut self, amount: u64) -> Outcome;
    fn request(&mut self, number: u8, amount: u64) -> Outcome;
    fn waiting(&self, number: u8) -> Withdrawal;
    fn pay_instruction(&mut self, number: u8) -> (Instruction, Pubkey);
    fn pay(&mut self, number: u8) -> Outcome;
}

impl Capped for World {
    fn usdc_record(&self) -> RegisteredMint {
        self.chain.get(&address::registered_mint(&self.usdc.address))
    }

    fn cap(&mut self, cap: u64) -> Outcome {
        let set = withdrawal::mint_cap_set(self.authority.pubkey(), self.usdc.address, cap);
        self.chain.send(&[set], &[&self.authority])
    }

    fn take(&mut self, amount: u64) -> Outcome {
        let (owner, usdc) = (self.tenant.owner(), self.usdc.clone());
        let destination = usdc.account_of(&mut self.chain, &owner);
        let take = instruction::balance_withdraw(owner, usdc.address, destination, usdc.token_program, amount);
        self.chain.send(&[take], &[&self.tenant.wallet])
    }

    fn request(&mut self, number: u8, amount: u64) -> Outcome {
        let ask = withdrawal::withdrawal_request(self.tenant.owner(), self.usdc.address, number, amount);
        self.chain.send(&[ask], &[&self.tenant.wallet])
    }

    fn waiting(&self, number: u8) -> Withdrawal {
        let balance = address::balance(&self.tenant.owner(), &self.usdc.address);
        self.chain.get(&address::withdrawal(&balance, number))
    }

    fn pay_instruction(&mut self, number: u8) -> (Instruction, Pubkey) {
        let (waiting, usdc) = (self.waiting(number), self.usdc.clone());
        let destination = usdc.account_of(&mut self.chain, &waiting.owner);
        let pay = withdrawal::withdrawal_pay(&waiting, destination, usdc.token_program);
        (pay, destination)
    }

    fn pay(&mut self, number: u8) -> Outcome {
        let (pay, _) = self.pay_instruction(number);
        self.chain.send(&[pay], &[])
    }
}

#[test]
fn a_mint_is_registered_without_a_cap() {
    let mut world = World::new();
    let record = world.usdc_record();
    assert_eq!((record.withdraw_cap, record.withdraw_room), (UNCAPPED, UNCAPPED));
    world.take(DEPOSIT).succeeds();
    assert_eq!(world.usdc_record(), record);
}

#[test]
fn the_authority_sets_the_cap_and_the_event_says_everything() {
    let mut world = World::new();
    let done = world.cap(100).succeeds();
    let record = world.usdc_record();
    assert_eq!(
        (
            record.withdraw_cap,
            record.withdraw_room,
            record.withdraw_rest,
            record.room_at
        ),
        (100, 100, 0, world.chain.now())
    );
    assert_eq!(done.event(), configured(&record));
}

#[test]
fn a_stranger_cannot_set_a_cap() {
    let mut world = World::new();
    let stranger = key::fresh();
    let set = withdrawal::mint_cap_set(stranger.pubkey(), world.usdc.address, UNCAPPED);
    let outcome = world.chain.send(&[set], &[&stranger]);
    outcome.is_refused(MarketError::NotAuthority);
}

#[test]
fn withdrawals_up_to_the_cap_leave_at_once_and_the_next_atom_does_not() {
    let mut world = World::new();
    world.cap(100).succeeds();
    world.take(60).succeeds();
    world.take(41).is_refused(MarketError::WithdrawalCapped);
    let done = world.take(40).succeeds();
    let withdrawn = BalanceWithdrawn {
        owner: world.tenant.owner(),
        mint: world.usdc.address,
        amount: 40,
        balance: DEPOSIT - 100,
        received: 40,
        withdraw_room: 0,
        withdraw_rest: 0,
        room_at: world.chain.now(),
    };
    assert_eq!(done.event(), Event::BalanceWithdrawn(withdrawn));
    world.take(1).is_refused(MarketError::WithdrawalCapped);
}

#[test]
fn room_comes_back_evenly_and_is_whole_after_an_hour() {
    let mut world = World::new();
    world.cap(3_600).succeeds();
    world.take(3_600).succeeds();
    world.chain.advance(10);
    world.take(11).is_refused(MarketError::WithdrawalCapped);
    world.take(10).succeeds();
    world.chain.advance(i64::from(WITHDRAW_WINDOW_S) - 1);
    world.take(3_600).is_refused(MarketError::WithdrawalCapped);
    world.chain.advance(1);
    world.take(3_600).succeeds();
}

#[test]
fn a_cap_is_shared_by_all_who_withdraw_in_the_mint_and_by_nobody_else() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(60);
    let receipt = world.receipt(&job, 60_000);
    world.settle(&receipt).succeeds();
    world.cap(100).succeeds();
    world.take(100).succeeds();
    let (owner, usdc) = (world.provider.owner(), world.usdc.clone());
    let destination = usdc.account_of(&mut world.chain, &owner);
    let take = instruction::balance_withdraw(owner, usdc.address, destination, usdc.token_program, 1);
    let outcome = world.chain.send(&[take], &[&world.provider.wallet]);
    outcome.is_refused(MarketError::WithdrawalCapped);

    let other = Mint::classic(&mut world.chain, 6);
    world.register_mint(&other).succeeds();
    world.open_balance(&owner, &other);
    let source = other.mint_to(&mut world.chain, &owner, 500);
    let both = [
        instruction::balance_deposit(owner, other.address, source, other.token_program, 500),
        instruction::balance_withdraw(owner, other.address, source, other.token_program, 500),
    ];
    world.chain.send(&both, &[&world.provider.wallet]).succeeds();
}

#[test]
fn lowering_a_cap_and_raising_it_again_makes_no_room() {
    let mut world = World::new();
    world.cap(100).succeeds();
    world.take(100).succeeds();
    for cap in [10, 1_000, 100] {
        world.cap(cap).succeeds();
        world.take(1).is_refused(MarketError::WithdrawalCapped);
    }
    world.cap(UNCAPPED).succeeds();
    world.take(DEPOSIT - 100).succeeds();
}

#[test]
fn even_a_cap_of_nothing_and_a_paused_market_keep_nobodys_money_for_longer_than_a_day() {
    let mut world = World::new();
    world.cap(0).succeeds();
    let mut args = market_parameters(world.authority.pubkey());
    args.paused = true;
    let pause = instruction::config_update(world.authority.pubkey(), args);
    let disable = instruction::mint_update(world.authority.pubkey(), world.usdc.address, false);
    world.chain.send(&[pause, disable], &[&world.authority]).succeeds();
    world.take(1).is_refused(MarketError::WithdrawalCapped);

    world.request(0, DEPOSIT).succeeds();
    assert_eq!((world.tenant_has(), world.vault()), (0, DEPOSIT));
    // Whatever the authority does in between.
    world.chain.advance(i64::from(WITHDRAW_MAX_WAIT_S) - 1);
    world.cap(0).succeeds();
    world.pay(0).is_refused(MarketError::WithdrawalWaiting);
    world.chain.advance(1);
    let (pay, destination) = world.pay_instruction(0);
    world.chain.send(&[pay], &[]).succeeds();
    assert_eq!((tokens_in(&world.chain, &destination), world.vault()), (DEPOSIT, 0));
}

#[test]
fn what_is_paid_after_its_wait_takes_no_room_from_others() {
    let mut world = World::new();
    world.cap(100).succeeds();
    world.request(0, 500).succeeds();
    world.chain.advance(i64::from(WITHDRAW_MAX_WAIT_S));
    world.pay(0).succeeds();
    world.take(100).succeeds();
}

#[test]
fn a_request_is_taken_back_and_withdrawn_in_one_transaction_as_soon_as_there_is_room() {
    let mut world = World::new();
    world.cap(3_600).succeeds();
    world.take(3_600).succeeds();
    world.request(2, 30).succeeds();
    let (owner, usdc) = (world.tenant.owner(), world.usdc.clone());
    let destination = usdc.account_of(&mut world.chain, &owner);
    let early = [
        withdrawal::withdrawal_cancel(&world.waiting(2)),
        instruction::balance_withdraw(owner, usdc.address, destination, usdc.token_program, 30),
    ];
    world.chain.advance(29);
    let refused = world.chain.send(&early, &[&world.tenant.wallet]);
    refused.is_refused_at(1, MarketError::WithdrawalCapped);
    assert_eq!(world.waiting(2).amount, 30);
    world.chain.advance(1);
    world.chain.send(&early, &[&world.tenant.wallet]).succeeds();
    assert_eq!(world.tenant_has(), DEPOSIT - 3_630);
}

#[test]
fn a_balance_has_four_withdrawals_that_wait_at_most() {
    let mut world = World::new();
    for number in 0..MAX_WITHDRAWALS {
        world.request(number, 1).succeeds();
    }
    world
        .request(MAX_WITHDRAWALS, 1)
        .is_refused(MarketError::NoSuchWithdrawal);
    world.request(u8::MAX, 1).is_refused(MarketError::NoSuchWithdrawal);
    world.chain.advance(i64::from(WITHDRAW_MAX_WAIT_S));
    world.pay(3).succeeds();
    world.request(3, 1).succeeds();
}
