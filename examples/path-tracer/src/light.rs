//! Light that arrives from far away or from lamps.

use std::f32::consts::{PI, TAU};

use crate::vector::{Vec3, vec3};

/// A glowing sphere that matt surfaces look for on purpose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lamp {
    pub(crate) centre: Vec3,
    pub(crate) radius: f32,
    pub(crate) radiance: Vec3,
}

/// A direction towards a lamp.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TowardsLamp {
    pub(crate) direction: Vec3,
    /// Distance of the lamp's near side.
    pub(crate) distance: f32,
    /// Solid angle that the lamp covers: one over the density of the direction.
    pub(crate) solid_angle: f32,
}

impl Lamp {
    /// A direction evenly among those that hit the lamp from `point`; `None` from inside it.
    pub(crate) fn towards(&self, point: Vec3, (u, v): (f32, f32)) -> Option<TowardsLamp> {
        let to_centre = self.centre - point;
        let squared = to_centre.dot(to_centre);
        let sine_squared = self.radius * self.radius / squared;
        if sine_squared >= 1.0 {
            return None;
        }
        // 1 − cos, in the form that keeps its digits for far, small lamps.
        let gap = sine_squared / (1.0 + (1.0 - sine_squared).sqrt());
        let cosine = 1.0 - gap * u;
        let sine = (1.0 - cosine * cosine).max(0.0).sqrt();
        let axis = to_centre * (1.0 / squared.sqrt());
        let (tangent, bitangent) = axis.basis();
        let angle = TAU * v;
        let direction = tangent * (sine * angle.cos()) + bitangent * (sine * angle.sin()) + axis * cosine;
        let along = to_centre.dot(direction);
        let half_chord = (self.radius * self.radius - (squared - along * along)).max(0.0).sqrt();
        Some(TowardsLamp {
            direction,
            distance: along - half_chord,
            solid_angle: 2.0 * PI * gap,
        })
    }
}

/// What arrives where nothing is hit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sky {
    /// The same from everywhere; for tests of the balance of light.
    #[cfg(test)]
    Even(Vec3),
    /// After sunset: a warm band above the horizon under a deep blue.
    Dusk,
}

/// Where the sun went down.
const AFTERGLOW: Vec3 = vec3(0.55, 0.0, -0.835);

impl Sky {
    pub(crate) fn radiance(self, direction: Vec3) -> Vec3 {
        match self {
            #[cfg(test)]
            Self::Even(radiance) => radiance,
            Self::Dusk => dusk(direction),
        }
    }

    /// What the far end of the floor fades into, for a ray that comes down to it.
    pub(crate) fn horizon(self, direction: Vec3) -> Vec3 {
        self.radiance(vec3(direction.x, 0.0, direction.z))
    }
}

fn dusk(direction: Vec3) -> Vec3 {
    let height = direction.y.max(0.0);
    let towards_glow = 0.5 + 0.5 * direction.dot(AFTERGLOW);
    let zenith = vec3(0.035, 0.075, 0.19);
    let middle = vec3(0.16, 0.23, 0.42);
    let blue = middle.mix(zenith, height.sqrt().min(1.0));
    let warm = vec3(1.25, 0.52, 0.24).mix(vec3(0.42, 0.25, 0.30), 1.0 - towards_glow.powi(3));
    let band = (-height * 6.5).exp();
    blue.mix(warm, band * 0.85)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::Sampler;

    #[test]
    fn every_direction_towards_a_lamp_hits_it() {
        let lamp = Lamp {
            centre: vec3(3.0, 5.0, -2.0),
            radius: 0.8,
            radiance: Vec3::ONE,
        };
        for sample in 0..1_000 {
            let towards = lamp
                .towards(Vec3::ZERO, Sampler::new(1, 1, sample).pair())
                .expect("outside");
            let off_axis = lamp.centre - towards.direction * lamp.centre.dot(towards.direction);
            assert!(off_axis.length() <= 0.801, "{towards:?}");
            assert!((towards.direction * towards.distance - lamp.centre).length() < 0.81);
        }
    }

    #[test]
    fn a_lamp_covers_the_solid_angle_of_its_cone() {
        let lamp = Lamp {
            centre: vec3(0.0, 2.0, 0.0),
            radius: 1.0,
            radiance: Vec3::ONE,
        };
        let covered = lamp.towards(Vec3::ZERO, (0.5, 0.5)).expect("outside").solid_angle;
        assert!((covered - TAU * (1.0 - 0.75f32.sqrt())).abs() < 1e-4, "{covered}");
    }
}
