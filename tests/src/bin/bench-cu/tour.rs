//! One world in which every instruction of both programs is used, each in a transaction of its own.

use ::market::state::Claim;
use gantry_protocol::{
    Receipt,
    fault::Fault,
    limits::{CHALLENGE_WINDOW_S, EXIT_NOTICE_S},
};
use gantry_sdk::{
    Instruction, Keypair, Pubkey, Signer, address,
    instruction::{delegation, fees, market, staking},
    receipt::{Evidence, ProviderReceipt, sign},
};
use gantry_tests::{
    key,
    outcome::Done,
    parties::{
        self, BOND, CLASS, DEPOSIT, GENESIS_HASH, RATE, RATE_CEILING, RATE_FLOOR, START_DEADLINE_S, UNBONDING_PERIOD_S,
    },
    signatures::next_receipt,
    world::World,
};

/// Compute units by instruction, such as `market.job_settle`.
pub(crate) fn units_of_every_instruction() -> Vec<(String, u64)> {
    let mut tour = Tour {
        world: World::unconfigured(),
        units: Vec::new(),
    };
    tour.governance();
    tour.provider();
    tour.money();
    tour.job();
    tour.unbonding();
    tour.claims();
    tour.delegation();
    tour.fault();
    tour.units
}

/// Compute units of a sweep, of the dearer kind, which burns and pays. In a world of its own: its jobs are paid in the network token.
pub(crate) fn units_of_a_sweep() -> (String, u64) {
    let mut world = World::paid_in_gnt();
    let job = world.closed_job();
    let (sweep, _) = world.sweep_instruction(&job);
    let done = world.chain.send(&[sweep], &[]).succeeds();
    ("market.fees_sweep".to_owned(), done.compute_units)
}

struct Tour {
    world: World,
    units: Vec<(String, u64)>,
}

impl Tour {
    fn send(&mut self, name: &str, instruction: Instruction, signer: &Keypair) -> Done {
        self.send_by(name, instruction, &[signer])
    }

    fn send_by(&mut self, name: &str, instruction: Instruction, signers: &[&Keypair]) -> Done {
        let done = self.world.chain.send(&[instruction], signers).succeeds();
        self.note(name, &done);
        done
    }

    fn note(&mut self, name: &str, done: &Done) {
        self.units.push((name.to_owned(), done.compute_units));
    }

    fn governance(&mut self) {
        let (deployer, authority) = (
            self.world.deployer.insecure_clone(),
            self.world.authority.insecure_clone(),
        );
        let (gnt, usdc) = (self.world.gnt.clone(), self.world.usdc.clone());
        let pool = parties::pool_parameters(authority.pubkey());
        let config = parties::market_parameters(authority.pubkey());
        let create = staking::pool_initialize(deployer.pubkey(), gnt.address, gnt.token_program, pool);
        self.send("staking.pool_initialize", create, &deployer);
        self.send(
            "staking.pool_configure",
            staking::pool_configure(authority.pubkey(), pool.authority, pool.unbonding_period_s),
            &authority,
        );
        let create = market::config_initialize(deployer.pubkey(), GENESIS_HASH, config);
        self.send("market.config_initialize", create, &deployer);
        self.send(
            "market.config_update",
            market::config_update(authority.pubkey(), config),
            &authority,
        );
        let admit = market::mint_register(authority.pubkey(), usdc.address, usdc.token_program);
        self.send("market.mint_register", admit, &authority);
        let update = market::mint_update(authority.pubkey(), usdc.address, true);
        self.send("market.mint_update", update, &authority);
        let reference = market::mint_reference_set(authority.pubkey(), usdc.address, parties::REFERENCE_PRICE);
        self.send("market.mint_reference_set", reference, &authority);
        self.class(&authority, &usdc.address);
        for (number, open) in fees::fee_shards_open(authority.pubkey(), usdc.address).enumerate() {
            // Addresses take more or fewer steps to find; the first stands for all.
            if number == 0 {
                self.send("market.fee_shard_open", open, &authority);
            } else {
                self.world.chain.send(&[open], &[&authority]).succeeds();
            }
        }
    }

