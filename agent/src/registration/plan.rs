//! What must change on chain: decided from what is wanted and what is there, without asking anyone.

use gantry_protocol::{Rate, class};
use gantry_sdk::{
    Pubkey,
    market::{
        NodeSpecification, ProviderProfile,
        state::{Config, Node, Provider, RegisteredMint},
    },
    staking::state::{Pool, Stake},
};
use std::{collections::BTreeMap, fmt};

use crate::funding::{FUNDED_LAMPORTS, LEAST_LAMPORTS};

/// What the configuration and the GPUs say.
#[derive(Clone, Debug)]
pub struct Desired {
    /// The provider's wallet.
    pub owner: Pubkey,
    /// Keys and endpoint.
    pub profile: ProviderProfile,
    /// What the node is.
    pub specification: NodeSpecification,
    /// Rates per GPU by mint.
    pub prices: BTreeMap<Pubkey, Rate>,
    /// Active stake to have.
    pub stake: Option<u64>,
}

/// What the chain says.
#[derive(Clone, Debug)]
pub struct OnChain {
    /// The market's configuration.
    pub config: Config,
    /// The priced mints as the market knows them.
    pub mints: BTreeMap<Pubkey, RegisteredMint>,
    /// Mints in which the owner has a balance.
    pub balances: Vec<Pubkey>,
    /// The provider.
    pub provider: Option<Provider>,
    /// Its nodes by number.
    pub nodes: Vec<Node>,
    /// Its stake.
    pub stake: Option<Stake>,
    /// The staking pool.
    pub pool: Pool,
    /// Token program of the pool's mint.
    pub stake_token_program: Pubkey,
    /// Network tokens in the owner's associated token account.
    pub stake_tokens: u64,
    /// Lamports of the hot key.
    pub hot_key_lamports: u64,
    /// Living jobs of the provider with the key that signs for them.
    pub jobs: Vec<(Pubkey, Pubkey)>,
}

