//! A short run, and what must be true of the fuzzer itself.

use std::{collections::BTreeSet, path::PathBuf};

use gantry_fuzz::{
    action::{Action, Advance, StakeOpen},
    book::Book,
    dice::Dice,
    invariants,
    run::{self, Plan, World},
    shrink::shrink,
};

/// Steps of the short run.
const STEPS: u64 = 25_000;

#[test]
fn model_and_programs_agree_on_every_step_and_every_invariant_holds() {
    let plan = Plan { steps: STEPS, seed: 2 };
    let report = run::run(plan, |_| {}).unwrap_or_else(|failure| {
        let actions: Vec<_> = failure.actions.iter().map(|action| format!("{action:?}")).collect();
        panic!("{}\n{}", failure.what, actions.join("\n"))
    });
    assert_eq!(report.steps, STEPS);
    // A run in which an instruction never takes effect says nothing about it.
    let refused_always = BTreeSet::from(["Initialize", "StakeByStranger"]);
    for name in Action::NAMES {
        let (accepted, refused) = report.actions.get(name).copied().unwrap_or_default();
        assert_eq!(
            accepted == 0,
            refused_always.contains(name),
            "{name}: {accepted} accepted, {refused} refused"
        );
    }
    assert!(
        report.refusals.len() > 40,
        "only these refusals: {:#?}",
        report.refusals
    );
}

#[test]
fn the_same_seed_gives_the_same_actions() {
    let book = Book::default();
    let beginning = World::new(&book).expect("the prologue");
    let actions = |seed: u64| {
        let (mut dice, mut world) = (Dice::of(seed, 0), beginning.clone());
        let mut all = Vec::new();
        for _ in 0..200 {
            let action = Action::generate(&mut dice, world.state());
            world.step(&book, &action).expect("no disagreement");
            all.push(action);
        }
        all
    };
    assert_eq!(actions(7), actions(7));
    assert_ne!(actions(7), actions(8));
}

#[test]
fn an_action_survives_its_text() {
    let book = Book::default();
    let world = World::new(&book).expect("the prologue");
    let mut dice = Dice::of(3, 0);
    for _ in 0..1_000 {
        let action = Action::generate(&mut dice, world.state());
        let text = serde_json::to_string(&action).expect("an action has a text");
        assert_eq!(serde_json::from_str::<Action>(&text).expect("its own text"), action);
    }
}

#[test]
fn a_failure_is_shrunk_to_the_action_that_fails() {
    let book = Book::default();
    let mut beginning = World::new(&book).expect("the prologue");
    beginning.impoverish(&book, 5);
    let fails = Action::StakeOpen(StakeOpen { owner: 5 });
    let mut actions = vec![Action::Advance(Advance { seconds: 1 }); 40];
    actions.insert(17, Action::StakeOpen(StakeOpen { owner: 4 }));
    actions.insert(23, fails.clone());
    let (shortest, what) = shrink(&book, &beginning, actions);
    assert_eq!(shortest, [fails]);
    assert!(
        what.starts_with("the model expects success; the chain refused it"),
        "{what}"
    );
}

#[test]
fn every_invariant_is_documented_under_its_number() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/INVARIANTS.md");
    let text = std::fs::read_to_string(&path).expect("the list of invariants");
    let all: Vec<_> = invariants::ALL.iter().copied().flatten().collect();
    let numbers: BTreeSet<_> = all.iter().map(|invariant| invariant.number).collect();
    assert_eq!(numbers.len(), all.len(), "a number stands twice");
    assert!(all.len() >= 30);
    for invariant in all {
        let row = format!("| {} | {} |", invariant.number, invariant.says);
        assert!(text.contains(&row), "docs/INVARIANTS.md lacks the row `{row}`");
    }
}
