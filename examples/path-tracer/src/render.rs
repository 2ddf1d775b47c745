//! Renders a scene on all cores; the result does not depend on how many there are.

use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::{
    camera::{Camera, View},
    denoise::Halves,
    picture::Picture,
    sampling::Sampler,
    scene::Scene,
    trace::radiance,
    vector::Vec3,
};

/// How much work to spend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Paths per pixel.
    pub(crate) samples: u32,
    pub(crate) seed: u32,
}

/// Renders; calls `progress` after each row with the number of rows that are done.
pub(crate) fn render(scene: &Scene, view: &View, effort: Effort, progress: impl Fn(u32) + Sync) -> Picture {
    let Effort {
        width,
        height,
        samples,
        seed,
    } = effort;
    let camera = Camera::new(view, width, height);
    let done = AtomicU32::new(0);
    let mut light = vec![(Vec3::ZERO, Vec3::ZERO); width as usize * height as usize];
    light
        .par_chunks_mut(width as usize)
        .zip(0..height)
        .for_each(|(pixels, row)| {
            for (halves, column) in pixels.iter_mut().zip(0..) {
                let number = row * width + column;
                for sample in 0..samples {
                    let mut sampler = Sampler::new(seed, number, sample);
                    let ray = camera.ray(column, row, &mut sampler);
                    let half = if sample % 2 == 0 { &mut halves.0 } else { &mut halves.1 };
                    *half += radiance(scene, ray, &mut sampler);
                }
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        });
    // A single path has no second half to compare with.
    let light = if samples == 1 {
        light.into_iter().map(|(only, _)| only).collect()
    } else {
        let (even, odd) = (1.0 / samples.div_ceil(2) as f32, 1.0 / (samples / 2) as f32);
        let (first, second) = light.into_iter().map(|(a, b)| (a * even, b * odd)).unzip();
        Halves {
            width: width as usize,
            first,
            second,
        }
        .denoised()
    };
    Picture { width, height, light }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yard;

    const SMALL: Effort = Effort {
        width: 48,
        height: 30,
        samples: 4,
        seed: 1,
    };

    fn on_threads(threads: usize, effort: Effort) -> Picture {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("a pool");
        pool.install(|| render(&yard::scene(), &yard::view(), effort, |_| {}))
    }

    #[test]
    fn the_same_seed_gives_the_same_picture_on_one_thread_and_on_three() {
        assert_eq!(on_threads(1, SMALL), on_threads(3, SMALL));
    }

    #[test]
    fn another_seed_gives_another_picture() {
        assert_ne!(on_threads(2, SMALL), on_threads(2, Effort { seed: 2, ..SMALL }));
    }

    #[test]
    fn every_pixel_is_a_number_and_not_negative() {
        for light in on_threads(2, SMALL).light {
            assert!(
                light.x >= 0.0 && light.y >= 0.0 && light.z >= 0.0 && light.largest().is_finite(),
                "{light:?}"
            );
        }
    }

    #[test]
    fn progress_counts_every_row_once() {
        let seen = std::sync::Mutex::new(Vec::new());
        render(&yard::scene(), &yard::view(), SMALL, |rows| {
            seen.lock().expect("no panic").push(rows)
        });
        let mut seen = seen.into_inner().expect("no panic");
        seen.sort_unstable();
        assert_eq!(seen, (1..=30).collect::<Vec<u32>>());
    }
}
