//! Makes a failing list of actions as short as it finds.

use std::time::{Duration, Instant};

use crate::{
    action::Action,
    book::Book,
    run::{World, replay},
};

/// Longer than this nobody waits for a shorter list.
const PATIENCE: Duration = Duration::from_secs(60);

/// Leaves out whatever can be left out so that replaying still fails; returns what is left, and how it fails.
///
/// Leaves out ever smaller pieces (Zeller's and Hildebrandt's *ddmin*, on complements only). Each shorter list ends with the action that fails.
#[must_use]
pub fn shrink(book: &Book, beginning: &World, actions: Vec<Action>) -> (Vec<Action>, String) {
    let started = Instant::now();
    let mut shortest = actions;
    let kind;
    let mut what = match replay(book, beginning, &shortest) {
        Err((index, what)) => {
            shortest.truncate(index + 1);
            kind = kind_of(&what);
            what
        }
        Ok(()) => return (shortest, "it did not fail again when replayed".to_owned()),
    };
    let mut piece = (shortest.len() / 2).max(1);
    loop {
        let mut at = 0;
        let mut is_shorter = false;
        while at < shortest.len() && started.elapsed() < PATIENCE {
            let mut without = shortest.clone();
            without.drain(at..(at + piece).min(shortest.len()));
            match replay(book, beginning, &without) {
                // Another failure would be a distraction.
                Err((index, why)) if kind_of(&why) == kind => {
                    without.truncate(index + 1);
                    shortest = without;
                    what = why;
                    is_shorter = true;
                }
                _ => at += piece,
            }
        }
        if started.elapsed() >= PATIENCE || (piece == 1 && !is_shorter) {
            return (shortest, what);
        }
        if !is_shorter {
            piece = (piece / 2).max(1);
        }
    }
}

/// What went wrong, without the numbers of whom and how much.
fn kind_of(what: &str) -> String {
    let first_line = what.lines().next().unwrap_or_default();
    first_line
        .chars()
        .filter(|character| !character.is_ascii_digit())
        .collect()
}
