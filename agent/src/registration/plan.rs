//! What must change on chain: decided from what is wanted and what is there, without asking anyone.

use gantry_protocol::{Rate, class};
use gantry_sdk::{
    Pubkey,
    market::{
        NodeSpecification, ProviderProfile,
        state::{Config, Device, GpuClass, Node, PriceRange, Provider, RegisteredMint},
    },
    staking::state::{Pool, Stake},
};
use std::collections::BTreeMap;

use super::{
    devices::{self, Inventory, Later, Taken},
    step::Step,
};
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
    /// Its GPUs.
    pub gpus: Inventory,
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
    /// All GPU classes.
    pub classes: Vec<GpuClass>,
    /// What the node's class may cost in the priced mints.
    pub ranges: BTreeMap<Pubkey, PriceRange>,
    /// Mints in which the owner has a balance.
    pub balances: Vec<Pubkey>,
    /// The provider.
    pub provider: Option<Provider>,
    /// Its nodes by number.
    pub nodes: Vec<Node>,
    /// The GPUs that it has registered, and those of this machine that anyone has.
    pub devices: Vec<Device>,
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
    /// A class that the market does not know, or takes nothing new of.
    #[error(
        "the market takes no new nodes of the GPU class {class}. Set `class` in the configuration when these GPUs have another name \
         there; the market's classes are: {open}"
    )]
    ClassNotOpen {
        /// The node's class.
        class: String,
        /// Those that are open.
        open: String,
    },
    /// A mint in which the class may not be rented.
    #[error(
        "governance has set no price range for the GPU class {class} in mint {mint}; price the node in another mint"
    )]
    NoPriceRange {
        /// The node's class.
        class: String,
        /// The mint.
        mint: Pubkey,
    },
    /// Every GPU here is somebody else's on chain.
    #[error(
        "every GPU of this machine is registered by another provider, the first by the account {0}. Whoever sold you the GPUs has to \
         retire them; where they were never theirs, the market's authority can"
    )]
    AllTaken(Pubkey),
    /// A rate outside the governed range.
    #[error(
        "the price of {rate} micro-atoms per second in mint {mint} lies outside the market's range of {floor} to {ceiling} for its \
         GPU class"
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

/// Everything to change, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The changes.
    pub steps: Vec<Step>,
    /// The number of the node that this agent serves.
    pub node_id: u16,
    /// GPUs of this machine that another provider has registered.
    pub taken: Vec<Taken>,
    /// GPUs that are no longer where the chain says, but while all GPUs there are rented stay.
    pub later: Vec<Later>,
}

/// Decides what to change. `rotate`: the owner wants this agent's attestation key to replace the one on chain.
///
/// # Errors
/// [`RegistrationError`].
pub fn plan(desired: &Desired, on_chain: &OnChain, rotate: bool) -> Result<Plan, RegistrationError> {
    let mut steps = Vec::new();
    // Everything that can be refused is looked at before anything is sent.
    require_open_class(desired, on_chain)?;
    for (mint, rate) in &desired.prices {
        require_price(desired, on_chain, mint, *rate)?;
    }
    let node_id = serving(desired, &on_chain.nodes);
    let changes = devices::plan(desired, on_chain, node_id)?;
    if on_chain.hot_key_lamports < LEAST_LAMPORTS {
        steps.push(Step::FundHotKey {
            lamports: FUNDED_LAMPORTS - on_chain.hot_key_lamports,
        });
    }
    provider(desired, on_chain, rotate, &mut steps)?;
    let unopened = desired.prices.keys().filter(|mint| !on_chain.balances.contains(mint));
    steps.extend(unopened.map(|mint| Step::OpenBalance { mint: *mint }));
    stake(desired, on_chain, &mut steps)?;
    nodes(desired, on_chain, node_id, &mut steps);
    steps.extend(changes.steps);
    Ok(Plan {
        steps,
        node_id,
        taken: changes.taken,
        later: changes.later,
    })
}

/// The number of the node of this hardware: the one that is there, or the next.
pub(super) fn serving(desired: &Desired, nodes: &[Node]) -> u16 {
    let known = nodes.iter().find(|node| is_of(desired, node));
    known.map_or(nodes.len().try_into().unwrap_or(u16::MAX), |node| node.id)
}

/// Whether a node on chain is of the same hardware, however many GPUs it has.
fn is_of(desired: &Desired, node: &Node) -> bool {
    let wanted = &desired.specification;
    node.class == wanted.class
        && node.region == wanted.region
        && node.memory_mib == wanted.memory_mib
        && node.simulated == u8::from(wanted.simulated)
}

/// A node that is registered stays, and serves the jobs that it has, also when its class takes nothing new.
fn require_open_class(desired: &Desired, on_chain: &OnChain) -> Result<(), RegistrationError> {
    let name = desired.specification.class;
    let open = |class: &&GpuClass| class.enabled == 1;
    let is_open = on_chain.classes.iter().filter(open).any(|class| class.name == name);
    if is_open || on_chain.nodes.iter().any(|node| is_of(desired, node)) {
        return Ok(());
    }
    let mut open: Vec<_> = on_chain
        .classes
        .iter()
        .filter(open)
        .map(|class| class::unpack(&class.name))
        .collect();
    open.sort_unstable();
    Err(RegistrationError::ClassNotOpen {
        class: class::unpack(&name).to_owned(),
        open: if open.is_empty() {
            "none".to_owned()
        } else {
            open.join(", ")
        },
    })
}

fn require_price(desired: &Desired, on_chain: &OnChain, mint: &Pubkey, rate: Rate) -> Result<(), RegistrationError> {
    if !on_chain.mints.contains_key(mint) {
        return Err(RegistrationError::UnknownMint(*mint));
    }
    let Some(range) = on_chain.ranges.get(mint) else {
        return Err(RegistrationError::NoPriceRange {
            class: class::unpack(&desired.specification.class).to_owned(),
            mint: *mint,
        });
    };
    range
        .require_holds(rate)
        .map_err(|_| RegistrationError::PriceOutOfRange {
            mint: *mint,
            rate: rate.0,
            floor: range.floor,
            ceiling: range.ceiling,
        })
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

/// Registers, updates and prices the node of this hardware.
fn nodes(desired: &Desired, on_chain: &OnChain, id: u16, steps: &mut Vec<Step>) {
    let wanted = &desired.specification;
    let known = on_chain.nodes.iter().find(|node| node.id == id);
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
}

/// What is offered, for people.
#[must_use]
pub fn describe(desired: &Desired) -> String {
    let specification = &desired.specification;
    let simulated = if specification.simulated { ", simulated" } else { "" };
    format!(
        "{} × {} with {} MiB in {}{simulated}",
        desired.gpus.count(),
        class::unpack(&specification.class),
        specification.memory_mib,
        class::unpack(&specification.region)
    )
}
