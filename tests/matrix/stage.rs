//! Everyone and everything that a case can put into the place of the right account.

use gantry_protocol::{class::Name, fees::shard_of, limits::FEE_SHARDS};
use gantry_sdk::{
    Keypair, Pubkey, Signer,
    address::{self, CLOCK_SYSVAR, INSTRUCTIONS_SYSVAR, SYSTEM_PROGRAM, TOKEN_PROGRAM},
    instruction::market as instruction,
};
use gantry_tests::{
    chain::{Chain, committed},
    key,
    parties::{CLASS, DEPOSIT, Provider, RATE_CEILING, RATE_FLOOR, TREASURY, Tenant},
    token::{MakeMint, Mint, TOKEN_2022_PROGRAM},
    world::World,
};
use spl_associated_token_account_interface::program::ID as ASSOCIATED_TOKEN_PROGRAM;

/// The rent sysvar.
const RENT_SYSVAR: Pubkey = Pubkey::from_str_const("SysvarRent111111111111111111111111111111111");

/// A class that no node is of.
pub(crate) const OTHER_CLASS: Name = *b"rtx-4090\0\0\0\0\0\0\0\0";

/// An account with the name that a failure calls it by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Role {
    /// Whose or which it is.
    pub(crate) name: &'static str,
    /// Where it lies.
    pub(crate) address: Pubkey,
}

/// Who has no account.
const NOBODY: Pubkey = Pubkey::new_from_array([9; 32]);

impl Role {
    /// Whether it is the address at which there is nothing.
    pub(crate) fn is_nobody(&self) -> bool {
        self.address == NOBODY
    }
}

/// The token program of GNT and USDC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tokens {
    /// The classic one.
    Classic,
    /// The one of 2022.
    Of2022,
}

impl Tokens {
    /// The other one.
    const fn other(self) -> Self {
        match self {
            Self::Classic => Self::Of2022,
            Self::Of2022 => Self::Classic,
        }
    }

    /// What makes its mints.
    pub(crate) fn mint(self) -> MakeMint {
        match self {
            Self::Classic => Mint::classic,
            Self::Of2022 => Mint::plain_2022,
        }
    }
}

/// A world with a second one of everybody and everything.
pub(crate) struct Stage {
    /// The first ones, between whom the call is made.
    pub(crate) world: World,
    /// Another provider.
    pub(crate) rival: Provider,
    /// Another tenant.
    pub(crate) guest: Tenant,
    /// Another registered mint, of the other token program.
    pub(crate) euro: Mint,
    /// The guest's job on the rival's node.
    pub(crate) foreign_job: Option<Pubkey>,
    /// Someone who has nothing to do with anything.
    stranger: Keypair,
    /// The staking program's bytecode, deployed once more by the stranger.
    counterfeit_program: Pubkey,
}

impl Stage {
    /// Around a world in which nothing is configured yet.
    pub(crate) fn unconfigured(tokens: Tokens) -> Self {
        Self::around(World::unconfigured_with(tokens.mint()), tokens)
    }

    /// With everybody on the market, and the guest's job running on the rival's node.
    pub(crate) fn full(tokens: Tokens) -> Self {
        let mut stage = Self::around(World::new_with(tokens.mint()), tokens);
        let (euro, usdc) = (stage.euro.clone(), stage.world.usdc.clone());
        stage.world.register_mint(&euro).succeeds();
        stage.add_class();
        stage.world.admit(&stage.rival);
        let (tenant, provider) = (stage.world.tenant.owner(), stage.world.provider.owner());
        let guest = stage.guest.owner();
        stage.world.open_balance(&guest, &usdc);
        stage.world.open_tenant(&guest);
        stage.world.open_balance(&tenant, &euro);
        stage.world.open_balance(&provider, &euro);
        for (owner, mint) in [(tenant, &usdc), (tenant, &euro), (provider, &usdc), (guest, &usdc)] {
            mint.mint_to(&mut stage.world.chain, &owner, DEPOSIT);
        }
        for owner in [provider, stage.rival.owner()] {
            stage.world.gnt.clone().mint_to(&mut stage.world.chain, &owner, DEPOSIT);
        }
        usdc.mint_to(&mut stage.world.chain, &TREASURY, DEPOSIT);
        stage.change_sides();
        stage.world.deposit(DEPOSIT).succeeds();
        stage.foreign_job = Some(stage.world.running_job());
        stage.change_sides();
        stage
    }