    fn class(&mut self, authority: &Keypair, usdc: &Pubkey) {
        let by = authority.pubkey();
        self.send("market.class_register", market::class_register(by, CLASS), authority);
        self.send("market.class_update", market::class_update(by, &CLASS, true), authority);
        let open = market::price_range_register(by, &CLASS, *usdc, RATE_FLOOR, RATE_CEILING);
        self.send("market.price_range_register", open, authority);
        let change = market::price_range_update(by, &CLASS, *usdc, RATE_FLOOR, RATE_CEILING);
        self.send("market.price_range_update", change, authority);
    }

    fn provider(&mut self) {
        let wallet = self.world.provider.wallet.insecure_clone();
        let attestation = self.world.provider.attestation.insecure_clone();
        let (owner, node, profile) = (
            wallet.pubkey(),
            self.world.node_address(),
            self.world.provider.profile(),
        );
        let gnt = self.world.gnt.clone();
        self.world.chain.fund(&attestation.pubkey());
        let source = gnt.mint_to(&mut self.world.chain, &owner, BOND);
        self.send("staking.stake_open", staking::stake_open(owner), &wallet);
        let deposit = staking::stake_deposit(owner, gnt.address, source, gnt.token_program, BOND);
        self.send("staking.stake_deposit", deposit, &wallet);
        self.send(
            "market.provider_register",
            market::provider_register(owner, profile),
            &wallet,
        );
        self.send(
            "market.provider_update",
            market::provider_update(owner, profile),
            &wallet,
        );
        self.send(
            "market.node_register",
            market::node_register(owner, 0, parties::specification()),
            &wallet,
        );
        self.send(
            "market.node_update",
            market::node_update(owner, node, 1, 86_400, true),
            &wallet,
        );
        let usdc = self.world.usdc.address;
        self.send("market.balance_open", market::balance_open(owner, owner, usdc), &wallet);
        self.send(
            "market.node_price_set",
            market::node_price_set(owner, node, &CLASS, usdc, RATE),
            &wallet,
        );
        let heartbeat = market::node_heartbeat(attestation.pubkey(), self.world.provider.account(), node);
        self.send("market.node_heartbeat", heartbeat, &attestation);
        self.devices(&wallet);
    }

    /// Two GPUs, one of which moves to a second node and is retired there.
    fn devices(&mut self, wallet: &Keypair) {
        let (owner, [node, second]) = (wallet.pubkey(), [0, 1].map(|id| self.world.provider.node(id)));
        let [kept, moved] = [0, 1].map(|number| self.world.provider.identity(0, number));
        self.send(
            "market.device_register",
            market::device_register(owner, node, kept),
            wallet,
        );
        let prepare = [
            market::device_register(owner, node, moved),
            market::node_register(owner, 1, parties::specification()),
        ];
        self.world.chain.send(&prepare, &[wallet]).succeeds();
        let shift = market::device_move(owner, &moved, node, second);
        self.send("market.device_move", shift, wallet);
        let retire = market::device_retire(owner, owner, second, &moved);
        self.send("market.device_retire", retire, wallet);
        let rest = self.world.provider.devices(0, 1..parties::GPUS);
        self.world.chain.send(&rest, &[wallet]).succeeds();
    }

    fn money(&mut self) {
        let wallet = self.world.tenant.wallet.insecure_clone();
        let (owner, usdc) = (wallet.pubkey(), self.world.usdc.clone());
        self.world.open_balance(&owner, &usdc);
        self.send("market.tenant_open", market::tenant_open(owner, owner), &wallet);
        let account = usdc.mint_to(&mut self.world.chain, &owner, DEPOSIT + 1);
        let deposit = market::balance_deposit(owner, usdc.address, account, usdc.token_program, DEPOSIT + 1);
        self.send("market.balance_deposit", deposit, &wallet);
        let withdraw = market::balance_withdraw(owner, usdc.address, account, usdc.token_program, 1);
        self.send("market.balance_withdraw", withdraw, &wallet);
    }

