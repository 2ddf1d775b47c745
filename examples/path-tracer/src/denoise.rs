//! Removes what is left of the noise and keeps what is in the picture.
//!
//! Non-local means with two half pictures (Rousselle et al. 2012): each half is averaged over nearby pixels whose surroundings
//! look alike in the *other* half, so that a half's noise cannot vouch for itself. How much they may differ is the noise that
//! the two halves show.

use rayon::prelude::*;

use crate::vector::{Vec3, smaller};

/// Pixels are averaged at most this far away.
const REACH: usize = 4;
/// Surroundings are compared this far around.
const PATCH: usize = 1;
/// Noise is estimated from this far around: two samples alone say little.
const NOISE_REACH: usize = 2;
/// Farthest look beyond the edge.
const PAD: usize = REACH + PATCH;
/// Pixels that differ this much have no weight worth computing.
const NEGLIGIBLE: f32 = 8.0;
/// Differences up to this multiple of the noise are taken for noise. Higher removes more, and blurs more.
const STRENGTH: f32 = 0.5;

/// A picture's halves, each from every other path.
pub(crate) struct Halves {
    pub(crate) width: usize,
    pub(crate) first: Vec<Vec3>,
    pub(crate) second: Vec<Vec3>,
}

impl Halves {
    /// The mean of the halves, without most of its noise.
    pub(crate) fn denoised(&self) -> Vec<Vec3> {
        let (first, second) = (self.compressed(&self.first), self.compressed(&self.second));
        let noise = self.noise(&first, &second);
        let (a, b) = (
            self.averaged(&self.first, &second, &noise),
            self.averaged(&self.second, &first, &noise),
        );
        a.into_par_iter().zip(b).map(|(a, b)| (a + b) * 0.5).collect()
    }

    /// Compares as the eye does: the same difference counts for less where it is bright.
    fn compressed(&self, light: &[Vec3]) -> Padded<Vec3> {
        Padded::new(self.width, light, |light| {
            light.map(|channel| (channel / (1.0 + channel)).sqrt())
        })
    }

    /// The variance of a half, averaged over [`NOISE_REACH`].
    fn noise(&self, first: &Padded<Vec3>, second: &Padded<Vec3>) -> Padded<f32> {
        let both: Vec<(Vec3, Vec3)> = first
            .pixels
            .iter()
            .copied()
            .zip(second.pixels.iter().copied())
            .collect();
        // The halves differ by twice a half's variance, in three channels.
        let single = Padded {
            stride: first.stride,
            pixels: both.iter().map(|(a, b)| (*a - *b).dot(*a - *b) / 6.0).collect(),
        };
        let mut blurred = vec![0.0; self.first.len()];
        let share = 1.0 / ((2 * NOISE_REACH + 1) as f32).powi(2);
        blurred.par_chunks_mut(self.width).enumerate().for_each(|(y, row)| {
            for dy in 0..=2 * NOISE_REACH {
                let line = single.row(y + dy, NOISE_REACH);
                for (x, own) in row.iter_mut().enumerate() {
                    *own += line[PAD - NOISE_REACH + x..=PAD + NOISE_REACH + x].iter().sum::<f32>() * share;
                }
            }
        });
        Padded::new(self.width, &blurred, |noise| noise)
    }

    /// Averages `light` with weights by likeness in `guide`.
    fn averaged(&self, light: &[Vec3], guide: &Padded<Vec3>, noise: &Padded<f32>) -> Vec<Vec3> {
        let light = Padded::new(self.width, light, |light| light);
        let mut averaged = vec![Vec3::ZERO; self.first.len()];
        averaged.par_chunks_mut(self.width).enumerate().for_each(|(y, row)| {
            let mut sums = vec![(Vec3::ZERO, 0.0f32); self.width];
            let mut columns = vec![0.0; self.width + 2 * PATCH];
            for dy in 0..=2 * REACH {
                for dx in 0..=2 * REACH {
                    self.compare(guide, noise, y, (dx, dy), &mut columns);
                    let nearby = &light.row(y + dy, REACH)[PAD - REACH + dx..];
                    for ((sum, nearby), patch) in sums.iter_mut().zip(nearby).zip(columns.windows(2 * PATCH + 1)) {
                        let difference = patch.iter().sum::<f32>() / (patch.len() * patch.len()) as f32;
                        if difference < NEGLIGIBLE {
                            let weight = (-difference.max(0.0)).exp();
                            sum.0 += *nearby * weight;
                            sum.1 += weight;
                        }
                    }
                }
            }
            for (own, (sum, weight)) in row.iter_mut().zip(sums) {
                // The pixel itself always has weight one.
                *own = sum * (1.0 / weight);
            }
        });
        averaged
    }

