//! Proving that a provider's receipts contradict each other, and what it costs.

use gantry_protocol::{Receipt, fault::Fault as Kind};
use gantry_sdk::{
    Instruction, Keypair, Pubkey, Signer, address,
    event::Event,
    instruction::{market as instruction, staking as staking_instruction},
    receipt::{Evidence, sign},
};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{BOND, Provider, STAKE_PER_GPU, UNBONDING_PERIOD_S, profile},
    signatures::next_receipt,
    token,
    world::World,
};
use market::{MarketError, events::FaultProven, state::Fault};
use solana_instruction::error::InstructionError;
use staking::{StakingError, events::StakeSlashed};

/// A world with a running job, somebody who watches it, and a token account for the bounty.
pub(crate) struct Watch {
    pub(crate) world: World,
    pub(crate) job: Pubkey,
    pub(crate) reporter: Keypair,
    pub(crate) bounty: Pubkey,
}

impl Watch {
    pub(crate) fn new() -> Self {
        let mut world = World::new();
        let job = world.running_job();
        let reporter = key::fresh();
        world.chain.fund(&reporter.pubkey());
        let gnt = world.gnt.clone();
        let bounty = gnt.account_of(&mut world.chain, &reporter.pubkey());
        Self {
            world,
            job,
            reporter,
            bounty,
        }
    }

    pub(crate) fn receipt(&self, sequence: u64, metered_ms: u64) -> Receipt {
        Receipt {
            sequence,
            ..next_receipt(&self.job, &self.world.job(&self.job), metered_ms)
        }
    }

    /// Two receipts, signed by the provider.
    pub(crate) fn evidence(&self, first: Receipt, second: Receipt) -> Evidence {
        evidence_by(&self.world.provider.attestation, first, second)
    }

    /// Two contents of one sequence.
    pub(crate) fn equivocation(&self) -> Evidence {
        self.evidence(self.receipt(1, 1_000), self.receipt(1, 2_000))
    }

    /// A later receipt with less usage.
    pub(crate) fn regression(&self) -> Evidence {
        self.evidence(self.receipt(1, 2_000), self.receipt(2, 1_000))
    }

    pub(crate) fn instructions(&self, evidence: &Evidence, kind: Kind) -> [Instruction; 2] {
        let gnt = &self.world.gnt;
        instruction::fault_prove(
            self.reporter.pubkey(),
            evidence,
            kind,
            self.world.provider.owner(),
            gnt.address,
            gnt.token_program,
            self.bounty,
        )
    }

    pub(crate) fn prove(&mut self, evidence: &Evidence, kind: Kind) -> Outcome {
        let prove = self.instructions(evidence, kind);
        self.world.chain.send(&prove, &[&self.reporter])
    }

    fn bounty(&self) -> u64 {
        token::tokens_in(&self.world.chain, &self.bounty)
    }

    fn supply(&self) -> u64 {
        let mint = self.world.chain.account(&self.world.gnt.address).expect("the mint");
        u64::from_le_bytes(mint.data[36..44].try_into().expect("eight bytes"))
    }
}

/// Two receipts, signed by this key.
pub(crate) fn evidence_by(key: &Keypair, first: Receipt, second: Receipt) -> Evidence {
    Evidence {
        key: key.pubkey(),
        first: (first, sign(key, &first)),
        second: (second, sign(key, &second)),
    }
}

#[test]
fn two_contents_of_one_sequence_cost_a_tenth_of_the_stake_of_which_a_tenth_is_the_bounty() {
    let mut watch = Watch::new();
    let (supply, evidence) = (watch.supply(), watch.equivocation());
    let done = watch.prove(&evidence, Kind::Equivocation).succeeds();
    let stake = watch.world.stake();
    let slashed = BOND / 10;
    assert_eq!(
        (stake.active, stake.slashed, stake.reserved),
        (BOND - slashed, slashed, STAKE_PER_GPU)
    );
    assert_eq!(watch.bounty(), slashed / 10);
    assert_eq!(watch.supply(), supply - slashed * 9 / 10);
    assert_eq!(watch.world.pool().staked, BOND - slashed);

    let address = address::fault(&watch.job, Kind::Equivocation);
    let fault: Fault = watch.world.chain.get(&address);
    assert_eq!((fault.job, fault.provider, fault.kind), (watch.job, stake.owner, 1));
    assert_eq!((fault.slashed, fault.penalty_bps), (slashed, 1_000));
    let taken = StakeSlashed {
        owner: stake.owner,
        bounty_account: watch.bounty,
        amount: slashed,
        bounty: slashed / 10,
        from_active: slashed,
        from_unbondings: [0; 8],
        from_delegated: 0,
        from_delegated_unbonding: 0,
        active: stake.active,
        slashed,
    };
    let proven = FaultProven {
        fault: address,
        job: watch.job,
        provider: stake.owner,
        reporter: watch.reporter.pubkey(),
        sequence: 1,
        slashed,
        kind: 1,
        penalty_bps: 1_000,
        faults: 1,
        at: watch.world.chain.now(),
    };
    assert_eq!(
        done.events()[..2],
        [Event::StakeSlashed(taken), Event::FaultProven(proven)]
    );
}

