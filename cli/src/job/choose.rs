//! Which node to rent. The indexer says where to look; what counts is read from the chain.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use futures::future::join_all;
use gantry_protocol::{Rate, UnixSeconds, class};
use gantry_sdk::{
    Pubkey, address,
    client::Client,
    market::state::{Config, Node, Provider},
    staking::state::Stake,
};

use crate::{
    agent::{self, AgentError},
    failure::Failure,
    indexer::{Indexer, NodeFilter},
    mint::Mint,
};

/// Most nodes per question to the indexer, cheapest first; each is looked at on chain.
const MAX_CANDIDATES: usize = 24;

/// What the tenant wants.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// GPU class.
    pub(crate) class: Option<String>,
    /// Region.
    pub(crate) region: Option<String>,
    /// One node and no other.
    pub(crate) node: Option<Pubkey>,
    /// GPUs.
    pub(crate) gpus: u16,
    /// Most per GPU.
    pub(crate) max_rate: Option<Rate>,
    /// Longest metered time in seconds.
    pub(crate) max_duration_s: u32,
    /// Whether simulated GPUs will do.
    pub(crate) allow_simulated: bool,
}

/// A node that fits, as the chain describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The node's account.
    pub(crate) address: Pubkey,
    /// What it is.
    pub(crate) node: Node,
    /// Who runs it.
    pub(crate) provider: Provider,
    /// Its rate per GPU in the mint.
    pub(crate) rate: Rate,
}

/// The nodes that fit, cheapest first, and why the others do not.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// Cheapest first.
    pub(crate) candidates: Vec<Candidate>,
    /// How many nodes each reason ruled out.
    pub(crate) ruled_out: BTreeMap<String, usize>,
    /// The rates of those that fit but for their price.
    pub(crate) too_dear: Vec<Rate>,
}

/// Why a node does not fit.
#[derive(Debug, PartialEq, Eq)]
enum Unfit {
    /// In words that follow a number of nodes.
    For(String),
    /// In nothing but its price.
    TooDear(Rate),
}

/// Looks for nodes through the indexer and checks each on chain.
pub(crate) async fn choose(client: &Client, indexer: &Indexer, wanted: &Wanted, mint: &Mint) -> Result<Choice> {
    if let Some(node) = wanted.node {
        return consider(client, &[node], wanted, mint).await;
    }
    let wide = NodeFilter {
        class: wanted.class.clone(),
        region: wanted.region.clone(),
        mint: Some(mint.address),
        ..NodeFilter::default()
    };
    let narrow = NodeFilter {
        max_rate: wanted.max_rate.map(|rate| rate.0),
        min_free_gpus: Some(wanted.gpus),
        healthy: Some(true),
        simulated: if wanted.allow_simulated { None } else { Some(false) },
        ..wide.clone()
    };
    // The cheapest of all as well: the indexer may not know yet that one of them is free again, and if nothing fits, the
    // reader wants to know why.
    let (fitting, cheapest) = tokio::try_join!(listed(indexer, &narrow), listed(indexer, &wide))?;
    let addresses: BTreeSet<Pubkey> = fitting.into_iter().chain(cheapest).collect();
    consider(client, &addresses.into_iter().collect::<Vec<_>>(), wanted, mint).await
}

impl Choice {
    /// Rules out the candidates of which this holds, for this reason.
    pub(crate) fn rule_out(&mut self, reason: &str, holds: impl Fn(&Candidate) -> bool) {
        let all = self.candidates.len();
        self.candidates.retain(|candidate| !holds(candidate));
        let ruled_out = all - self.candidates.len();
        if ruled_out > 0 {
            *self.ruled_out.entry(reason.into()).or_default() += ruled_out;
        }
    }

    /// Rules out the cheapest candidates whose agents do not answer, until one does. The others are asked when it comes to them.
    pub(crate) async fn knock(&mut self) {
        while let Some(candidate) = self.candidates.first() {
            let provider = &candidate.provider;
            match agent::knock(provider.endpoint(), provider.tls_key_hash).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::debug!(node = %candidate.address, %error, "ruled out");
                    let reason = match error.downcast_ref() {
                        Some(AgentError::WrongKey(_)) => "with another TLS key than its provider registered on chain",
                        _ => "whose agent does not answer",
                    };
                    *self.ruled_out.entry(reason.into()).or_default() += 1;
                    self.candidates.remove(0);
                }
            }
        }
    }
}

async fn listed(indexer: &Indexer, filter: &NodeFilter) -> Result<Vec<Pubkey>> {
    let nodes = indexer.nodes(filter, MAX_CANDIDATES).await?;
    Ok(nodes.into_iter().map(|node| node.address).collect())
}

