//! The network's first transactions: mints, configuration, and everyone's funds.

use anyhow::{Context, Result};
use futures::future::try_join_all;
use gantry_sdk::{
    Instruction, Pubkey,
    address::{self, TOKEN_PROGRAM},
    client::Client,
    instruction::{fees, market, staking},
    market::MarketParameters,
    protocol::{class, reputation},
    staking::PoolParameters,
};
use solana_system_interface::instruction as system;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;
use spl_token_interface::instruction as token;

use super::{
    options::Options,
    wallets::{Wallet, Wallets},
};

/// One GNT in base units.
pub(crate) const GNT: u64 = 1_000_000_000;
/// One USDC in base units.
pub(crate) const USDC: u64 = 1_000_000;
/// One SOL in lamports.
pub(crate) const SOL: u64 = 1_000_000_000;

const GNT_DECIMALS: u8 = 9;
const USDC_DECIMALS: u8 = 6;
/// Bytes of a mint without extensions.
const MINT_BYTES: usize = 82;

/// What the admin starts with: enough for every wallet, fee and rent of a long day, and less than the chain's treasury holds.
pub(crate) const ADMIN_LAMPORTS: u64 = 100_000 * SOL;
const WALLET_LAMPORTS: u64 = 1_000 * SOL;
const TENANT_USDC: u64 = 10_000 * USDC;
/// The part of it that is deposited, so that the tenant can rent at once.
const TENANT_DEPOSIT: u64 = 1_000 * USDC;
const PROVIDER_GNT: u64 = 100_000 * GNT;

/// Stake that a job reserves per GPU.
const STAKE_PER_GPU: u64 = 100 * GNT;
/// 2.5 %.
const FEE_BPS: u16 = 250;
/// Half of the fees in GNT.
const FEE_BURN_BPS: u16 = 5_000;
/// Agents send a heartbeat far more often; this leaves room for one that is being restarted.
const HEARTBEAT_MAX_AGE_S: u32 = 120;
/// The shortest that the protocol allows.
const UNBONDING_PERIOD_S: u32 = 86_400;
/// Classes that can be offered here: what simulated GPUs are called, and a few that people have.
const CLASSES: [&str; 5] = ["simulated", "h100-sxm", "h200-sxm", "a100-sxm-80", "rtx-4090"];
/// Rates are micro-atoms per second: from nothing to 1 USDC per second and GPU.
const USDC_RATE_CEILING: u64 = USDC * 1_000_000;
/// The same for GNT.
const GNT_RATE_CEILING: u64 = GNT * 1_000_000;
/// Value of a million base units, which are one USDC, in base units of GNT: 2 GNT. So its fees weigh in records.
const USDC_REFERENCE: u64 = 2 * GNT;

/// Makes the two mints, configures both programs and funds every wallet. Three rounds, each confirmed before the next.
pub(crate) async fn run(client: &Client, wallets: &Wallets, options: &Options) -> Result<()> {
    let genesis_hash = client.genesis_hash().await?;
    let send = async |what: &'static str, instructions: Vec<Instruction>, signers: Vec<&Wallet>| {
        let signers: Vec<_> = signers.into_iter().map(|wallet| &wallet.key).collect();
        client
            .send(&instructions, &wallets.admin.key, &signers)
            .await
            .with_context(|| format!("cannot {what}"))
    };

    send(
        "create the mints",
        create_mints(client, wallets).await?,
        vec![&wallets.gnt_mint, &wallets.usdc_mint],
    )
    .await?;

    let funding = wallets
        .providers
        .iter()
        .chain([&wallets.tenant])
        .map(|wallet| send("fund a wallet", fund(wallets, wallet), vec![]));
    tokio::try_join!(
        send(
            "configure the market",
            configure_market(wallets, genesis_hash, options),
            vec![]
        ),
        send("configure the staking pool", vec![configure_pool(wallets)], vec![]),
        try_join_all(funding),
    )?;

    let open_shards = |mint: &Wallet| {
        let instructions = fees::fee_shards_open(wallets.admin.address(), mint.address()).collect();
        send("open the fee shards", instructions, vec![])
    };
    let classes = CLASSES
        .iter()
        .map(|name| Ok(send("open a GPU class", open_class(wallets, name)?, vec![])))
        .collect::<Result<Vec<_>>>()?;
    tokio::try_join!(
        send("deposit the tenant's funds", deposit(wallets), vec![&wallets.tenant]),
        open_shards(&wallets.usdc_mint),
        open_shards(&wallets.gnt_mint),
        try_join_all(classes),
    )?;
    Ok(())
}