    fn job(&mut self) {
        let tenant = self.world.tenant.wallet.insecure_clone();
        let attestation = self.world.provider.attestation.insecure_clone();
        let (job, open) = (
            self.world.next_job(),
            self.world.open_instruction(self.world.tenant.terms(1)),
        );
        let done = self.send("market.job_open", open, &tenant);
        self.units.push((
            "staking.stake_reserve".to_owned(),
            done.compute_units_of(&::staking::ID),
        ));
        self.send(
            "market.job_start",
            market::job_start(attestation.pubkey(), job),
            &attestation,
        );
        let rekey = market::job_rekey(attestation.pubkey(), self.world.provider.owner(), job);
        self.send("market.job_rekey", rekey, &attestation);
        let extend = market::job_extend(job, &self.world.job(&job), 2 * parties::DURATION_S);
        self.send("market.job_extend", extend, &tenant);
        let session = key::fresh();
        let rotate = market::session_rotate(job, &self.world.job(&job), session.pubkey());
        self.send("market.session_rotate", rotate, &tenant);
        self.world.tenant.session = session;
        let exits_at = self.world.chain.now() + i64::from(EXIT_NOTICE_S);
        let exit = market::job_exit(attestation.pubkey(), job, exits_at);
        self.send("market.job_exit", exit, &attestation);
        self.world.chain.advance(100);
        let first = self.world.receipt(&job, 60_000);
        self.world.settle(&first).succeeds();
        // A settlement in the middle of a job, which is the ordinary one.
        let second = self.world.receipt(&job, 90_000);
        let done = self.world.settle(&second).succeeds();
        self.note("market.job_settle", &done);
        let session = self.world.tenant.session.insecure_clone();
        self.send("market.job_stop", market::job_stop(session.pubkey(), job), &session);
        let close = market::job_close(attestation.pubkey(), job, &self.world.job(&job));
        let done = self.send("market.job_close", close, &attestation);
        self.units.push((
            "staking.stake_release".to_owned(),
            done.compute_units_of(&::staking::ID),
        ));
        self.cancelled_job();
    }

    fn cancelled_job(&mut self) {
        self.world.skip_job_number();
        self.world.heartbeat().succeeds();
        let job = self.world.open_job();
        self.world.chain.advance(i64::from(START_DEADLINE_S) + 1);
        let caller = self.world.deployer.insecure_clone();
        let cancel = market::job_cancel(caller.pubkey(), job, &self.world.job(&job));
        self.send("market.job_cancel", cancel, &caller);
    }

    fn claims(&mut self) {
        let job = self.silent_job();
        let claim = self.claim(&job);
        self.world.chain.advance(i64::from(CHALLENGE_WINDOW_S));
        self.send_by(
            "market.claim_settle",
            market::claim_settle(&claim, &self.world.job(&job)),
            &[],
        );

        let job = self.silent_job();
        self.claim(&job);
        let reporter = self.world.deployer.insecure_clone();
        let evidence = self.evidence(&job);
        let refute = market::claim_refute(reporter.pubkey(), &evidence, &self.world.job(&job));
        let done = self.world.chain.send(&refute, &[&reporter]).succeeds();
        self.note("market.claim_refute", &done);
    }

    /// A job of which a minute is settled, after two.
    fn silent_job(&mut self) -> Pubkey {
        self.world.heartbeat().succeeds();
        let job = self.world.running_job();
        self.world.chain.advance(120);
        let receipt = self.world.receipt(&job, 60_000);
        self.world.settle(&receipt).succeeds();
        job
    }

    fn claim(&mut self, job: &Pubkey) -> Claim {
        let key = self.world.provider.attestation.insecure_clone();
        let receipt = next_receipt(job, &self.world.job(job), 80_000);
        let receipt = ProviderReceipt {
            receipt,
            key: key.pubkey(),
            signature: sign(&key, &receipt),
        };
        let open = market::claim_open(&receipt, &self.world.job(job));
        let done = self.world.chain.send(&open, &[&key]).succeeds();
        self.note("market.claim_open", &done);
        self.world.chain.get(&address::claim(job))
    }

