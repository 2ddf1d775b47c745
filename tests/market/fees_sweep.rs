//! Sweeping fees: what is burned, what the treasury gets, and that nobody else gets anything.

use anchor_lang::ErrorCode;
use gantry_protocol::{fees, limits::FEE_SHARDS};
use gantry_sdk::{Instruction, Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{FEE_BURN_BPS, TREASURY, market_parameters},
    token::{Mint, supply_of, tokens_in},
    world::World,
};
use market::{
    MarketError, MarketParameters,
    events::FeesSwept,
    state::{Config, FeeShard},
};
use solana_instruction::error::InstructionError;
use staking::state::Pool;

/// A world with one closed job, and the sweep of its fee.
struct Swept {
    world: World,
    job: Pubkey,
    fee: u64,
    sweep: Instruction,
    treasury: Pubkey,
}

impl Swept {
    fn in_world(mut world: World) -> Self {
        let job = world.closed_job();
        let fee = world.fee_shard(&job).amount;
        let (sweep, treasury) = world.sweep_instruction(&job);
        assert!(fee > 0);
        Self {
            world,
            job,
            fee,
            sweep,
            treasury,
        }
    }

    fn in_usdc() -> Self {
        Self::in_world(World::new())
    }

    fn in_gnt() -> Self {
        Self::in_world(World::paid_in_gnt())
    }

    fn supply(&self) -> u64 {
        supply_of(&self.world.chain, &self.world.usdc.address)
    }

    fn treasury_has(&self) -> u64 {
        tokens_in(&self.world.chain, &self.treasury)
    }

    fn govern(&mut self, change: impl FnOnce(&mut MarketParameters)) {
        let authority = self.world.authority.insecure_clone();
        let mut args = market_parameters(authority.pubkey());
        change(&mut args);
        let update = instruction::config_update(authority.pubkey(), args);
        self.world.chain.send(&[update], &[&authority]).succeeds();
    }

    /// The event of the sweep, when so much is burned.
    fn event(&self, burned: u64) -> Event {
        Event::FeesSwept(FeesSwept {
            fee_shard: address::fee_shard_of(&self.job, &self.world.usdc.address),
            mint: self.world.usdc.address,
            treasury_account: self.treasury,
            amount: self.fee,
            burned,
            to_treasury: self.fee - burned,
            received: self.fee - burned,
            at: self.world.chain.now(),
        })
    }
}

#[test]
fn fees_in_another_mint_than_the_network_token_go_to_the_treasury_whole() {
    let mut swept = Swept::in_usdc();
    let (supply, vault) = (swept.supply(), swept.world.vault());
    let done = swept.world.chain.send(&[swept.sweep.clone()], &[]).succeeds();
    assert_eq!((swept.treasury_has(), swept.supply()), (swept.fee, supply));
    assert_eq!(swept.world.vault(), vault - swept.fee);
    assert_eq!(swept.world.fee_shard(&swept.job).amount, 0);
    assert_eq!(done.event(), swept.event(0));
}

#[test]
fn of_fees_in_the_network_token_the_governed_part_is_burned_rounded_down() {
    let mut swept = Swept::in_gnt();
    let (supply, vault) = (swept.supply(), swept.world.vault());
    let burned = swept.fee * u64::from(FEE_BURN_BPS) / 10_000;
    assert!(
        burned > 0 && !(swept.fee * u64::from(FEE_BURN_BPS)).is_multiple_of(10_000),
        "a part is burned, and it is rounded"
    );
    let done = swept.world.chain.send(&[swept.sweep.clone()], &[]).succeeds();
    assert_eq!(
        (swept.treasury_has(), swept.supply()),
        (swept.fee - burned, supply - burned)
    );
    assert_eq!(swept.world.vault(), vault - swept.fee);
    assert_eq!(done.event(), swept.event(burned));
}

#[test]
fn governance_may_burn_nothing_or_everything() {
    for (bps, all) in [(0, false), (10_000, true)] {
        let mut swept = Swept::in_gnt();
        swept.govern(|args| args.fee_burn_bps = bps);
        let supply = swept.supply();
        let done = swept.world.chain.send(&[swept.sweep.clone()], &[]).succeeds();
        let burned = if all { swept.fee } else { 0 };
        assert_eq!(
            (swept.treasury_has(), swept.supply()),
            (swept.fee - burned, supply - burned)
        );
        assert_eq!(done.event(), swept.event(burned));
    }
}

#[test]
fn an_empty_shard_is_not_swept() {
    let mut swept = Swept::in_usdc();
    swept.world.chain.send(&[swept.sweep.clone()], &[]).succeeds();
    swept
        .world
        .chain
        .send(&[swept.sweep], &[])
        .is_refused(MarketError::NothingToSweep);
}

#[test]
fn a_sweep_empties_one_shard_and_leaves_the_others() {
    let mut world = World::new();
    let first = world.closed_job();
    let other = loop {
        world.heartbeat().succeeds();
        let job = world.closed_job();
        if fees::shard_of(job.as_array()) != fees::shard_of(first.as_array()) {
            break job;
        }
    };
    let kept = world.fee_shard(&other);
    let (sweep, _) = world.sweep_instruction(&first);
    world.chain.send(&[sweep], &[]).succeeds();
    assert_eq!((world.fee_shard(&first).amount, world.fee_shard(&other)), (0, kept));
}

