//! A market in motion: one provider, one node, one tenant, and one line for each thing they do.

use gantry_protocol::Receipt;
use gantry_sdk::{
    Instruction, Keypair, Pubkey, Signer, address,
    instruction::{fees as fees_instruction, market as market_instruction, staking as staking_instruction},
    receipt::CoSignedReceipt,
};
use market::{
    JobTerms,
    state::{Balance, Config, Job, Node},
};
use staking::state::{Pool, Stake};

use crate::{
    chain::Chain,
    key,
    outcome::Outcome,
    parties::{
        self, BOND, CLASS, DEPOSIT, GENESIS_HASH, GPUS, Provider, RATE, RATE_CEILING, RATE_FLOOR, REFERENCE_PRICE,
        Tenant,
    },
    signatures::{co_sign, finally, next_receipt},
    token::{self, MakeMint, Mint},
};

/// The chain and everyone on it.
pub struct World {
    /// The chain.
    pub chain: Chain,
    /// Upgrade authority of both programs.
    pub deployer: Keypair,
    /// Governance of both programs.
    pub authority: Keypair,
    /// The network token.
    pub gnt: Mint,
    /// What jobs are paid in.
    pub usdc: Mint,
    /// The provider.
    pub provider: Provider,
    /// The tenant.
    pub tenant: Tenant,
    /// Number of the next job.
    nonce: u64,
}

impl World {
    /// Programs and mints of the classic token program, but nothing configured.
    #[must_use]
    pub fn unconfigured() -> Self {
        Self::unconfigured_with(Mint::classic)
    }

    /// Programs and mints of this kind, but nothing configured.
    #[must_use]
    pub fn unconfigured_with(mint: MakeMint) -> Self {
        let (deployer, authority) = (key::fresh(), key::fresh());
        let mut chain = Chain::new(&deployer.pubkey());
        let (gnt, usdc) = (mint(&mut chain, 9), mint(&mut chain, 6));
        let (provider, tenant) = (Provider::new(), Tenant::new());
        for key in [&deployer, &authority, &provider.wallet, &tenant.wallet] {
            chain.fund(&key.pubkey());
        }
        Self {
            chain,
            deployer,
            authority,
            gnt,
            usdc,
            provider,
            tenant,
            nonce: 0,
        }
    }

    /// Both programs configured and USDC admitted, but nobody on the market.
    #[must_use]
    pub fn configured() -> Self {
        let mut world = Self::unconfigured();
        world.configure();
        world
    }

    /// A provider with a bond and a priced, living node of eight GPUs, and a tenant with a deposit.
    #[must_use]
    pub fn new() -> Self {
        Self::new_with(Mint::classic)
    }

    /// The same with mints of this kind.
    #[must_use]
    pub fn new_with(mint: MakeMint) -> Self {
        let mut world = Self::unconfigured_with(mint);
        world.populate();
        world
    }

    /// Configures everything and brings provider and tenant onto the market.
    pub(crate) fn populate(&mut self) {
        self.configure();
        let provider = std::mem::replace(&mut self.provider, Provider::new());
        self.admit(&provider);
        self.provider = provider;
        let (tenant, usdc) = (self.tenant.owner(), self.usdc.clone());
        self.open_balance(&tenant, &usdc);
        self.open_tenant(&tenant);
        self.deposit(DEPOSIT).succeeds();
    }

    fn configure(&mut self) {
        let (deployer, authority) = (self.deployer.pubkey(), self.authority.pubkey());
        let pool = staking_instruction::pool_initialize(
            deployer,
            self.gnt.address,
            self.gnt.token_program,
            parties::pool_parameters(authority),
        );
        let config =
            market_instruction::config_initialize(deployer, GENESIS_HASH, parties::market_parameters(authority));
        self.chain.send(&[pool, config], &[&self.deployer]).succeeds();
        let class = market_instruction::class_register(authority, CLASS);
        self.chain.send(&[class], &[&self.authority]).succeeds();
        let usdc = self.usdc.clone();
        self.register_mint(&usdc).succeeds();
        self.set_reference(REFERENCE_PRICE).succeeds();
    }

