//! Providers and nodes.

use gantry_sdk::Pubkey;

use super::{Held, Invariant, Scene, holds, jobs::is_living, pairs};
use crate::{action::Action, book::Place};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(
        50,
        "a node's free GPUs and those of its living jobs are all its GPUs",
        capacity,
    ),
    Invariant::new(
        51,
        "a node has at most 64 GPUs, with memory, and durations from a second to a year",
        specification,
    ),
    Invariant::new(
        52,
        "a node is priced at most once in a mint, which is registered, by a provider with a balance in it",
        prices,
    ),
    Invariant::new(53, "a provider's nodes are numbered from zero without gaps", numbering),
    Invariant::new(54, "what a node is, and whose, stays", identity),
    Invariant::new(55, "a provider has keys and an https endpoint", profile),
    Invariant::new(
        56,
        "only the provider's wallet changes its profile, its nodes and their prices",
        ownership,
    ),
    Invariant::new(
        57,
        "a heartbeat is of now, by the provider's attestation key",
        heartbeat,
    ),
    Invariant::new(58, "a provider counts the GPUs of its nodes that take jobs", offered),
];

fn capacity(scene: &Scene) -> Held {
    for (id, node) in &scene.after.nodes {
        let address = scene.book.at(Place::Node(*id));
        let jobs = scene
            .after
            .jobs
            .iter()
            .filter(|(_, job)| is_living(job) && job.node == address);
        let rented: u32 = jobs.map(|(_, job)| u32::from(job.gpus)).sum();
        let is_whole = u32::from(node.gpus_free) + rented == u32::from(node.gpus);
        holds(is_whole, || {
            format!(
                "node {id:?} has {} of {} free, {rented} rented",
                node.gpus_free, node.gpus
            )
        })?;
    }
    Ok(())
}

fn specification(scene: &Scene) -> Held {
    for (id, node) in &scene.after.nodes {
        let is_one = node.gpus <= 64
            && node.memory_mib > 0
            && node.min_duration_s > 0
            && node.min_duration_s <= node.max_duration_s
            && node.max_duration_s <= 31_536_000
            && node.active <= 1
            && node.simulated <= 1
            && node.padding == [0; 3];
        holds(is_one, || format!("node {id:?}: {node:?}"))?;
    }
    Ok(())
}

fn prices(scene: &Scene) -> Held {
    for (id, node) in &scene.after.nodes {
        let offers = node.prices.iter().filter(|price| price.rate > 0);
        for price in offers.clone() {
            let times = offers.clone().filter(|other| other.mint == price.mint).count();
            let is_known = scene.after.mints.iter().any(|(_, mint)| mint.mint == price.mint);
            let mut balances = scene.after.balances.iter();
            let has_balance = balances.any(|(_, balance)| balance.owner == node.owner && balance.mint == price.mint);
            holds(times == 1 && is_known && has_balance, || {
                format!("node {id:?}: {price:?}")
            })?;
        }
        let are_free = node
            .prices
            .iter()
            .all(|price| price.rate > 0 || price.mint == Pubkey::default());
        holds(are_free, || format!("node {id:?}: a free place names a mint"))?;
    }
    Ok(())
}

fn numbering(scene: &Scene) -> Held {
    for (owner, provider) in &scene.after.providers {
        let ids = scene
            .after
            .nodes
            .iter()
            .filter(|((of, _), _)| of == owner)
            .map(|((_, id), _)| *id);
        holds(ids.eq(0..provider.nodes), || {
            format!("provider {owner} counts {}", provider.nodes)
        })?;
    }
    Ok(())
}

fn identity(scene: &Scene) -> Held {
    for (id, node) in &scene.after.nodes {
        let is_its_own = node.owner == scene.book.wallet(id.0)
            && node.provider == scene.book.at(Place::Provider(id.0))
            && node.id == id.1;
        holds(is_its_own, || format!("node {id:?}: {node:?}"))?;
    }
    for (id, old, new) in pairs(&scene.before.nodes, &scene.after.nodes) {
        let stays = old.class == new.class
            && old.region == new.region
            && old.memory_mib == new.memory_mib
            && old.simulated == new.simulated
            && old.registered_at == new.registered_at;
        holds(stays, || format!("node {id:?}:\n  {old:?}\n  {new:?}"))?;
    }
    Ok(())
}

fn profile(scene: &Scene) -> Held {
    for (owner, provider) in &scene.after.providers {
        let is_one = provider.owner == scene.book.wallet(*owner)
            && provider.attestation_key != Pubkey::default()
            && provider.tls_key_hash != [0; 32]
            && provider.endpoint().starts_with("https://")
            && provider.endpoint().len() > "https://".len();
        holds(is_one, || format!("provider {owner}: {provider:?}"))?;
    }
    Ok(())
}

fn ownership(scene: &Scene) -> Held {
    let by = match scene.action {
        Action::ProviderUpdate(update) => Some(update.signer),
        Action::NodeUpdate(update) => Some(update.signer),
        Action::NodePriceSet(set) => Some(set.signer),
        _ => None,
    };
    let by = by.map(|key| scene.book.key(key));
    for (owner, old, new) in pairs(&scene.before.providers, &scene.after.providers) {
        let is_same = (old.attestation_key, old.tls_key_hash, old.endpoint, old.endpoint_bytes)
            == (new.attestation_key, new.tls_key_hash, new.endpoint, new.endpoint_bytes);
        holds(is_same || by == Some(old.owner), || {
            format!("provider {owner}: {:?}", scene.action)
        })?;
    }
    for (id, old, new) in pairs(&scene.before.nodes, &scene.after.nodes) {
        let is_same = (old.prices, old.min_duration_s, old.max_duration_s, old.active)
            == (new.prices, new.min_duration_s, new.max_duration_s, new.active);
        holds(is_same || by == Some(old.owner), || {
            format!("node {id:?}: {:?}", scene.action)
        })?;
    }
    Ok(())
}

fn heartbeat(scene: &Scene) -> Held {
    for (id, old, new) in pairs(&scene.before.nodes, &scene.after.nodes) {
        if old.heartbeat_at == new.heartbeat_at {
            continue;
        }
        let mut providers = scene.before.providers.iter();
        let provider = providers
            .find(|(owner, _)| *owner == id.0)
            .map(|(_, provider)| provider);
        let is_right = match scene.action {
            Action::NodeHeartbeat(beat) => {
                let signer = scene.book.key(beat.signer);
                new.heartbeat_at == scene.now && provider.is_some_and(|provider| provider.attestation_key == signer)
            }
            _ => false,
        };
        holds(is_right, || format!("node {id:?}: {:?}", scene.action))?;
    }
    Ok(())
}

fn offered(scene: &Scene) -> Held {
    for (owner, provider) in &scene.after.providers {
        let nodes = scene
            .after
            .nodes
            .iter()
            .filter(|((of, _), node)| of == owner && node.active == 1);
        let gpus: u32 = nodes.map(|(_, node)| u32::from(node.gpus)).sum();
        holds(provider.gpus_offered == gpus, || {
            format!("provider {owner} counts {}, there are {gpus}", provider.gpus_offered)
        })?;
    }
    Ok(())
}
