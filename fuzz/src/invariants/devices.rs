//! Classes of GPUs, what they may cost, and the GPUs themselves.

use gantry_sdk::{Pubkey, market::state::Node};

use super::{Held, Invariant, Scene, holds, pairs};
use crate::{
    action::Action,
    book::{NodeId, Place},
    cast::{class_name, identity},
    view::View,
};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(
        100,
        "the GPUs of a node are the devices that are registered for it, each at the address of its identity",
        registry,
    ),
    Invariant::new(
        101,
        "only the provider's wallet registers, moves and retires its devices, but governance may retire one",
        ownership,
    ),
    Invariant::new(
        102,
        "a device leaves a node only while one of the node's GPUs is free",
        leaving,
    ),
    Invariant::new(
        103,
        "a device moves only between nodes of one provider and one kind of GPU",
        moves,
    ),
    Invariant::new(
        104,
        "no job opens of a disabled class, or at a rate that its class may not cost in its mint",
        openings,
    ),
    Invariant::new(
        105,
        "a class keeps its name, and a price range its registered class and mint and at least one rate",
        ranges,
    ),
    Invariant::new(
        106,
        "only the authority registers and changes classes and price ranges",
        authority,
    ),
];

fn node_at<'a>(view: &'a View, scene: &Scene, address: &Pubkey) -> Option<(NodeId, &'a Node)> {
    let mut nodes = view.nodes.iter();
    nodes
        .find(|(id, _)| scene.book.at(Place::Node(*id)) == *address)
        .map(|(id, node)| (*id, node))
}

fn registry(scene: &Scene) -> Held {
    for (number, device) in &scene.after.devices {
        let node = node_at(scene.after, scene, &device.node);
        let is_right = device.identity == identity(*number)
            && node.is_some_and(|(_, node)| node.provider == device.provider)
            && device.padding == [0; 7];
        holds(is_right, || format!("device {number}: {device:?}"))?;
    }
    for (id, node) in &scene.after.nodes {
        let address = scene.book.at(Place::Node(*id));
        let devices = scene.after.devices.iter().filter(|(_, device)| device.node == address);
        let count = devices.count();
        holds(usize::from(node.gpus) == count, || {
            format!("node {id:?} counts {} GPUs, {count} are registered", node.gpus)
        })?;
    }
    Ok(())
}

fn ownership(scene: &Scene) -> Held {
    if scene.before.devices == scene.after.devices {
        return Ok(());
    }
    let (provider, signer, is_governed) = match scene.action {
        Action::DeviceRegister(register) => (register.node.0, scene.book.wallet(register.signer), false),
        Action::DeviceMove(shift) => (shift.from.0, scene.book.key(shift.signer), false),
        Action::DeviceRetire(retire) => {
            let caller = scene.book.key(retire.caller);
            (retire.node.0, caller, caller == scene.before.config.authority)
        }
        _ => return Err(format!("devices changed by {:?}", scene.action)),
    };
    holds(is_governed || signer == scene.book.wallet(provider), || {
        format!("{:?}", scene.action)
    })
}

fn leaving(scene: &Scene) -> Held {
    for (number, device) in &scene.before.devices {
        let after = scene.after.devices.iter().find(|(other, _)| other == number);
        if after.is_some_and(|(_, after)| after.node == device.node) {
            continue;
        }
        let was_free = node_at(scene.before, scene, &device.node).is_some_and(|(_, node)| node.gpus_free > 0);
        holds(was_free, || format!("device {number} left {:?}", device.node))?;
    }
    Ok(())
}

fn moves(scene: &Scene) -> Held {
    for (number, old, new) in pairs(&scene.before.devices, &scene.after.devices) {
        if old.node == new.node {
            holds(old == new, || format!("device {number}: {new:?}"))?;
            continue;
        }
        let nodes = node_at(scene.before, scene, &old.node).zip(node_at(scene.before, scene, &new.node));
        let is_alike = nodes.is_some_and(|((_, from), (_, to))| {
            from.provider == to.provider && from.class == to.class && from.simulated == to.simulated
        });
        let mut expected = *new;
        expected.node = old.node;
        holds(is_alike && expected == *old, || {
            format!("device {number}:\n  {old:?}\n  {new:?}")
        })?;
    }
    Ok(())
}

fn openings(scene: &Scene) -> Held {
    for (id, job) in &scene.after.jobs {
        if scene.before.jobs.iter().any(|(other, _)| other == id) {
            continue;
        }
        let Some((_, node)) = node_at(scene.before, scene, &job.node) else {
            return Err(format!("job {id:?} has no node"));
        };
        let mut classes = scene.before.classes.iter();
        let is_open = classes.any(|(_, class)| class.name == node.class && class.enabled == 1);
        let per_gpu = job.rate / u64::from(job.gpus);
        let mut ranges = scene.before.ranges.iter();
        let is_allowed = ranges.any(|(_, range)| {
            range.class == node.class && range.mint == job.mint && (range.floor..=range.ceiling).contains(&per_gpu)
        });
        holds(is_open && is_allowed, || format!("job {id:?} at {per_gpu}: {node:?}"))?;
    }
    Ok(())
}

fn ranges(scene: &Scene) -> Held {
    for (number, class) in &scene.after.classes {
        let is_right = class.name == class_name(*number) && class.enabled <= 1 && class.padding == [0; 6];
        holds(is_right, || format!("class {number}: {class:?}"))?;
    }
    for ((class, token), range) in &scene.after.ranges {
        let is_registered = scene.after.classes.iter().any(|(known, _)| known == class)
            && scene.after.mints.iter().any(|(known, _)| known == token);
        let is_right = range.class == class_name(*class)
            && range.mint == scene.book.mint(*token)
            && range.ceiling > 0
            && range.floor <= range.ceiling;
        holds(is_registered && is_right, || {
            format!("range {class} {token}: {range:?}")
        })?;
    }
    Ok(())
}

fn authority(scene: &Scene) -> Held {
    let is_changed = scene.before.classes != scene.after.classes || scene.before.ranges != scene.after.ranges;
    let signer = match scene.action {
        Action::ClassRegister(register) => Some(register.signer),
        Action::ClassUpdate(update) => Some(update.signer),
        Action::PriceRangeRegister(register) => Some(register.signer),
        Action::PriceRangeUpdate(update) => Some(update.signer),
        _ => None,
    };
    let is_authority = signer.is_some_and(|signer| scene.book.key(signer) == scene.before.config.authority);
    holds(!is_changed || is_authority, || format!("{:?}", scene.action))
}