    /// Brings a provider onto the market, up to its first node's heartbeat.
    pub fn admit(&mut self, provider: &Provider) {
        let owner = provider.owner();
        self.chain.fund(&owner);
        self.chain.fund(&provider.attestation.pubkey());
        let source = self.gnt.mint_to(&mut self.chain, &owner, BOND);
        let (gnt, usdc) = (self.gnt.clone(), self.usdc.clone());
        let bond = [
            staking_instruction::stake_open(owner),
            staking_instruction::stake_deposit(owner, gnt.address, source, gnt.token_program, BOND),
        ];
        self.chain.send(&bond, &[&provider.wallet]).succeeds();
        self.open_balance(&owner, &usdc);
        let node = provider.node(0);
        let register = [
            market_instruction::provider_register(owner, provider.profile()),
            market_instruction::node_register(owner, 0, parties::specification()),
            market_instruction::node_price_set(owner, node, &CLASS, usdc.address, RATE),
        ];
        self.chain.send(&register, &[&provider.wallet]).succeeds();
        self.chain
            .send(&provider.devices(0, 0..GPUS), &[&provider.wallet])
            .succeeds();
        let heartbeat = market_instruction::node_heartbeat(provider.attestation.pubkey(), provider.account(), node);
        self.chain.send(&[heartbeat], &[&provider.attestation]).succeeds();
    }

    /// Admits a mint, opens its fee shards, and lets nodes be priced in it.
    pub fn register_mint(&mut self, mint: &Mint) -> Outcome {
        let authority = self.authority.pubkey();
        let register = market_instruction::mint_register(authority, mint.address, mint.token_program);
        let mut instructions = vec![register];
        instructions.extend(fees_instruction::fee_shards_open(authority, mint.address));
        let outcome = self.chain.send(&instructions, &[&self.authority]);
        if outcome.0.is_ok() {
            let range =
                market_instruction::price_range_register(authority, &CLASS, mint.address, RATE_FLOOR, RATE_CEILING);
            self.chain.send(&[range], &[&self.authority]).succeeds();
        }
        outcome
    }

    /// The authority sets what the nodes' class may cost in USDC.
    pub fn set_price_range(&mut self, floor: u64, ceiling: u64) -> Outcome {
        let (authority, usdc) = (self.authority.pubkey(), self.usdc.address);
        let update = market_instruction::price_range_update(authority, &CLASS, usdc, floor, ceiling);
        self.chain.send(&[update], &[&self.authority])
    }

    /// The authority lets the nodes' class take new jobs, or not.
    pub fn enable_class(&mut self, enabled: bool) -> Outcome {
        let update = market_instruction::class_update(self.authority.pubkey(), &CLASS, enabled);
        self.chain.send(&[update], &[&self.authority])
    }

    /// Opens a wallet's balance in a mint, at the deployer's expense.
    pub fn open_balance(&mut self, owner: &Pubkey, mint: &Mint) {
        let open = market_instruction::balance_open(self.deployer.pubkey(), *owner, mint.address);
        self.chain.send(&[open], &[&self.deployer]).succeeds();
    }

    /// The tenant deposits newly minted USDC.
    pub fn deposit(&mut self, amount: u64) -> Outcome {
        let owner = self.tenant.owner();
        let source = self.usdc.mint_to(&mut self.chain, &owner, amount);
        let usdc = &self.usdc;
        let deposit = market_instruction::balance_deposit(owner, usdc.address, source, usdc.token_program, amount);
        self.chain.send(&[deposit], &[&self.tenant.wallet])
    }

    /// The node says that it is alive.
    pub fn heartbeat(&mut self) -> Outcome {
        let key = self.provider.attestation.pubkey();
        let heartbeat = market_instruction::node_heartbeat(key, self.provider.account(), self.node_address());
        self.chain.send(&[heartbeat], &[&self.provider.attestation])
    }

    /// The instruction by which the tenant opens its next job on these terms.
    #[must_use]
    pub fn open_instruction(&self, terms: JobTerms) -> Instruction {
        let (tenant, provider) = (self.tenant.owner(), self.provider.owner());
        market_instruction::job_open(
            tenant,
            self.nonce,
            self.node_address(),
            provider,
            &CLASS,
            self.usdc.address,
            terms,
        )
    }

    /// The tenant asks for a job on these terms.
    pub fn open(&mut self, terms: JobTerms) -> Outcome {
        let open = self.open_instruction(terms);
        self.chain.send(&[open], &[&self.tenant.wallet])
    }

    /// The tenant opens a job of `gpus` GPUs on these terms and gets its address.
    pub fn open_with(&mut self, terms: JobTerms) -> Pubkey {
        let job = self.next_job();
        self.open(terms).succeeds();
        self.nonce += 1;
        job
    }

    /// Counts a job that was opened by other means.
    pub const fn skip_job_number(&mut self) {
        self.nonce += 1;
    }

    /// The tenant opens an ordinary job of one GPU and gets its address.
    pub fn open_job(&mut self) -> Pubkey {
        let terms = self.tenant.terms(1);
        self.open_with(terms)
    }