#[test]
fn a_later_receipt_with_less_usage_is_a_fault_of_its_own() {
    let mut watch = Watch::new();
    let evidence = watch.regression();
    watch.prove(&evidence, Kind::RegressingUsage).succeeds();
    let fault: Fault = watch
        .world
        .chain
        .get(&address::fault(&watch.job, Kind::RegressingUsage));
    assert_eq!((fault.kind, fault.sequence), (2, 2));
}

#[test]
fn one_fault_is_punished_once_whatever_else_is_shown_of_it() {
    let mut watch = Watch::new();
    let first = watch.equivocation();
    watch.prove(&first, Kind::Equivocation).succeeds();
    let again = watch.evidence(watch.receipt(1, 1_000), watch.receipt(1, 3_000));
    let before = watch.world.stake();
    for evidence in [first, again] {
        let refused = watch.prove(&evidence, Kind::Equivocation);
        refused.is_refused_at(1, InstructionError::Custom(0)); // The system program: the record's account exists.
    }
    assert_eq!(watch.world.stake(), before);
}

#[test]
fn the_second_fault_costs_more_and_the_third_all_that_is_left() {
    let mut watch = Watch::new();
    let owner = watch.world.provider.owner();
    let request = staking_instruction::unbonding_request(owner, BOND / 2);
    watch
        .world
        .chain
        .send(&[request], &[&watch.world.provider.wallet])
        .succeeds();

    let evidence = watch.equivocation();
    watch.prove(&evidence, Kind::Equivocation).succeeds();
    let evidence = watch.regression();
    watch.prove(&evidence, Kind::RegressingUsage).succeeds();
    let left = BOND - BOND / 10 - (BOND - BOND / 10) * 3 / 10;
    assert_eq!(watch.world.stake().slashable(), left);

    let other = watch.world.running_job();
    let (first, second) = (watch.receipt(1, 1), watch.receipt(1, 2));
    let of_other = |receipt: Receipt| Receipt {
        job: other.to_bytes(),
        ..receipt
    };
    let evidence = watch.evidence(of_other(first), of_other(second));
    watch.prove(&evidence, Kind::Equivocation).succeeds();
    let stake = watch.world.stake();
    assert_eq!((stake.slashable(), stake.slashed), (0, BOND));
    assert_eq!(watch.world.pool().staked, 0);
}

#[test]
fn jobs_of_a_slashed_provider_still_close_and_refund() {
    let mut watch = Watch::new();
    watch.world.chain.alter(
        &watch.world.provider.account(),
        |provider: &mut market::state::Provider| provider.faults = 2,
    );
    let evidence = watch.equivocation();
    watch.prove(&evidence, Kind::Equivocation).succeeds();
    assert_eq!(watch.world.stake().active, 0);
    let attestation = watch.world.provider.attestation.insecure_clone();
    watch.world.close_by(&attestation, &watch.job.clone()).succeeds();
    assert_eq!(watch.world.stake().reserved, 0);
    let terms = watch.world.tenant.terms(1);
    watch.world.open(terms).is_refused(MarketError::StakeBelowOffer);
}