    /// Two contents of one sequence.
    fn evidence(&self, job: &Pubkey) -> Evidence {
        let key = &self.world.provider.attestation;
        let first = next_receipt(job, &self.world.job(job), 80_000);
        let second = Receipt { time_ms: 1, ..first };
        Evidence {
            key: key.pubkey(),
            first: (first, sign(key, &first)),
            second: (second, sign(key, &second)),
        }
    }

    fn fault(&mut self) {
        self.world.heartbeat().succeeds();
        let job = self.world.running_job();
        let reporter = self.world.deployer.insecure_clone();
        let gnt = self.world.gnt.clone();
        let bounty = gnt.account_of(&mut self.world.chain, &reporter.pubkey());
        let evidence = self.evidence(&job);
        let prove = market::fault_prove(
            reporter.pubkey(),
            &evidence,
            Fault::Equivocation,
            self.world.provider.owner(),
            gnt.address,
            gnt.token_program,
            bounty,
        );
        let done = self.world.chain.send(&prove, &[&reporter]).succeeds();
        self.note("market.fault_prove", &done);
        self.units
            .push(("staking.stake_slash".to_owned(), done.compute_units_of(&::staking::ID)));
    }

    fn delegation(&mut self) {
        let wallet = self.world.provider.wallet.insecure_clone();
        let delegator = self.world.tenant.wallet.insecure_clone();
        let (owner, from, gnt) = (wallet.pubkey(), delegator.pubkey(), self.world.gnt.clone());
        let tokens = gnt.mint_to(&mut self.world.chain, &from, 2 * BOND);
        self.send(
            "staking.delegation_open",
            delegation::delegation_open(from, owner),
            &delegator,
        );
        let deposit = delegation::delegation_deposit(from, owner, gnt.address, tokens, gnt.token_program, BOND);
        self.send("staking.delegation_deposit", deposit, &delegator);
        self.send(
            "staking.commission_set",
            delegation::commission_set(owner, 500),
            &wallet,
        );
        let reward = delegation::reward_add(from, owner, gnt.address, tokens, gnt.token_program, BOND / 3);
        self.send("staking.reward_add", reward, &delegator);
        let unbond = || delegation::delegation_unbond(from, owner, BOND / 7);
        self.send("staking.delegation_unbond", unbond(), &delegator);
        let cancel = delegation::delegation_cancel(from, owner, 0);
        self.send("staking.delegation_cancel", cancel, &delegator);
        self.world.chain.send(&[unbond()], &[&delegator]).succeeds();
        self.world.chain.advance(i64::from(UNBONDING_PERIOD_S));
        let withdraw = delegation::delegation_withdraw(from, owner, gnt.address, tokens, gnt.token_program);
        self.send_by("staking.delegation_withdraw", withdraw, &[]);
        self.world.heartbeat().succeeds();
    }

    fn unbonding(&mut self) {
        let wallet = self.world.provider.wallet.insecure_clone();
        let (owner, gnt) = (wallet.pubkey(), self.world.gnt.clone());
        self.send(
            "staking.unbonding_request",
            staking::unbonding_request(owner, 5),
            &wallet,
        );
        self.send("staking.unbonding_cancel", staking::unbonding_cancel(owner, 0), &wallet);
        let request = staking::unbonding_request(owner, 5);
        self.world.chain.send(&[request], &[&wallet]).succeeds();
        self.world.chain.advance(i64::from(UNBONDING_PERIOD_S));
        let destination = gnt.account_of(&mut self.world.chain, &owner);
        let withdraw = staking::unbonding_withdraw(owner, gnt.address, destination, gnt.token_program);
        self.send_by("staking.unbonding_withdraw", withdraw, &[]);
    }
}
