//! How surfaces scatter light. No material gives back more light than it receives.

use std::f32::consts::{PI, TAU};

use crate::{
    sampling::Sampler,
    vector::{Vec3, vec3},
};

/// Refractive index of the clear coat and of ordinary glass.
const COAT_INDEX: f32 = 1.5;

/// What a surface is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Material {
    /// Matt.
    Diffuse { albedo: Vec3 },
    /// Matt below a clear coat: paint, plastic, polished stone.
    Coated { albedo: Vec3, roughness: f32 },
    /// Bare metal; `albedo` is its reflectance seen straight on.
    Metal { albedo: Vec3, roughness: f32 },
    /// Clear glass; `tint` is what one passage through the surface leaves.
    Glass { index: f32, tint: Vec3 },
    /// Glows, and reflects nothing.
    Glowing { radiance: Vec3 },
}

/// The way on from a surface.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scattered {
    /// Direction in which the path goes on.
    pub(crate) direction: Vec3,
    /// What it is multiplied by: the material's response times the cosine, over the density of the direction.
    pub(crate) weight: Vec3,
    /// The matt reflectance, when the path went on from the matt layer; lamps light that layer directly.
    pub(crate) matt: Option<Vec3>,
}

impl Material {
    /// Chooses a way on. `out` points back along the path, `normal` to its side; `entering` says whether a path through the
    /// surface would get inside. `None`: the light is absorbed.
    pub(crate) fn scatter(&self, out: Vec3, normal: Vec3, entering: bool, sampler: &mut Sampler) -> Option<Scattered> {
        match *self {
            Self::Diffuse { albedo } => Some(matt(normal, albedo, sampler)),
            Self::Coated { albedo, roughness } => coated(out, normal, albedo, roughness, sampler),
            Self::Metal { albedo, roughness } => metal(out, normal, albedo, roughness, sampler),
            Self::Glass { index, tint } => Some(glass(out, normal, entering, index, tint, sampler)),
            Self::Glowing { .. } => None,
        }
    }
}

/// A direction about `normal` with a density proportional to its cosine.
pub(crate) fn cosine_direction(normal: Vec3, (u, v): (f32, f32)) -> Vec3 {
    let (radius, angle) = (u.sqrt(), TAU * v);
    let (tangent, bitangent) = normal.basis();
    tangent * (radius * angle.cos()) + bitangent * (radius * angle.sin()) + normal * (1.0 - u).max(0.0).sqrt()
}

fn matt(normal: Vec3, albedo: Vec3, sampler: &mut Sampler) -> Scattered {
    Scattered {
        direction: cosine_direction(normal, sampler.pair()),
        weight: albedo,
        matt: Some(albedo),
    }
}

fn coated(out: Vec3, normal: Vec3, albedo: Vec3, roughness: f32, sampler: &mut Sampler) -> Option<Scattered> {
    let reflected = fresnel(out.dot(normal), 1.0 / COAT_INDEX);
    // The coat's share of paths is the share of light that it reflects, so either layer's weight is its own reflectance.
    if sampler.pair().0 < reflected {
        return glossy(out, normal, roughness, sampler).map(|(direction, shadowing, _)| Scattered {
            direction,
            weight: Vec3::ONE * shadowing,
            matt: None,
        });
    }
    Some(matt(normal, albedo, sampler))
}

fn metal(out: Vec3, normal: Vec3, albedo: Vec3, roughness: f32, sampler: &mut Sampler) -> Option<Scattered> {
    let (direction, shadowing, cosine) = glossy(out, normal, roughness, sampler)?;
    // Schlick: all metals turn white at grazing angles.
    let weight = albedo.mix(Vec3::ONE, (1.0 - cosine).clamp(0.0, 1.0).powi(5)) * shadowing;
    Some(Scattered {
        direction,
        weight,
        matt: None,
    })
}

/// Reflects about a normal of the microfacets that can be seen (GGX; Heitz 2018). Returns the direction, the share of light that
/// other microfacets do not block, and the cosine to the microfacet. `None`: blocked.
fn glossy(out: Vec3, normal: Vec3, roughness: f32, sampler: &mut Sampler) -> Option<(Vec3, f32, f32)> {
    let alpha = (roughness * roughness).max(1e-4);
    let (tangent, bitangent) = normal.basis();
    let local = vec3(out.dot(tangent), out.dot(bitangent), out.dot(normal).max(1e-4));
    let stretched = vec3(alpha * local.x, alpha * local.y, local.z).unit();
    let (a, b) = stretched.basis();
    let (u, v) = sampler.pair();
    let (radius, angle) = (u.sqrt(), TAU * v);
    let x = radius * angle.cos();
    let share = 0.5 * (1.0 + stretched.z);
    let y = (1.0 - share) * (1.0 - x * x).max(0.0).sqrt() + share * radius * angle.sin();
    let facet = a * x + b * y + stretched * (1.0 - x * x - y * y).max(0.0).sqrt();
    let facet = vec3(alpha * facet.x, alpha * facet.y, facet.z.max(1e-6)).unit();
    let onward = local.mirrored(facet);
    if onward.z <= 0.0 {
        return None;
    }
    // Smith's height-correlated shadowing over the masking that the choice of facet has already paid.
    let (masked_out, masked_on) = (lambda(local.z, alpha), lambda(onward.z, alpha));
    let shadowing = (1.0 + masked_out) / (1.0 + masked_out + masked_on);
    let direction = tangent * onward.x + bitangent * onward.y + normal * onward.z;
    Some((direction, shadowing, local.dot(facet)))
}