#[test]
fn stake_that_unbonds_is_slashed_to_the_last_second() {
    let mut watch = Watch::new();
    let owner = watch.world.provider.owner();
    watch.world.chain.alter(
        &watch.world.provider.account(),
        |provider: &mut market::state::Provider| provider.faults = 2,
    );
    let request = staking_instruction::unbonding_request(owner, BOND - STAKE_PER_GPU);
    watch
        .world
        .chain
        .send(&[request], &[&watch.world.provider.wallet])
        .succeeds();
    watch.world.chain.advance(i64::from(UNBONDING_PERIOD_S));
    let evidence = watch.equivocation();
    let done = watch.prove(&evidence, Kind::Equivocation).succeeds();
    let Event::StakeSlashed(slashed) = done.events()[0].clone() else {
        panic!("another event")
    };
    assert_eq!(
        (slashed.from_active, slashed.from_unbondings[0]),
        (STAKE_PER_GPU, BOND - STAKE_PER_GPU)
    );
    let gnt = watch.world.gnt.clone();
    let destination = gnt.account_of(&mut watch.world.chain, &owner);
    let withdraw = staking_instruction::unbonding_withdraw(owner, gnt.address, destination, gnt.token_program);
    watch
        .world
        .chain
        .send(&[withdraw], &[])
        .is_refused(StakingError::NothingToWithdraw);
}

#[test]
fn a_provider_that_has_nothing_left_is_convicted_all_the_same() {
    let mut watch = Watch::new();
    watch.world.chain.alter(
        &watch.world.provider.account(),
        |provider: &mut market::state::Provider| provider.faults = 2,
    );
    let evidence = watch.equivocation();
    watch.prove(&evidence, Kind::Equivocation).succeeds();
    let evidence = watch.regression();
    watch.prove(&evidence, Kind::RegressingUsage).succeeds();
    let fault: Fault = watch
        .world
        .chain
        .get(&address::fault(&watch.job, Kind::RegressingUsage));
    assert_eq!(fault.slashed, 0);
}

#[test]
fn a_rotated_key_still_answers_for_what_it_signed_and_is_rotated_only_once_a_job() {
    let mut watch = Watch::new();
    let evidence = watch.equivocation();
    let owner = watch.world.provider.owner();
    let rotate = |watch: &mut Watch| {
        let new = key::fresh();
        let update = instruction::provider_update(owner, profile(new.pubkey(), "https://agent.example:7443"));
        let rekey = instruction::job_rekey(owner, owner, watch.job);
        watch
            .world
            .chain
            .send(&[update, rekey], &[&watch.world.provider.wallet])
    };
    rotate(&mut watch).succeeds();
    rotate(&mut watch).is_refused_at(1, MarketError::AlreadyRekeyed);
    watch.prove(&evidence, Kind::Equivocation).succeeds();
}

#[test]
fn nobody_but_the_jobs_provider_is_slashed() {
    let mut watch = Watch::new();
    let other = Provider::new();
    watch.world.admit(&other);
    let evidence = watch.equivocation();
    let [signatures, prove] = watch.instructions(&evidence, Kind::Equivocation);
    let own = watch.world.provider.owner();
    let with_provider = exchange(prove.clone(), &address::provider(&own), &other.account());
    let with_stake = exchange(prove, &address::stake(&own), &address::stake(&other.owner()));
    for (prove, error) in [
        (with_provider, MarketError::WrongProvider),
        (with_stake, MarketError::WrongStake),
    ] {
        let outcome = watch.world.chain.send(&[signatures.clone(), prove], &[&watch.reporter]);
        outcome.is_refused_at(1, error);
    }
}

#[test]
fn the_bounty_cannot_stay_in_the_vault() {
    let mut watch = Watch::new();
    let evidence = watch.equivocation();
    let [signatures, prove] = watch.instructions(&evidence, Kind::Equivocation);
    let prove = exchange(prove, &watch.bounty.clone(), &address::pool_vault());
    let outcome = watch.world.chain.send(&[signatures, prove], &[&watch.reporter]);
    outcome.is_refused_at(1, anchor_lang::ErrorCode::ConstraintDuplicateMutableAccount);
}

#[test]
fn only_the_market_slashes() {
    let mut watch = Watch::new();
    let evidence = watch.equivocation();
    let [_, prove] = watch.instructions(&evidence, Kind::Equivocation);
    // What the market would pass on, sent by a stranger who signs in the market's place.
    let accounts = [&prove.accounts[5..10], &prove.accounts[10..11]].concat();
    let signer = solana_instruction::AccountMeta::new_readonly(watch.reporter.pubkey(), true);
    let slash = Instruction {
        program_id: staking::ID,
        accounts: [vec![signer], accounts].concat(),
        data: anchor_lang::InstructionData::data(&staking::instruction::StakeSlash { penalty_bps: 10_000 }),
    };
    let outcome = watch.world.chain.send(&[slash], &[&watch.reporter]);
    outcome.is_refused(StakingError::NotMarket);
}
