//! Registering a class of GPUs, and taking it off the market.

use gantry_protocol::class;
use gantry_sdk::{Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{forge::exchange, key, outcome::Outcome, parties::CLASS, world::World};
use market::{MarketError, events::ClassConfigured, state::GpuClass};
use solana_instruction::error::InstructionError;

fn register(world: &mut World, name: [u8; 16]) -> Outcome {
    let register = instruction::class_register(world.authority.pubkey(), name);
    world.chain.send(&[register], &[&world.authority])
}

fn configured(world: &World, name: &[u8; 16]) -> (GpuClass, Event) {
    let gpu_class = address::gpu_class(name);
    let class: GpuClass = world.chain.get(&gpu_class);
    let configured = ClassConfigured {
        gpu_class,
        name: class.name,
        enabled: u64::from(class.enabled),
    };
    (class, Event::ClassConfigured(configured))
}

#[test]
fn the_authority_registers_a_class_which_is_enabled_at_once() {
    let mut world = World::configured();
    for name in ["rtx-4090", "a", "sixteen-letters-"] {
        let name = class::pack(name).expect("a name");
        let done = register(&mut world, name).succeeds();
        let (class, event) = configured(&world, &name);
        assert_eq!((class.name, class.enabled), (name, 1));
        assert_eq!(done.event(), event);
    }
}

#[test]
fn a_class_is_registered_once() {
    let mut world = World::configured();
    register(&mut world, CLASS).is_refused(InstructionError::Custom(0));
}

#[test]
fn only_a_canonical_name_is_registered() {
    let mut world = World::configured();
    let bad: [&[u8; 16]; 4] = [
        &[0; 16],
        b"H100\0\0\0\0\0\0\0\0\0\0\0\0",
        b"a\0b\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"a b\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ];
    for name in bad {
        register(&mut world, *name).is_refused(MarketError::InvalidName);
    }
}

#[test]
fn a_class_lies_at_the_address_of_its_name() {
    let mut world = World::configured();
    let name = class::pack("rtx-4090").expect("a name");
    let elsewhere = address::gpu_class(&class::pack("rtx-3090").expect("a name"));
    let register = instruction::class_register(world.authority.pubkey(), name);
    let register = exchange(register, &address::gpu_class(&name), &elsewhere);
    world
        .chain
        .send(&[register], &[&world.authority])
        .is_refused(InstructionError::InvalidSeeds);
}

#[test]
fn a_stranger_registers_and_changes_no_class() {
    let mut world = World::configured();
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let name = class::pack("rtx-4090").expect("a name");
    for attempt in [
        instruction::class_register(stranger.pubkey(), name),
        instruction::class_update(stranger.pubkey(), &CLASS, false),
    ] {
        world
            .chain
            .send(&[attempt], &[&stranger])
            .is_refused(MarketError::NotAuthority);
    }
}

#[test]
fn a_disabled_class_takes_no_new_jobs_while_running_ones_go_on() {
    let mut world = World::new();
    let job = world.running_job();
    let terms = world.tenant.terms(1);
    let waiting = world.open_with(terms);
    let done = world.enable_class(false).succeeds();
    let (class, event) = configured(&world, &CLASS);
    assert_eq!(class.enabled, 0);
    assert_eq!(done.event(), event);
    world.open(terms).is_refused(MarketError::ClassDisabled);

    world.start(&waiting).succeeds();
    world.chain.advance(10);
    let longer = instruction::job_extend(job, &world.job(&job), 1_200);
    world.chain.send(&[longer], &[&world.tenant.wallet]).succeeds();
    let receipt = world.final_receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
    world.close(&job).succeeds();
    assert_eq!(world.node().gpus_free, 7);

    world.enable_class(true).succeeds();
    world.open(terms).succeeds();
}