#[test]
fn what_jobs_and_balances_hold_is_never_swept() {
    let mut swept = Swept::in_usdc();
    let running = swept.world.running_job();
    let before = (swept.world.tenant_has(), swept.world.provider_has());
    swept.world.chain.send(&[swept.sweep.clone()], &[]).succeeds();
    assert_eq!((swept.world.tenant_has(), swept.world.provider_has()), before);
    assert_eq!(swept.world.job(&running).held(), swept.world.job(&running).escrow);
}

#[test]
fn the_fees_of_a_job_that_pays_itself_do_not_come_back() {
    let mut swept = Swept::in_usdc();
    // Tenant and provider name token accounts of their own as the treasury's.
    for thief in [swept.world.tenant.owner(), swept.world.provider.owner()] {
        let own = swept.world.usdc.clone().account_of(&mut swept.world.chain, &thief);
        let sweep = exchange(swept.sweep.clone(), &swept.treasury, &own);
        swept
            .world
            .chain
            .send(&[sweep], &[])
            .is_refused(MarketError::WrongTreasury);
    }
}

#[test]
fn the_vault_is_no_account_of_the_treasury() {
    let mut swept = Swept::in_usdc();
    let vault = address::vault(&swept.world.usdc.address);
    let sweep = exchange(swept.sweep, &swept.treasury, &vault);
    swept
        .world
        .chain
        .send(&[sweep], &[])
        .is_refused(ErrorCode::ConstraintDuplicateMutableAccount);
}

#[test]
fn the_treasurys_account_is_one_of_the_mint() {
    let mut swept = Swept::in_usdc();
    let gnt = swept.world.gnt.clone().account_of(&mut swept.world.chain, &TREASURY);
    let sweep = exchange(swept.sweep, &swept.treasury, &gnt);
    swept
        .world
        .chain
        .send(&[sweep], &[])
        .is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn a_new_treasury_gets_what_was_not_swept_before() {
    let mut swept = Swept::in_usdc();
    let successor = key::fresh().pubkey();
    swept.govern(|args| args.treasury = successor);
    swept
        .world
        .chain
        .send(&[swept.sweep.clone()], &[])
        .is_refused(MarketError::WrongTreasury);
    let account = swept.world.usdc.clone().account_of(&mut swept.world.chain, &successor);
    let sweep = exchange(swept.sweep.clone(), &swept.treasury, &account);
    swept.world.chain.send(&[sweep], &[]).succeeds();
    assert_eq!(
        (tokens_in(&swept.world.chain, &account), swept.treasury_has()),
        (swept.fee, 0)
    );
}

#[test]
fn a_shard_of_another_mint_pays_nothing_out() {
    let mut swept = Swept::in_usdc();
    let other = Mint::classic(&mut swept.world.chain, 6);
    swept.world.register_mint(&other).succeeds();
    let own = address::fee_shard_of(&swept.job, &swept.world.usdc.address);
    for number in 0..FEE_SHARDS {
        let sweep = exchange(swept.sweep.clone(), &own, &address::fee_shard(&other.address, number));
        swept
            .world
            .chain
            .send(&[sweep], &[])
            .is_refused(MarketError::WrongFeeShard);
    }
}

#[test]
fn a_worthless_mint_is_not_burned_in_the_place_of_the_network_token() {
    let mut swept = Swept::in_gnt();
    let worthless = Mint::classic(&mut swept.world.chain, 9);
    swept.world.register_mint(&worthless).succeeds();
    let (gnt, fake) = (swept.world.usdc.address, worthless.address);
    let sweep = exchange(swept.sweep.clone(), &gnt, &fake);
    let other_record = exchange(
        swept.sweep.clone(),
        &address::registered_mint(&gnt),
        &address::registered_mint(&fake),
    );
    for sweep in [sweep, other_record] {
        swept
            .world
            .chain
            .send(&[sweep], &[])
            .is_refused(ErrorCode::ConstraintAddress);
    }
}

#[test]
fn a_pool_that_somebody_made_up_does_not_name_the_network_token() {
    let mut swept = Swept::in_gnt();
    // The right bytes of the right program, but for the mint, elsewhere: no transaction makes them.
    let elsewhere = Pubkey::new_unique();
    let mut account = swept.world.chain.account(&address::pool()).expect("the pool");
    let mut pool: Pool = swept.world.chain.get(&address::pool());
    pool.mint = Pubkey::new_unique();
    account.data = gantry_tests::conservation::bytes_of(&pool);
    swept.world.chain.put(&elsewhere, account);
    let sweep = exchange(swept.sweep, &address::pool(), &elsewhere);
    swept
        .world
        .chain
        .simulate_unreachable(&[sweep], &[])
        .is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn a_shard_that_holds_more_than_the_vault_is_not_swept() {
    let mut swept = Swept::in_usdc();
    let shard = address::fee_shard_of(&swept.job, &swept.world.usdc.address);
    swept
        .world
        .chain
        .alter::<FeeShard>(&shard, |shard| shard.amount = u64::MAX);
    swept
        .world
        .chain
        .simulate_unreachable(&[swept.sweep], &[])
        .is_refused(InstructionError::Custom(1));
}

#[test]
fn a_burned_part_of_more_than_all_is_refused_even_where_it_stands_in_the_configuration() {
    let mut swept = Swept::in_gnt();
    swept
        .world
        .chain
        .alter::<Config>(&address::config(), |config| config.fee_burn_bps = 10_001);
    swept
        .world
        .chain
        .simulate_unreachable(&[swept.sweep], &[])
        .is_refused(MarketError::ParameterOutOfRange);
}
