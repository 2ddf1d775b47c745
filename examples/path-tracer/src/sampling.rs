//! Deterministic sample points: the same picture for the same seed, whatever the number of threads.
//!
//! The first decisions of a path (place in the pixel, place on the lens, first light, first direction …) draw from an
//! Owen-scrambled Sobol sequence, shuffled anew for each decision (Burley, "Practical Hash-based Owen Scrambling", 2020).
//! It fills the square evenly, so that 64 samples look like several hundred random ones. Later decisions are plain random.

/// Decisions per path that draw from the even sequence.
const EVEN_DECISIONS: u32 = 10;

/// Points for one path.
pub(crate) struct Sampler {
    pixel_seed: u32,
    sample: u32,
    decision: u32,
    state: u32,
}

impl Sampler {
    /// The points of path number `sample` through pixel number `pixel`.
    pub(crate) fn new(seed: u32, pixel: u32, sample: u32) -> Self {
        let pixel_seed = hash(pixel ^ hash(seed));
        Self {
            pixel_seed,
            sample,
            decision: 0,
            state: hash(pixel_seed ^ hash(sample.wrapping_add(0x9e37_79b9))),
        }
    }

    /// A point in the unit square.
    pub(crate) fn pair(&mut self) -> (f32, f32) {
        self.decision += 1;
        if self.decision > EVEN_DECISIONS {
            return (unit(self.random()), unit(self.random()));
        }
        let seed = hash(self.pixel_seed ^ self.decision.wrapping_mul(0x85eb_ca6b));
        let index = owen_scramble(self.sample, seed);
        let x = owen_scramble(index.reverse_bits(), hash(seed ^ 0x1b87_3593));
        let y = owen_scramble(second_sobol(index), hash(seed ^ 0xcc9e_2d51));
        (unit(x), unit(y))
    }

    /// A number in `0..1`.
    pub(crate) fn number(&mut self) -> f32 {
        unit(self.random())
    }

    fn random(&mut self) -> u32 {
        self.state = self.state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        let word = ((self.state >> ((self.state >> 28) + 4)) ^ self.state).wrapping_mul(277_803_737);
        (word >> 22) ^ word
    }
}

/// Maps to `0..1`; keeps 24 bits, what an `f32` can hold exactly, so that 1 is never reached.
fn unit(bits: u32) -> f32 {
    (bits >> 8) as f32 / 16_777_216.0
}

/// Mixes all bits (Wellons' `lowbias32`).
fn hash(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x7feb_352d);
    x ^= x >> 15;
    x = x.wrapping_mul(0x846c_a68b);
    x ^ (x >> 16)
}

/// Scrambles a binary fraction so that each bit depends on the more significant ones only.
fn owen_scramble(x: u32, seed: u32) -> u32 {
    let mut x = x.reverse_bits();
    x = x.wrapping_add(seed);
    x ^= x.wrapping_mul(0x6c50_b47c);
    x ^= x.wrapping_mul(0xb82f_1e52);
    x ^= x.wrapping_mul(0xc7af_e638);
    x ^= x.wrapping_mul(0x8d22_f6e6);
    x.reverse_bits()
}

/// The second dimension of Sobol's sequence; the first is the reversed index.
///
/// Its matrix is Pascal's triangle modulo 2, which is five nested copies of one two-by-two block: hence five steps, not 32.
fn second_sobol(mut index: u32) -> u32 {
    index ^= (index >> 1) & 0x5555_5555;
    index ^= (index >> 2) & 0x3333_3333;
    index ^= (index >> 4) & 0x0f0f_0f0f;
    index ^= (index >> 8) & 0x00ff_00ff;
    index ^= (index >> 16) & 0x0000_ffff;
    index.reverse_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_points_fill_sixteen_cells() {
        for decision in 0..EVEN_DECISIONS {
            let mut cells = [0; 16];
            for sample in 0..16 {
                let mut sampler = Sampler::new(7, 123, sample);
                let mut point = (0.0, 0.0);
                for _ in 0..=decision {
                    point = sampler.pair();
                }
                cells[(point.0 * 4.0) as usize * 4 + (point.1 * 4.0) as usize] += 1;
            }
            assert_eq!(cells, [1; 16], "decision {decision}");
        }
    }

    #[test]
    fn the_short_form_of_the_second_dimension_equals_its_definition() {
        let by_definition = |mut index: u32| {
            let (mut result, mut direction) = (0, 1u32 << 31);
            while index != 0 {
                if index & 1 == 1 {
                    result ^= direction;
                }
                direction ^= direction >> 1;
                index >>= 1;
            }
            result
        };
        for index in (0..2_000).chain([u32::MAX, 0x8000_0001, 0xdead_beef]) {
            assert_eq!(second_sobol(index), by_definition(index), "{index}");
        }
    }

    #[test]
    fn late_decisions_stay_inside_the_square() {
        let mut sampler = Sampler::new(1, 2, 3);
        for _ in 0..10_000 {
            let (x, y) = sampler.pair();
            assert!((0.0..1.0).contains(&x) && (0.0..1.0).contains(&y));
        }
    }

    #[test]
    fn another_seed_gives_other_points() {
        assert_ne!(Sampler::new(1, 2, 3).pair(), Sampler::new(2, 2, 3).pair());
        assert_eq!(Sampler::new(1, 2, 3).pair(), Sampler::new(1, 2, 3).pair());
    }
}