    /// For each column, how much the pixels around row `y` differ from those `offset` away, in units of their noise.
    fn compare(
        &self,
        guide: &Padded<Vec3>,
        noise: &Padded<f32>,
        y: usize,
        (dx, dy): (usize, usize),
        columns: &mut [f32],
    ) {
        columns.fill(0.0);
        for py in 0..=2 * PATCH {
            let (here, there) = (PAD - PATCH, PAD - PATCH - REACH + dx);
            let (own, other) = (
                &guide.row(y + py, PATCH)[here..],
                &guide.row(y + py + dy, PATCH + REACH)[there..],
            );
            let own = own.iter().zip(&noise.row(y + py, PATCH)[here..]);
            let other = other.iter().zip(&noise.row(y + py + dy, PATCH + REACH)[there..]);
            for ((column, (a, u)), (b, v)) in columns.iter_mut().zip(own).zip(other) {
                let step = *a - *b;
                *column +=
                    (step.dot(step) * (1.0 / 3.0) - (u + smaller(*u, *v))) / (1e-7 + STRENGTH * STRENGTH * (u + v));
            }
        }
    }
}

/// A picture with its edges repeated outwards, so that no look at a neighbour needs a check.
struct Padded<T> {
    stride: usize,
    pixels: Vec<T>,
}

impl<T: Copy> Padded<T> {
    fn new<S: Copy>(width: usize, values: &[S], value: impl Fn(S) -> T) -> Self {
        let height = values.len() / width;
        let clamped = |coordinate: usize, length: usize| coordinate.saturating_sub(PAD).min(length - 1);
        let stride = width + 2 * PAD;
        let pixels = (0..height + 2 * PAD)
            .flat_map(|y| (0..stride).map(move |x| clamped(y, height) * width + clamped(x, width)))
            .map(|place| value(values[place]))
            .collect();
        Self { stride, pixels }
    }

    /// The row `above` rows above row `y`.
    fn row(&self, y: usize, above: usize) -> &[T] {
        let start = (y + PAD - above) * self.stride;
        &self.pixels[start..start + self.stride]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sampling::Sampler, vector::grey};

    const SIDE: usize = 40;

    /// Two noisy halves of a picture that is dark on the left and bright on the right.
    fn edge() -> Halves {
        let half = |seed: u32| {
            (0..SIDE * SIDE)
                .map(|pixel| {
                    let noise = 0.2 * (Sampler::new(seed, pixel as u32, 0).number() - 0.5);
                    grey(if pixel % SIDE < SIDE / 2 { 0.2 } else { 0.8 } + noise)
                })
                .collect()
        };
        Halves {
            width: SIDE,
            first: half(1),
            second: half(2),
        }
    }

    #[test]
    fn noise_shrinks_and_an_edge_stays() {
        let denoised = edge().denoised();
        let (mut left, mut right) = (0.0f32, 0.0f32);
        for (pixel, light) in denoised.iter().enumerate() {
            if pixel % SIDE < SIDE / 2 {
                left = left.max((light.x - 0.2).abs());
            } else {
                right = right.max((light.x - 0.8).abs());
            }
        }
        // Each half's noise reaches 0.1.
        assert!(left < 0.06 && right < 0.06, "{left} {right}");
    }

    #[test]
    fn a_picture_without_noise_is_left_alone() {
        let clean: Vec<Vec3> = (0..SIDE * SIDE).map(|pixel| grey((pixel % 7) as f32)).collect();
        let halves = Halves {
            width: SIDE,
            first: clean.clone(),
            second: clean.clone(),
        };
        for (before, after) in clean.iter().zip(halves.denoised()) {
            assert!((*before - after).length() < 1e-3);
        }
    }
}