/// Reads each node from the chain and decides.
async fn consider(client: &Client, addresses: &[Pubkey], wanted: &Wanted, mint: &Mint) -> Result<Choice> {
    let (config, now) = tokio::try_join!(client.config(), client.chain_time())?;
    let looked_at = join_all(addresses.iter().map(|address| look(client, *address))).await;
    let mut choice = Choice::default();
    for seen in looked_at {
        let seen = seen?;
        let judged = match &seen {
            Some(seen) => judge(seen, wanted, mint, &config, now),
            None => Err(Unfit::For("not on chain".into())),
        };
        match judged {
            Ok(candidate) => choice.candidates.push(candidate),
            Err(Unfit::TooDear(rate)) => choice.too_dear.push(rate),
            Err(Unfit::For(reason)) => *choice.ruled_out.entry(reason).or_default() += 1,
        }
    }
    choice
        .candidates
        .sort_by_key(|candidate| (candidate.rate, candidate.address));
    Ok(choice)
}

impl Choice {
    /// Says that nothing fits, and why.
    pub(crate) fn nothing_fits(&self, wanted: &Wanted, mint: &Mint) -> Failure {
        let cheapest = self.too_dear.iter().min().map(|rate| {
            let price = mint.show_hourly(rate.0);
            format!(
                "{} above your limit, of which the cheapest asks {price} per GPU-hour (raise --max-price)",
                self.too_dear.len()
            )
        });
        let others = self.ruled_out.iter().map(|(reason, nodes)| format!("{nodes} {reason}"));
        let reasons: Vec<String> = cheapest.into_iter().chain(others).collect();
        if reasons.is_empty() {
            let class = wanted
                .class
                .as_ref()
                .map_or_else(String::new, |class| format!(" of class {class}"));
            let region = wanted
                .region
                .as_ref()
                .map_or_else(String::new, |region| format!(" in region {region}"));
            return Failure::NothingFits(format!(
                "no node{class}{region} is offered in {}; look at `gantry market ls`",
                mint.name
            ));
        }
        let nodes = self.too_dear.len() + self.ruled_out.values().sum::<usize>();
        let subject = if nodes == 1 {
            "the only node does not fit".into()
        } else {
            format!("none of {nodes} nodes fits")
        };
        Failure::NothingFits(format!("{subject}: {}", reasons.join("; ")))
    }
}

/// A node with the accounts that speak for it.
struct Seen {
    address: Pubkey,
    node: Node,
    provider: Provider,
    stake: Option<Stake>,
}

async fn look(client: &Client, address: Pubkey) -> Result<Option<Seen>> {
    let Some(node) = client.find::<Node>(&address).await? else {
        return Ok(None);
    };
    let (provider, stake_address) = (address::provider(&node.owner), address::stake(&node.owner));
    let (provider, stake) = tokio::try_join!(client.find::<Provider>(&provider), client.find::<Stake>(&stake_address))?;
    Ok(provider.map(|provider| Seen {
        address,
        node,
        provider,
        stake,
    }))
}

