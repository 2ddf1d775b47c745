//! Which GPUs registration registers, moves and retires.

use gantry_agent::registration::{Inventory, Later, RegistrationError, Step, Taken, plan};
use gantry_protocol::{class, device::simulated};
use gantry_sdk::{Pubkey, address, market::state::GpuClass};

use crate::{
    registration::{GPUS, KEY, OWNER, desired, device, everything, identity, nothing, steps},
    support::blank,
};

#[test]
fn gpus_come_and_go_with_the_machine() {
    let mut wish = desired();
    // The first two have been exchanged for one.
    wish.gpus = Inventory::Real((2..=GPUS).map(identity).collect());
    let expected = [
        Step::RetireDevice {
            id: 0,
            identity: identity(0),
        },
        Step::RetireDevice {
            id: 0,
            identity: identity(1),
        },
        Step::RegisterDevice {
            id: 0,
            identity: identity(GPUS),
        },
    ];
    assert_eq!(steps(&wish, &everything()), expected);
}

#[test]
fn a_gpu_that_is_gone_stays_on_chain_while_jobs_hold_all_gpus_of_its_node() {
    let mut wish = desired();
    wish.gpus = Inventory::Real((2..GPUS).map(identity).collect());
    let mut chain = everything();
    chain.nodes[0].gpus_free = 1;
    let decided = plan(&wish, &chain, false).expect("a plan");
    let retired = Step::RetireDevice {
        id: 0,
        identity: identity(0),
    };
    assert_eq!(decided.steps, [retired]);
    let waits = Later {
        identity: identity(1),
        from: 0,
        to: None,
    };
    assert_eq!(decided.later, [waits]);
}

#[test]
fn a_gpu_changes_its_class_only_by_being_registered_anew() {
    let mut wish = desired();
    wish.specification.class = class::pack("h100-pcie").expect("a name");
    wish.gpus = Inventory::Real(vec![identity(0), identity(1)]);
    let mut chain = everything();
    chain.nodes[0].gpus_free = 1;
    chain.devices.truncate(2);
    let mut class: GpuClass = blank();
    class.register(wish.specification.class).expect("a name");
    chain.classes.push(class);
    let decided = plan(&wish, &chain, false).expect("a plan");
    let expected = [
        Step::RetireDevice {
            id: 0,
            identity: identity(0),
        },
        Step::RegisterDevice {
            id: 1,
            identity: identity(0),
        },
    ];
    assert_eq!(decided.steps[3..], expected);
    let waits = Later {
        identity: identity(1),
        from: 0,
        to: Some(1),
    };
    assert_eq!(decided.later, [waits]);
}

#[test]
fn a_gpu_that_another_provider_has_registered_is_left_out_and_said() {
    let other = Pubkey::new_unique();
    let mut chain = everything();
    chain.devices[3] = device(other, 0, 3);
    let decided = plan(&desired(), &chain, false).expect("a plan");
    assert_eq!(decided.steps, []);
    let taken = Taken {
        identity: identity(3),
        provider: address::provider(&other),
    };
    assert_eq!(decided.taken, [taken]);

    chain.devices = (0..GPUS).map(|number| device(other, 0, number)).collect();
    let refused = plan(&desired(), &chain, false).expect_err("refused");
    assert_eq!(refused, RegistrationError::AllTaken(address::provider(&other)));
}

#[test]
fn simulated_gpus_are_told_apart_by_provider_node_and_number() {
    let gpus = Inventory::Simulated(3);
    let here = gpus.identities(&OWNER, 0);
    assert_eq!(here, [0, 1, 2].map(|gpu| simulated(&OWNER.to_bytes(), 0, gpu)));
    for other in [gpus.identities(&OWNER, 1), gpus.identities(&KEY, 0)] {
        assert!(other.iter().all(|identity| !here.contains(identity)));
    }
    let mut wish = desired();
    (wish.gpus, wish.specification.simulated) = (gpus, true);
    let registered: Vec<_> = steps(&wish, &nothing())
        .into_iter()
        .filter(|step| matches!(step, Step::RegisterDevice { .. }))
        .collect();
    assert_eq!(registered.len(), 3);
}