fn lambda(cosine: f32, alpha: f32) -> f32 {
    let squared = cosine * cosine;
    0.5 * ((1.0 + alpha * alpha * (1.0 - squared) / squared).sqrt() - 1.0)
}

fn glass(out: Vec3, normal: Vec3, entering: bool, index: f32, tint: Vec3, sampler: &mut Sampler) -> Scattered {
    let ratio = if entering { 1.0 / index } else { index };
    let cosine = out.dot(normal).min(1.0);
    if sampler.pair().0 < fresnel(cosine, ratio) {
        return Scattered {
            direction: out.mirrored(normal),
            weight: Vec3::ONE,
            matt: None,
        };
    }
    let sine_squared = ratio * ratio * (1.0 - cosine * cosine);
    let direction = normal * (ratio * cosine - (1.0 - sine_squared).max(0.0).sqrt()) - out * ratio;
    Scattered {
        direction: direction.unit(),
        weight: tint,
        matt: None,
    }
}

/// The share of unpolarised light that a clear surface reflects; `ratio` is the index outside over the index inside.
fn fresnel(cosine: f32, ratio: f32) -> f32 {
    let cosine = cosine.clamp(0.0, 1.0);
    let sine_squared = ratio * ratio * (1.0 - cosine * cosine);
    if sine_squared >= 1.0 {
        return 1.0;
    }
    let inner = (1.0 - sine_squared).sqrt();
    let parallel = (cosine - ratio * inner) / (cosine + ratio * inner);
    let perpendicular = (ratio * cosine - inner) / (ratio * cosine + inner);
    0.5 * (parallel * parallel + perpendicular * perpendicular)
}

/// What a matt surface with this reflectance sends on of light that arrives from one direction.
pub(crate) fn matt_response(albedo: Vec3, cosine: f32) -> Vec3 {
    albedo * (cosine.max(0.0) / PI)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The average weight over many ways on, seen at an angle: the share of light given back in an evenly white room.
    fn given_back(material: Material, cosine: f32, entering: bool) -> f32 {
        let normal = vec3(0.0, 1.0, 0.0);
        let out = vec3((1.0f32 - cosine * cosine).sqrt(), cosine, 0.0);
        let samples = 20_000;
        let sum: f32 = (0..samples)
            .filter_map(|sample| material.scatter(out, normal, entering, &mut Sampler::new(5, 9, sample)))
            .map(|scattered| {
                assert!((scattered.direction.length() - 1.0).abs() < 1e-3);
                scattered.weight.largest()
            })
            .sum();
        sum / samples as f32
    }

    #[test]
    fn no_material_gives_back_more_than_it_receives() {
        for cosine in [1.0, 0.7, 0.3, 0.05] {
            for roughness in [0.0, 0.1, 0.4, 0.8] {
                for material in [
                    Material::Diffuse { albedo: Vec3::ONE },
                    Material::Coated {
                        albedo: Vec3::ONE,
                        roughness,
                    },
                    Material::Metal {
                        albedo: Vec3::ONE,
                        roughness,
                    },
                    Material::Glass {
                        index: 1.5,
                        tint: Vec3::ONE,
                    },
                ] {
                    for entering in [true, false] {
                        let share = given_back(material, cosine, entering);
                        assert!(share <= 1.0001, "{material:?} at {cosine} gives back {share}");
                    }
                }
            }
        }
    }

    #[test]
    fn white_matt_smooth_metal_and_glass_lose_nothing() {
        for cosine in [1.0, 0.5, 0.1] {
            assert!((given_back(Material::Diffuse { albedo: Vec3::ONE }, cosine, true) - 1.0).abs() < 1e-4);
            assert!(
                (given_back(
                    Material::Metal {
                        albedo: Vec3::ONE,
                        roughness: 0.0
                    },
                    cosine,
                    true
                ) - 1.0)
                    .abs()
                    < 1e-2
            );
            assert!(
                (given_back(
                    Material::Glass {
                        index: 1.5,
                        tint: Vec3::ONE
                    },
                    cosine,
                    false
                ) - 1.0)
                    .abs()
                    < 1e-4
            );
        }
    }

    #[test]
    fn glass_reflects_four_percent_straight_on_and_all_light_beyond_the_critical_angle() {
        assert!((fresnel(1.0, 1.0 / 1.5) - 0.04).abs() < 1e-4);
        assert_eq!(fresnel(0.1, 1.5), 1.0);
    }

    #[test]
    fn light_bends_towards_the_normal_where_it_enters_glass() {
        let normal = vec3(0.0, 1.0, 0.0);
        let out = vec3(1.0, 1.0, 0.0).unit();
        let inside = (0..64)
            .map(|sample| glass(out, normal, true, 1.5, Vec3::ONE, &mut Sampler::new(1, 1, sample)).direction)
            .find(|direction| direction.y < 0.0)
            .expect("most light enters");
        // Snell: sin 45° / 1.5.
        assert!(
            (inside.x + std::f32::consts::FRAC_1_SQRT_2 / 1.5).abs() < 1e-4,
            "{inside:?}"
        );
    }
}