    /// Another class, which may cost the same in USDC.
    fn add_class(&mut self) {
        let (authority, usdc) = (self.world.authority.pubkey(), self.world.usdc.address);
        let class = [
            instruction::class_register(authority, OTHER_CLASS),
            instruction::price_range_register(authority, &OTHER_CLASS, usdc, RATE_FLOOR, RATE_CEILING),
        ];
        self.world.chain.send(&class, &[&self.world.authority]).succeeds();
    }

    fn around(mut world: World, tokens: Tokens) -> Self {
        let (rival, guest, stranger) = (Provider::new(), Tenant::new(), key::fresh());
        let euro = (tokens.other().mint())(&mut world.chain, 6);
        let counterfeit_program = key::fresh().pubkey();
        world.chain.deploy(
            &counterfeit_program,
            &committed("programs/bin/staking.so"),
            &stranger.pubkey(),
        );
        let mut stage = Self {
            world,
            rival,
            guest,
            euro,
            foreign_job: None,
            stranger,
            counterfeit_program,
        };
        for key in stage.keys().map(Signer::pubkey).collect::<Vec<_>>() {
            stage.world.chain.fund(&key);
        }
        stage
    }

    /// Lets the rival and the guest act in the place of the provider and the tenant, or back.
    pub(crate) const fn change_sides(&mut self) {
        std::mem::swap(&mut self.world.provider, &mut self.rival);
        std::mem::swap(&mut self.world.tenant, &mut self.guest);
    }

    /// The chain.
    pub(crate) const fn chain(&self) -> &Chain {
        &self.world.chain
    }

    /// The key pair of an address, if somebody holds it.
    pub(crate) fn key(&self, address: &Pubkey) -> Option<&Keypair> {
        self.keys().find(|key| key.pubkey() == *address)
    }

    fn keys(&self) -> impl Iterator<Item = &Keypair> {
        let world = &self.world;
        [
            &world.deployer,
            &world.authority,
            &world.provider.wallet,
            &world.provider.attestation,
            &world.tenant.wallet,
            &world.tenant.session,
            &self.rival.wallet,
            &self.rival.attestation,
            &self.guest.wallet,
            &self.guest.session,
            &self.stranger,
        ]
        .into_iter()
    }