/// Why the agent does not register.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// Another hot key on chain.
    #[error(
        "provider {owner} is registered with the attestation key {on_chain}, but this agent's key is {own}. Either this is not the \
         provider's data directory, or another agent works for this wallet: two of them would sign contradicting receipts. To make \
         this agent's key the provider's, stop the other agent and start with --rotate-attestation-key"
    )]
    WrongAttestationKey {
        /// The provider's wallet.
        owner: Pubkey,
        /// The key on chain.
        on_chain: Pubkey,
        /// This agent's.
        own: Pubkey,
    },
    /// A mint that the market does not know.
    #[error("the market does not know the mint {0}; price the node in a registered mint")]
    UnknownMint(Pubkey),
    /// A rate outside the governed range.
    #[error(
        "the price of {rate} micro-atoms per second in mint {mint} lies outside the market's range of {floor} to {ceiling}"
    )]
    PriceOutOfRange {
        /// In which mint.
        mint: Pubkey,
        /// What was configured.
        rate: u64,
        /// Lowest.
        floor: u64,
        /// Highest.
        ceiling: u64,
    },
    /// Not enough network tokens.
    #[error(
        "a stake of {wanted} needs {missing} more base units of the network token {mint}, but the wallet holds {held}"
    )]
    TooFewTokens {
        /// What was configured.
        wanted: u64,
        /// How much is to be deposited.
        missing: u64,
        /// What there is.
        held: u64,
        /// The network token.
        mint: Pubkey,
    },
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Lamports for the hot key's fees.
    FundHotKey {
        /// How many.
        lamports: u64,
    },
    /// The provider's account.
    RegisterProvider,
    /// Its profile.
    UpdateProvider {
        /// Whether the attestation key changes.
        rotates: bool,
    },
    /// A balance for earnings.
    OpenBalance {
        /// In this mint.
        mint: Pubkey,
    },
    /// The stake's account.
    OpenStake,
    /// More stake.
    DepositStake {
        /// How much more.
        amount: u64,
    },
    /// A node.
    RegisterNode {
        /// Its number.
        id: u16,
    },
    /// Durations and readiness.
    UpdateNode {
        /// The node's number.
        id: u16,
    },
    /// Takes a node off the market that this agent does not serve.
    RetireNode {
        /// The node's number.
        id: u16,
        /// Unchanged.
        min_duration_s: u32,
        /// Unchanged.
        max_duration_s: u32,
    },
    /// A price; zero withdraws the offer.
    SetPrice {
        /// The node's number.
        id: u16,
        /// In this mint.
        mint: Pubkey,
        /// Micro-atoms per second and GPU.
        rate: u64,
    },
    /// Lets a living job accept this agent's key.
    RekeyJob {
        /// The job.
        job: Pubkey,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FundHotKey { lamports } => write!(f, "funding the attestation key with {lamports} lamports for fees"),
            Self::RegisterProvider => write!(f, "registering the provider"),
            Self::UpdateProvider { rotates: true } => write!(f, "making this agent's attestation key the provider's"),
            Self::UpdateProvider { rotates: false } => write!(f, "changing the provider's endpoint or TLS key"),
            Self::OpenBalance { mint } => write!(f, "opening a balance in mint {mint}"),
            Self::OpenStake => write!(f, "opening the provider's stake"),
            Self::DepositStake { amount } => write!(f, "bonding {amount} base units of stake"),
            Self::RegisterNode { id } => write!(f, "registering node {id}"),
            Self::UpdateNode { id } => write!(f, "changing the durations or readiness of node {id}"),
            Self::RetireNode { id, .. } => write!(f, "taking node {id}, which is other hardware, off the market"),
            Self::SetPrice { id, mint, rate: 0 } => write!(f, "withdrawing the offer of node {id} in mint {mint}"),
            Self::SetPrice { id, mint, rate } => {
                write!(
                    f,
                    "pricing node {id} at {rate} micro-atoms per second and GPU in mint {mint}"
                )
            }
            Self::RekeyJob { job } => write!(f, "taking over job {job} with this agent's attestation key"),
        }
    }
}

/// Everything to change, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The changes.
    pub steps: Vec<Step>,
    /// The number of the node that this agent serves.
    pub node_id: u16,
}

/// Decides what to change. `rotate`: the owner wants this agent's attestation key to replace the one on chain.
///
/// # Errors
/// [`RegistrationError`].
pub fn plan(desired: &Desired, on_chain: &OnChain, rotate: bool) -> Result<Plan, RegistrationError> {
    let mut steps = Vec::new();
    // Everything that can be refused is looked at before anything is sent.
    for (mint, rate) in &desired.prices {
        let registered = on_chain.mints.get(mint).ok_or(RegistrationError::UnknownMint(*mint))?;
        let (floor, ceiling) = (registered.rate_floor, registered.rate_ceiling);
        if registered.require_in_range(*rate).is_err() {
            return Err(RegistrationError::PriceOutOfRange {
                mint: *mint,
                rate: rate.0,
                floor,
                ceiling,
            });
        }
    }
    if on_chain.hot_key_lamports < LEAST_LAMPORTS {
        steps.push(Step::FundHotKey {
            lamports: FUNDED_LAMPORTS - on_chain.hot_key_lamports,
        });
    }
    provider(desired, on_chain, rotate, &mut steps)?;
    let unopened = desired.prices.keys().filter(|mint| !on_chain.balances.contains(mint));
    steps.extend(unopened.map(|mint| Step::OpenBalance { mint: *mint }));
    stake(desired, on_chain, &mut steps)?;
    let node_id = nodes(desired, on_chain, &mut steps);
    Ok(Plan { steps, node_id })
}