    /// An ordinary job that the provider has started.
    pub fn running_job(&mut self) -> Pubkey {
        let job = self.open_job();
        self.start(&job).succeeds();
        job
    }

    /// Address of the tenant's next job.
    #[must_use]
    pub fn next_job(&self) -> Pubkey {
        address::job(&self.tenant.owner(), self.nonce)
    }

    /// The provider starts a job.
    pub fn start(&mut self, job: &Pubkey) -> Outcome {
        let start = market_instruction::job_start(self.provider.attestation.pubkey(), *job);
        self.chain.send(&[start], &[&self.provider.attestation])
    }

    /// The tenant's session key stops a job.
    pub fn stop(&mut self, job: &Pubkey) -> Outcome {
        let stop = market_instruction::job_stop(self.tenant.session.pubkey(), *job);
        self.chain.send(&[stop], &[&self.tenant.session])
    }

    /// Both sign that the job has used this much since its start.
    #[must_use]
    pub fn receipt(&self, job: &Pubkey, metered_ms: u64) -> CoSignedReceipt {
        self.signed(next_receipt(job, &self.job(job), metered_ms))
    }

    /// Both sign that the job has used this much since its start and will not use more.
    #[must_use]
    pub fn final_receipt(&self, job: &Pubkey, metered_ms: u64) -> CoSignedReceipt {
        self.signed(finally(next_receipt(job, &self.job(job), metered_ms)))
    }

    /// Both sign this receipt.
    #[must_use]
    pub fn signed(&self, receipt: Receipt) -> CoSignedReceipt {
        co_sign(receipt, &self.provider.attestation, &self.tenant.session)
    }

    /// The two instructions that settle a receipt: signatures, then settlement.
    #[must_use]
    pub fn settle_instructions(&self, receipt: &CoSignedReceipt) -> [Instruction; 2] {
        market_instruction::job_settle(receipt, self.provider.owner(), self.usdc.address)
    }

    /// Anyone settles a receipt.
    pub fn settle(&mut self, receipt: &CoSignedReceipt) -> Outcome {
        let settle = self.settle_instructions(receipt);
        self.chain.send(&settle, &[])
    }

    /// `caller` closes a job.
    pub fn close_by(&mut self, caller: &Keypair, job: &Pubkey) -> Outcome {
        let close = market_instruction::job_close(caller.pubkey(), *job, &self.job(job));
        self.chain.send(&[close], &[caller])
    }

    /// A stranger closes a job.
    pub fn close(&mut self, job: &Pubkey) -> Outcome {
        self.close_by(&key::fresh(), job)
    }

    /// `caller` cancels a job.
    pub fn cancel_by(&mut self, caller: &Keypair, job: &Pubkey) -> Outcome {
        let cancel = market_instruction::job_cancel(caller.pubkey(), *job, &self.job(job));
        self.chain.send(&[cancel], &[caller])
    }

    /// A stranger cancels a job.
    pub fn cancel(&mut self, job: &Pubkey) -> Outcome {
        self.cancel_by(&key::fresh(), job)
    }

    /// A job.
    #[must_use]
    pub fn job(&self, address: &Pubkey) -> Job {
        self.chain.get(address)
    }

    /// A wallet's USDC in the market.
    #[must_use]
    pub fn balance(&self, owner: &Pubkey) -> Balance {
        self.chain.get(&address::balance(owner, &self.usdc.address))
    }

    /// USDC atoms that the tenant has in the market.
    #[must_use]
    pub fn tenant_has(&self) -> u64 {
        self.balance(&self.tenant.owner()).amount
    }

    /// USDC atoms that the provider has in the market.
    #[must_use]
    pub fn provider_has(&self) -> u64 {
        self.balance(&self.provider.owner()).amount
    }

    /// Address of the provider's first node.
    #[must_use]
    pub fn node_address(&self) -> Pubkey {
        self.provider.node(0)
    }

    /// The provider's first node.
    #[must_use]
    pub fn node(&self) -> Node {
        self.chain.get(&self.node_address())
    }

    /// The provider's stake.
    #[must_use]
    pub fn stake(&self) -> Stake {
        self.chain.get(&address::stake(&self.provider.owner()))
    }

    /// The staking pool.
    #[must_use]
    pub fn pool(&self) -> Pool {
        self.chain.get(&address::pool())
    }

    /// The market's configuration.
    #[must_use]
    pub fn config(&self) -> Config {
        self.chain.get(&address::config())
    }

    /// Tokens in the USDC vault.
    #[must_use]
    pub fn vault(&self) -> u64 {
        token::tokens_in(&self.chain, &address::vault(&self.usdc.address))
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}
