//! What governs both programs.

use gantry_sdk::{
    Instruction,
    market::{ID, MarketParameters, accounts, instruction as arguments},
    staking::{self, PoolParameters, accounts as staking_accounts, instruction as staking_arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, Place},
    cast::{Actor, GNT, Key, TREASURER, Token, tokens},
    dice::Dice,
    model::{State, Verdict, state::Config},
};

/// Genesis hash of the fuzzer's cluster.
pub const GENESIS_HASH: [u8; 32] = [0x6e; 32];

/// `config_initialize` or `pool_initialize`, again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Initialize {
    pub deployer: Actor,
    pub is_pool: bool,
    pub authority: Key,
}

impl Step for Initialize {
    fn generate(dice: &mut Dice, _: &State) -> Option<Self> {
        Some(Self {
            deployer: if dice.chance(50) { 0 } else { dice.actor() },
            is_pool: dice.chance(50),
            authority: dice.key(),
        })
    }

    fn apply(&self, _: &mut State) -> Verdict {
        // Both exist since the prologue.
        Err(crate::model::refusal::EXISTS)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let (deployer, authority) = (book.wallet(self.deployer), book.key(self.authority));
        if self.is_pool {
            pool_initialize(book, deployer, authority, 86_400)
        } else {
            let args = parameters(book, &Parameters::standard(self.authority));
            config_initialize(book, deployer, args)
        }
    }
}

/// Creates the pool, for the prologue.
pub(crate) fn pool_initialize(
    book: &Book,
    deployer: gantry_sdk::Pubkey,
    authority: gantry_sdk::Pubkey,
    unbonding_period_s: u32,
) -> Vec<Instruction> {
    let accounts = staking_accounts::PoolInitialize {
        deployer,
        program_data: book.program_data(&staking::ID),
        pool: book.at(Place::Pool),
        mint: book.mint(GNT),
        vault: book.at(Place::Bonds),
        token_program: book.token_program(GNT),
        system_program: gantry_sdk::address::SYSTEM_PROGRAM,
    };
    let args = PoolParameters {
        authority,
        market_signer: book.at(Place::Signer),
        unbonding_period_s,
    };
    build(staking::ID, &accounts, &staking_arguments::PoolInitialize { args })
}

/// Creates the configuration, for the prologue.
pub(crate) fn config_initialize(book: &Book, deployer: gantry_sdk::Pubkey, args: MarketParameters) -> Vec<Instruction> {
    let accounts = accounts::ConfigInitialize {
        deployer,
        program_data: book.program_data(&ID),
        config: book.at(Place::Config),
        system_program: gantry_sdk::address::SYSTEM_PROGRAM,
    };
    let genesis_hash = GENESIS_HASH;
    build(ID, &accounts, &arguments::ConfigInitialize { genesis_hash, args })
}

/// The market's parameters, as the actions carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Parameters {
    pub authority: Key,
    pub treasury: Key,
    pub stake_per_gpu: u64,
    pub start_deadline_s: u32,
    pub grace_window_s: u32,
    pub heartbeat_max_age_s: u32,
    pub fee_bps: u16,
    pub fee_burn_bps: u16,
    pub paused: bool,
}

impl Parameters {
    /// What the prologue configures.
    #[must_use]
    pub const fn standard(authority: Key) -> Self {
        Self {
            authority,
            treasury: Key::Wallet(TREASURER),
            stake_per_gpu: 10_000_000_000,
            start_deadline_s: 60,
            grace_window_s: 30,
            heartbeat_max_age_s: 90,
            fee_bps: 500,
            fee_burn_bps: 2_500,
            paused: false,
        }
    }

    /// The model's form of the parameters.
    #[must_use]
    pub const fn config(&self) -> Config {
        Config {
            authority: self.authority,
            treasury: self.treasury,
            stake_per_gpu: self.stake_per_gpu,
            start_deadline_s: self.start_deadline_s,
            grace_window_s: self.grace_window_s,
            heartbeat_max_age_s: self.heartbeat_max_age_s,
            fee_bps: self.fee_bps,
            fee_burn_bps: self.fee_burn_bps,
            paused: self.paused,
        }
    }
}

/// The programs' form of the parameters.
pub(crate) fn parameters(book: &Book, of: &Parameters) -> MarketParameters {
    MarketParameters {
        authority: book.key(of.authority),
        treasury: book.key(of.treasury),
        stake_per_gpu: of.stake_per_gpu,
        start_deadline_s: of.start_deadline_s,
        grace_window_s: of.grace_window_s,
        heartbeat_max_age_s: of.heartbeat_max_age_s,
        fee_bps: of.fee_bps,
        fee_burn_bps: of.fee_burn_bps,
        paused: of.paused,
    }
}