/// Whether `job_open` would accept this node and the tenant wants it.
fn judge(seen: &Seen, wanted: &Wanted, mint: &Mint, config: &Config, now: i64) -> Result<Candidate, Unfit> {
    let unfit = |reason: &str| Err(Unfit::For(reason.to_owned()));
    let node = &seen.node;
    let other = |want: &Option<String>, is: &class::Name| want.as_ref().is_some_and(|want| class::unpack(is) != want);
    if other(&wanted.class, &node.class) || other(&wanted.region, &node.region) {
        return unfit("of another class or region");
    }
    if node.simulated == 1 && !wanted.allow_simulated {
        return unfit("simulated (take such with --allow-simulated)");
    }
    let rate = node
        .price(&mint.address)
        .map_err(|_| Unfit::For(format!("not offered in {}", mint.name)))?;
    let age_s = UnixSeconds(now).since(UnixSeconds(node.heartbeat_at));
    if node.active == 0 || age_s > u64::from(config.heartbeat_max_age_s) {
        return unfit("inactive or silent");
    }
    if wanted.gpus > node.gpus_free {
        return unfit(&format!("with fewer than {} free GPUs", wanted.gpus));
    }
    if !(node.min_duration_s..=node.max_duration_s).contains(&wanted.max_duration_s) {
        return unfit(&format!("not rented out for {} s", wanted.max_duration_s));
    }
    let covered = |stake: Stake| {
        seen.provider
            .require_covered(stake.backing(), config.stake_per_gpu)
            .is_ok()
    };
    if !seen.stake.is_some_and(covered) {
        return unfit("of a provider whose stake does not cover what it offers");
    }
    let needed = config.stake_per_gpu.saturating_mul(u64::from(wanted.gpus));
    if seen.stake.is_none_or(|stake| stake.free() < needed) {
        return unfit("with too little free stake");
    }
    if wanted.max_rate.is_some_and(|limit| rate > limit) {
        return Err(Unfit::TooDear(rate));
    }
    Ok(Candidate {
        address: seen.address,
        node: *node,
        provider: seen.provider,
        rate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINT: Pubkey = Pubkey::new_from_array([5; 32]);
    const NOW: i64 = 1_000_000;

    fn mint() -> Mint {
        Mint {
            address: MINT,
            name: "USDC".into(),
            decimals: 6,
            token_program: address::TOKEN_PROGRAM,
            enabled: true,
        }
    }

    fn config() -> Config {
        let mut config: Config = blank();
        config.stake_per_gpu = 100;
        config.heartbeat_max_age_s = 60;
        config
    }

    /// An account of zeros.
    fn blank<T: gantry_sdk::account::Layout>() -> T {
        T::read(&[T::DISCRIMINATOR, &vec![0; size_of::<T>()]].concat()).unwrap()
    }

    fn seen() -> Seen {
        let (mut node, mut stake): (Node, Stake) = (blank(), blank());
        node.class = class::pack("h100-sxm").unwrap();
        node.region = class::pack("eu-central").unwrap();
        node.heartbeat_at = NOW - 5;
        (node.gpus, node.gpus_free, node.active) = (4, 4, 1);
        (node.min_duration_s, node.max_duration_s) = (1, 3_600);
        node.set_price(MINT, Rate(1_000)).unwrap();
        stake.active = 400;
        Seen {
            address: Pubkey::new_from_array([8; 32]),
            node,
            provider: blank(),
            stake: Some(stake),
        }
    }

    fn wanted() -> Wanted {
        Wanted {
            class: Some("h100-sxm".into()),
            region: None,
            node: None,
            gpus: 2,
            max_rate: Some(Rate(1_000)),
            max_duration_s: 600,
            allow_simulated: false,
        }
    }

    #[test]
    fn a_node_that_fits_is_taken_at_the_rate_on_chain() {
        assert_eq!(
            judge(&seen(), &wanted(), &mint(), &config(), NOW).unwrap().rate,
            Rate(1_000)
        );
    }

    #[test]
    fn every_way_of_not_fitting_has_its_reason() {
        type Break = fn(&mut Seen);
        let broken: [(&str, Break); 9] = [
            ("another class", |seen| seen.node.class = class::pack("a100").unwrap()),
            ("simulated", |seen| seen.node.simulated = 1),
            ("not offered in USDC", |seen| {
                seen.node.set_price(MINT, Rate(0)).unwrap()
            }),
            ("inactive or silent", |seen| seen.node.active = 0),
            ("inactive or silent", |seen| seen.node.heartbeat_at = NOW - 61),
            ("fewer than 2 free", |seen| seen.node.gpus_free = 1),
            ("not rented out for 600 s", |seen| seen.node.max_duration_s = 599),
            ("does not cover", |seen| seen.provider.gpus_offered = 5),
            ("too little free stake", |seen| {
                seen.stake.as_mut().unwrap().reserved = 201
            }),
        ];
        for (reason, break_it) in broken {
            let mut seen = seen();
            break_it(&mut seen);
            match judge(&seen, &wanted(), &mint(), &config(), NOW) {
                Err(Unfit::For(why)) => assert!(why.contains(reason), "{why:?} instead of {reason:?}"),
                other => panic!("{other:?} instead of {reason:?}"),
            }
        }
    }

    #[test]
    fn a_node_above_the_limit_is_told_apart_with_its_price() {
        let mut seen = seen();
        seen.node.set_price(MINT, Rate(1_001)).unwrap();
        assert_eq!(
            judge(&seen, &wanted(), &mint(), &config(), NOW).unwrap_err(),
            Unfit::TooDear(Rate(1_001))
        );
    }

    #[test]
    fn what_does_not_fit_is_counted_by_reason() {
        let mut choice = Choice::default();
        choice.ruled_out.insert("inactive or silent".into(), 2);
        choice.too_dear.push(Rate(333_333_333));
        let message = choice.nothing_fits(&wanted(), &mint()).to_string();
        let expected = "none of 3 nodes fits: 1 above your limit, of which the cheapest asks 1.20 per GPU-hour (raise \
                        --max-price); 2 inactive or silent";
        assert_eq!(message, expected);
        let message = Choice::default().nothing_fits(&wanted(), &mint()).to_string();
        assert_eq!(
            message,
            "no node of class h100-sxm is offered in USDC; look at `gantry market ls`"
        );
    }
}