fn provider(
    desired: &Desired,
    on_chain: &OnChain,
    rotate: bool,
    steps: &mut Vec<Step>,
) -> Result<(), RegistrationError> {
    let Some(known) = &on_chain.provider else {
        steps.push(Step::RegisterProvider);
        return Ok(());
    };
    let own = desired.profile.attestation_key;
    let rotates = known.attestation_key != own;
    if rotates && !rotate {
        let on_chain = known.attestation_key;
        return Err(RegistrationError::WrongAttestationKey {
            owner: desired.owner,
            on_chain,
            own,
        });
    }
    let used = usize::from(desired.profile.endpoint_bytes);
    let same_endpoint = desired.profile.endpoint.get(..used) == Some(known.endpoint().as_bytes());
    if rotates || known.tls_key_hash != desired.profile.tls_key_hash || !same_endpoint {
        steps.push(Step::UpdateProvider { rotates });
    }
    let foreign = on_chain.jobs.iter().filter(|(_, key)| *key != own);
    steps.extend(foreign.map(|(job, _)| Step::RekeyJob { job: *job }));
    Ok(())
}

fn stake(desired: &Desired, on_chain: &OnChain, steps: &mut Vec<Step>) -> Result<(), RegistrationError> {
    let Some(wanted) = desired.stake else { return Ok(()) };
    if on_chain.stake.is_none() {
        steps.push(Step::OpenStake);
    }
    let missing = wanted.saturating_sub(on_chain.stake.map_or(0, |stake| stake.active));
    if missing > on_chain.stake_tokens {
        let (held, mint) = (on_chain.stake_tokens, on_chain.pool.mint);
        return Err(RegistrationError::TooFewTokens {
            wanted,
            missing,
            held,
            mint,
        });
    }
    if missing > 0 {
        steps.push(Step::DepositStake { amount: missing });
    }
    Ok(())
}

/// Registers, updates and prices the node of this hardware; returns its number.
fn nodes(desired: &Desired, on_chain: &OnChain, steps: &mut Vec<Step>) -> u16 {
    let wanted = &desired.specification;
    let is_this = |node: &Node| {
        node.class == wanted.class
            && node.region == wanted.region
            && node.memory_mib == wanted.memory_mib
            && node.gpus == wanted.gpus
            && node.simulated == u8::from(wanted.simulated)
    };
    let known = on_chain.nodes.iter().find(|node| is_this(node));
    let id = known.map_or(on_chain.nodes.len().try_into().unwrap_or(u16::MAX), |node| node.id);
    for other in on_chain.nodes.iter().filter(|node| node.id != id && node.active == 1) {
        let (min_duration_s, max_duration_s) = (other.min_duration_s, other.max_duration_s);
        steps.push(Step::RetireNode {
            id: other.id,
            min_duration_s,
            max_duration_s,
        });
    }
    match known {
        None => steps.push(Step::RegisterNode { id }),
        Some(node) => {
            let durations = (node.min_duration_s, node.max_duration_s);
            if durations != (wanted.min_duration_s, wanted.max_duration_s) || node.active == 0 {
                steps.push(Step::UpdateNode { id });
            }
        }
    }
    let offered: BTreeMap<Pubkey, u64> = known
        .map(|node| {
            node.prices
                .iter()
                .filter(|price| price.rate > 0)
                .map(|price| (price.mint, price.rate))
                .collect()
        })
        .unwrap_or_default();
    // Offers are withdrawn first: a node has room for few.
    for mint in offered.keys().filter(|mint| !desired.prices.contains_key(mint)) {
        steps.push(Step::SetPrice {
            id,
            mint: *mint,
            rate: 0,
        });
    }
    for (mint, rate) in &desired.prices {
        if offered.get(mint) != Some(&rate.0) {
            steps.push(Step::SetPrice {
                id,
                mint: *mint,
                rate: rate.0,
            });
        }
    }
    id
}

/// The class and region of a specification, for people.
#[must_use]
pub fn describe(specification: &NodeSpecification) -> String {
    let simulated = if specification.simulated { ", simulated" } else { "" };
    format!(
        "{} × {} with {} MiB in {}{simulated}",
        specification.gpus,
        class::unpack(&specification.class),
        specification.memory_mib,
        class::unpack(&specification.region)
    )
}