/// `config_update`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ConfigUpdate {
    pub signer: Key,
    pub to: Parameters,
}

impl Step for ConfigUpdate {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let now = state.config.authority;
        let mut to = Parameters::standard(now);
        to.authority = match dice.below(20) {
            0 => Key::Zero,
            1 | 2 => Key::Wallet(dice.actor()),
            _ => now,
        };
        // A treasury that trades no longer can, so mostly it is the one that never does.
        to.treasury = match dice.below(20) {
            0 => Key::Zero,
            1 | 2 => dice.key(),
            3..=6 => state.config.treasury,
            _ => to.treasury,
        };
        // Each parameter at an edge now and then.
        // What stops nearly every job is rare, for it lasts until the next change.
        to.stake_per_gpu = match dice.below(40) {
            0 => u64::MAX,
            1..=4 => 0,
            5..=8 => dice.between(1, 1_000_000_000_000),
            _ => to.stake_per_gpu,
        };
        to.start_deadline_s = dice.edge(1, 3_600, to.start_deadline_s);
        to.grace_window_s = dice.edge(5, 3_600, to.grace_window_s);
        to.heartbeat_max_age_s = dice.edge(10, 1_000_000, to.heartbeat_max_age_s);
        to.fee_bps = u16::try_from(dice.edge(0, 2_000, 500)).ok()?;
        to.fee_burn_bps = u16::try_from(dice.edge(0, 10_000, 2_500)).ok()?;
        to.paused = dice.chance(4);
        Some(Self {
            signer: dice.signer(now),
            to,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.config_update(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::ConfigUpdate {
            authority: book.key(self.signer),
            config: book.at(Place::Config),
        };
        let args = parameters(book, &self.to);
        build(ID, &accounts, &arguments::ConfigUpdate { args })
    }
}

/// `pool_configure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PoolConfigure {
    pub signer: Key,
    pub authority: Key,
    pub period_s: u32,
}

impl Step for PoolConfigure {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let now = state.pool.authority;
        Some(Self {
            signer: dice.signer(now),
            authority: match dice.below(20) {
                0 => Key::Zero,
                1 | 2 => Key::Wallet(dice.actor()),
                _ => now,
            },
            period_s: dice.edge(86_400, 7_776_000, 86_400),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.pool_configure(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = staking_accounts::PoolConfigure {
            authority: book.key(self.signer),
            pool: book.at(Place::Pool),
        };
        let arguments = staking_arguments::PoolConfigure {
            authority: book.key(self.authority),
            unbonding_period_s: self.period_s,
        };
        build(staking::ID, &accounts, &arguments)
    }
}

/// `mint_register`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MintRegister {
    pub signer: Key,
    pub token: Token,
}

impl Step for MintRegister {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let missing: Vec<_> = tokens().filter(|token| !state.mints.contains_key(token)).collect();
        let token = dice.pick(&missing).copied().unwrap_or_else(|| dice.token());
        // The authority pays the rent, so it is a wallet.
        Some(Self {
            signer: dice.mostly(state.config.authority, |dice| Key::Wallet(dice.actor())),
            token,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.mint_register(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::MintRegister {
            authority: book.key(self.signer),
            config: book.at(Place::Config),
            mint: book.mint(self.token),
            registered_mint: book.at(Place::Mint(self.token)),
            signer: book.at(Place::Signer),
            vault: book.at(Place::Vault(self.token)),
            token_program: book.token_program(self.token),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        build(ID, &accounts, &arguments::MintRegister {})
    }
}

/// `mint_update`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MintUpdate {
    pub signer: Key,
    pub token: Token,
    pub enabled: bool,
}

impl Step for MintUpdate {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        Some(Self {
            signer: dice.signer(state.config.authority),
            token: dice.token(),
            enabled: !dice.chance(5),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.mint_update(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::MintUpdate {
            authority: book.key(self.signer),
            config: book.at(Place::Config),
            registered_mint: book.at(Place::Mint(self.token)),
        };
        build(ID, &accounts, &arguments::MintUpdate { enabled: self.enabled })
    }
}

impl Dice {
    /// A parameter between two bounds: mostly the usual one, sometimes at or beyond a bound.
    fn edge(&mut self, low: u32, high: u32, usual: u32) -> u32 {
        match self.below(24) {
            0 => low,
            1 => high,
            2 => low.saturating_sub(1),
            3 => high.saturating_add(1),
            4..=7 => u32::try_from(self.between(u64::from(low), u64::from(high))).unwrap_or(usual),
            _ => usual,
        }
    }
}
