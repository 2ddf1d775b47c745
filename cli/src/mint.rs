//! The mints that the market admits.

use std::collections::BTreeMap;

use gantry_sdk::{
    Pubkey, address,
    client::{Client, ClientError},
    market::state::RegisteredMint,
};

use crate::{amount, failure::Failure};

/// A registered mint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mint {
    /// Its address.
    pub(crate) address: Pubkey,
    /// What to call it in messages.
    pub(crate) name: String,
    /// Decimals of an amount.
    pub(crate) decimals: u8,
    /// The token program that owns it.
    pub(crate) token_program: Pubkey,
    /// Whether new jobs may be opened in it.
    pub(crate) enabled: bool,
}

impl From<RegisteredMint> for Mint {
    fn from(record: RegisteredMint) -> Self {
        Self {
            address: record.mint,
            // Mints have no names on chain that anyone could rely on.
            name: format!("the mint {}", record.mint),
            decimals: record.decimals,
            token_program: record.token_program,
            enabled: record.enabled == 1,
        }
    }
}

impl Mint {
    /// Reads a registered mint; refused with the list of those that are when it is none of them.
    pub(crate) async fn find(client: &Client, address: &Pubkey) -> anyhow::Result<Self> {
        if let Some(record) = client
            .find::<RegisteredMint>(&address::registered_mint(address))
            .await?
        {
            return Ok(record.into());
        }
        let known: Vec<String> = Mints::load(client)
            .await?
            .iter()
            .map(|mint| mint.address.to_string())
            .collect();
        let advice = if known.is_empty() {
            format!("no mint is: is {} the chain that you mean?", client.url())
        } else {
            format!("choose one of {}", known.join(", "))
        };
        Err(Failure::Refused(format!(
            "the mint {address} is not registered with the market; {advice}"
        ))
        .into())
    }

    /// Base units as tokens.
    pub(crate) fn show(&self, atoms: u64) -> String {
        amount::show(atoms, self.decimals)
    }

    /// Base units as tokens with all decimals.
    pub(crate) fn show_exact(&self, atoms: u64) -> String {
        amount::show_exact(atoms, self.decimals)
    }

    /// A rate as tokens per hour, rounded up to the smallest unit.
    pub(crate) fn show_hourly(&self, rate: u64) -> String {
        amount::show_hourly(rate, self.decimals)
    }
}

/// All registered mints.
#[derive(Debug)]
pub(crate) struct Mints(BTreeMap<Pubkey, Mint>);

impl Mints {
    /// Reads them from the chain.
    pub(crate) async fn load(client: &Client) -> Result<Self, ClientError> {
        let records = client.all::<RegisteredMint>(&[]).await?;
        Ok(Self(
            records
                .into_iter()
                .map(|(_, record)| (record.mint, record.into()))
                .collect(),
        ))
    }

    /// By address.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Mint> {
        self.0.values()
    }

    /// Base units as tokens.
    pub(crate) fn show(&self, mint: &Pubkey, atoms: u64) -> String {
        self.0
            .get(mint)
            .map_or_else(|| format!("{atoms} base units"), |mint| mint.show(atoms))
    }

    /// A rate as tokens per hour.
    pub(crate) fn show_hourly(&self, mint: &Pubkey, rate: u64) -> String {
        self.0
            .get(mint)
            .map_or_else(|| format!("rate {rate}"), |mint| mint.show_hourly(rate))
    }
}