async fn create_mints(client: &Client, wallets: &Wallets) -> Result<Vec<Instruction>> {
    let rent = client
        .rpc()
        .get_minimum_balance_for_rent_exemption(MINT_BYTES)
        .await
        .context("cannot ask the chain for the rent of a mint")?;
    let admin = wallets.admin.address();
    let mut instructions = vec![];
    for (mint, decimals) in [(&wallets.gnt_mint, GNT_DECIMALS), (&wallets.usdc_mint, USDC_DECIMALS)] {
        let mint = mint.address();
        instructions.push(system::create_account(
            &admin,
            &mint,
            rent,
            MINT_BYTES as u64,
            &TOKEN_PROGRAM,
        ));
        instructions.push(token::initialize_mint2(&TOKEN_PROGRAM, &mint, &admin, None, decimals)?);
    }
    Ok(instructions)
}

fn configure_pool(wallets: &Wallets) -> Instruction {
    let admin = wallets.admin.address();
    let parameters = PoolParameters {
        authority: admin,
        market_signer: address::market_signer(),
        unbonding_period_s: UNBONDING_PERIOD_S,
    };
    staking::pool_initialize(admin, wallets.gnt_mint.address(), TOKEN_PROGRAM, parameters)
}

fn configure_market(wallets: &Wallets, genesis_hash: [u8; 32], options: &Options) -> Vec<Instruction> {
    let admin = wallets.admin.address();
    let parameters = MarketParameters {
        authority: admin,
        treasury: wallets.treasury.address(),
        stake_per_gpu: STAKE_PER_GPU,
        start_deadline_s: options.start_deadline_s,
        grace_window_s: options.grace_window_s,
        heartbeat_max_age_s: HEARTBEAT_MAX_AGE_S,
        fee_bps: FEE_BPS,
        fee_burn_bps: FEE_BURN_BPS,
        paused: false,
    };
    vec![
        market::config_initialize(admin, genesis_hash, parameters),
        market::mint_register(admin, wallets.usdc_mint.address(), TOKEN_PROGRAM),
        market::mint_register(admin, wallets.gnt_mint.address(), TOKEN_PROGRAM),
        market::mint_reference_set(admin, wallets.usdc_mint.address(), USDC_REFERENCE),
        market::mint_reference_set(admin, wallets.gnt_mint.address(), reputation::PRICE_ONE),
    ]
}

/// A class that may be rented in both mints.
fn open_class(wallets: &Wallets, name: &str) -> Result<Vec<Instruction>> {
    let admin = wallets.admin.address();
    let name = class::pack(name).with_context(|| format!("{name:?} is not the name of a class"))?;
    let (usdc, gnt) = (wallets.usdc_mint.address(), wallets.gnt_mint.address());
    Ok(vec![
        market::class_register(admin, name),
        market::price_range_register(admin, &name, usdc, 1, USDC_RATE_CEILING),
        market::price_range_register(admin, &name, gnt, 1, GNT_RATE_CEILING),
    ])
}

/// Lamports for fees and rent; to providers GNT for their bond, to the tenant USDC to spend.
fn fund(wallets: &Wallets, wallet: &Wallet) -> Vec<Instruction> {
    let (admin, owner) = (wallets.admin.address(), wallet.address());
    let mut instructions = vec![system::transfer(&admin, &owner, WALLET_LAMPORTS)];
    let is_tenant = owner == wallets.tenant.address();
    let gifts = [
        (wallets.gnt_mint.address(), if is_tenant { 0 } else { PROVIDER_GNT }),
        (wallets.usdc_mint.address(), if is_tenant { TENANT_USDC } else { 0 }),
    ];
    for (mint, amount) in gifts {
        instructions.push(create_associated_token_account_idempotent(
            &admin,
            &owner,
            &mint,
            &TOKEN_PROGRAM,
        ));
        if amount > 0 {
            let to = token_account(&owner, &mint);
            instructions.extend(token::mint_to(&TOKEN_PROGRAM, &mint, &to, &admin, &[], amount));
        }
    }
    instructions
}

fn deposit(wallets: &Wallets) -> Vec<Instruction> {
    let (tenant, mint) = (wallets.tenant.address(), wallets.usdc_mint.address());
    let source = token_account(&tenant, &mint);
    vec![
        market::balance_open(tenant, tenant, mint),
        market::tenant_open(tenant, tenant),
        market::balance_deposit(tenant, mint, source, TOKEN_PROGRAM, TENANT_DEPOSIT),
    ]
}

fn token_account(owner: &Pubkey, mint: &Pubkey) -> Pubkey {
    address::associated_token(owner, mint, &TOKEN_PROGRAM)
}
