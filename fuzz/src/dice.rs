//! Chance, the same for the same seed.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

/// A source of chance.
#[derive(Clone, Debug)]
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of an episode of a run.
    #[must_use]
    pub fn of(seed: u64, episode: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(episode);
        Self(rng)
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `end`; zero when there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias of a remainder does not matter here.
        self.any().checked_rem(end).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        match high.saturating_sub(low).checked_add(1) {
            Some(span) => low + self.below(span),
            None => self.any(),
        }
    }

    /// True `percent` times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these, or none of none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let index = self.below(of.len() as u64);
        of.get(usize::try_from(index).unwrap_or(0))
    }

    /// One of these.
    ///
    /// # Panics
    /// When there is none.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        *self.pick(of).expect("something to choose from")
    }

    /// An amount of which `limit` is the most that makes sense: mostly below, often exactly that, sometimes beyond or at an edge of 64 bits.
    pub fn amount(&mut self, limit: u64) -> u64 {
        match self.below(20) {
            0 => 0,
            1 => 1,
            2 => limit,
            3 => limit.saturating_add(1),
            4 => u64::MAX,
            5 => limit / 2,
            _ => self.between(1, limit.max(1)) >> self.below(12),
        }
    }
}