    /// Everyone and everything that may stand in the wrong place. `job` is the job that the call is about.
    pub(crate) fn cast(&self, job: Option<Pubkey>) -> Vec<Role> {
        let world = &self.world;
        let (provider, tenant, usdc, euro) = (&world.provider, &world.tenant, &world.usdc, &self.euro);
        let (rival, guest, gnt) = (&self.rival, &self.guest, &world.gnt);
        let shard = job.map_or(0, |job| shard_of(job.as_array()));
        let mut cast = vec![
            ("the deployer", world.deployer.pubkey()),
            ("the authority", world.authority.pubkey()),
            ("the provider's wallet", provider.owner()),
            ("the attestation key", provider.attestation.pubkey()),
            ("the tenant's wallet", tenant.owner()),
            ("the session key", tenant.session.pubkey()),
            ("the rival's wallet", rival.owner()),
            ("the rival's attestation key", rival.attestation.pubkey()),
            ("the guest's wallet", guest.owner()),
            ("the guest's session key", guest.session.pubkey()),
            ("a stranger", self.stranger.pubkey()),
            ("nobody's address", NOBODY),
            ("the configuration", address::config()),
            ("the USDC record", address::registered_mint(&usdc.address)),
            ("the euro record", address::registered_mint(&euro.address)),
            ("the provider", provider.account()),
            ("the rival", rival.account()),
            ("the node", provider.node(0)),
            ("the rival's node", rival.node(0)),
            ("the second node", provider.node(1)),
            ("the device", address::device(&provider.identity(0, 0))),
            ("another device", address::device(&provider.identity(0, 1))),
            ("the rival's device", address::device(&rival.identity(0, 0))),
            ("the class", address::gpu_class(&CLASS)),
            ("another class", address::gpu_class(&OTHER_CLASS)),
            ("the price range", address::price_range(&CLASS, &usdc.address)),
            (
                "another class's price range",
                address::price_range(&OTHER_CLASS, &usdc.address),
            ),
            ("the euro price range", address::price_range(&CLASS, &euro.address)),
            ("the tenant's USDC", address::balance(&tenant.owner(), &usdc.address)),
            ("the tenant's euros", address::balance(&tenant.owner(), &euro.address)),
            (
                "the provider's USDC",
                address::balance(&provider.owner(), &usdc.address),
            ),
            (
                "the provider's euros",
                address::balance(&provider.owner(), &euro.address),
            ),
            ("the rival's USDC", address::balance(&rival.owner(), &usdc.address)),
            ("the guest's USDC", address::balance(&guest.owner(), &usdc.address)),
            ("the tenant", address::tenant(&tenant.owner())),
            ("the guest", address::tenant(&guest.owner())),
            ("the market's signer", address::market_signer()),
            ("the pool", address::pool()),
            ("the stake", address::stake(&provider.owner())),
            ("the rival's stake", address::stake(&rival.owner())),
            (
                "the delegation",
                address::delegation(&provider.owner(), &tenant.owner()),
            ),
            (
                "the guest's delegation",
                address::delegation(&rival.owner(), &guest.owner()),
            ),
            ("the GNT mint", gnt.address),
            ("the USDC mint", usdc.address),
            ("the euro mint", euro.address),
            ("the USDC vault", address::vault(&usdc.address)),
            ("the euro vault", address::vault(&euro.address)),
            ("the pool's vault", address::pool_vault()),
            ("the fee shard", address::fee_shard(&usdc.address, shard)),
            (
                "another fee shard",
                address::fee_shard(&usdc.address, (shard + 1) % FEE_SHARDS),
            ),
            ("the euro fee shard", address::fee_shard(&euro.address, shard)),
            ("the treasury's USDC tokens", token_account(&TREASURY, usdc)),
            ("the tenant's USDC tokens", token_account(&tenant.owner(), usdc)),
            ("the tenant's euro tokens", token_account(&tenant.owner(), euro)),
            ("the provider's USDC tokens", token_account(&provider.owner(), usdc)),
            ("the guest's USDC tokens", token_account(&guest.owner(), usdc)),
            ("the provider's GNT tokens", token_account(&provider.owner(), gnt)),
            ("the rival's GNT tokens", token_account(&rival.owner(), gnt)),
            ("the tenant's GNT tokens", token_account(&tenant.owner(), gnt)),
            ("the guest's GNT tokens", token_account(&guest.owner(), gnt)),
            ("the market program", market::ID),
            ("the staking program", staking::ID),
            ("a stranger's staking program", self.counterfeit_program),
            ("the system program", SYSTEM_PROGRAM),
            ("the token program", TOKEN_PROGRAM),
            ("the token program of 2022", TOKEN_2022_PROGRAM),
            ("the associated token program", ASSOCIATED_TOKEN_PROGRAM),
            ("the market's program data", address::program_data(&market::ID)),
            ("the staking program's data", address::program_data(&staking::ID)),
            (
                "the stranger's program data",
                address::program_data(&self.counterfeit_program),
            ),
            ("the clock", CLOCK_SYSVAR),
            ("the rent sysvar", RENT_SYSVAR),
            ("the instructions sysvar", INSTRUCTIONS_SYSVAR),
        ];
        cast.extend(job.map(|job| ("the job", job)));
        cast.extend(self.foreign_job.map(|job| ("the guest's job", job)));
        cast.into_iter().map(|(name, address)| Role { name, address }).collect()
    }
}

/// The token account of `owner`.
pub(crate) fn token_account(owner: &Pubkey, mint: &Mint) -> Pubkey {
    address::associated_token(owner, &mint.address, &mint.token_program)
}
