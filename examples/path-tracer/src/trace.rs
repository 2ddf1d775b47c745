//! Follows paths of light backwards from the camera.

use crate::{
    light::Lamp,
    material::{Material, matt_response},
    sampling::Sampler,
    scene::Scene,
    shape::Shape,
    vector::{Ray, Vec3},
};

/// Longest path: through both sides of a glass sphere, off the floor, and a few more.
const MAX_BOUNCES: u32 = 10;

/// From here on dark paths are given up by chance.
const ROULETTE_FROM: u32 = 3;

/// Most that one indirect path adds to a channel. Costs a little light and spares the picture lone bright pixels.
const BRIGHTEST_INDIRECT: f32 = 6.0;

/// Distance at which haze hides about two thirds of the floor.
const HAZE_DISTANCE: f32 = 38.0;

/// The light that arrives along a ray.
pub(crate) fn radiance(scene: &Scene, mut ray: Ray, sampler: &mut Sampler) -> Vec3 {
    let mut light = Vec3::ZERO;
    let mut weight = Vec3::ONE;
    // Whether lamps count when the path runs into them; after a matt surface they were already looked for on purpose.
    let mut lamps_count = true;
    for bounce in 0..MAX_BOUNCES {
        let Some((index, distance)) = scene.tree.hit(&ray, f32::MAX) else {
            light += bounded(weight * scene.sky.radiance(ray.direction), bounce);
            break;
        };
        let surface = &scene.surfaces[index];
        if let (Shape::Floor, true) = (surface.shape, scene.hazy) {
            let clear = (-(distance / HAZE_DISTANCE).powi(2)).exp();
            light += bounded(weight * scene.sky.horizon(ray.direction) * (1.0 - clear), bounce);
            weight = weight * clear;
        }
        let point = ray.at(distance);
        let out = -ray.direction;
        let outward = surface.shape.normal(point);
        let entering = out.dot(outward) > 0.0;
        let normal = if entering { outward } else { -outward };
        let material = surface.material_at(point);
        if let Material::Glowing { radiance } = material {
            if lamps_count || !surface.is_lamp {
                light += bounded(weight * radiance, bounce);
            }
            break;
        }
        let Some(scattered) = material.scatter(out, normal, entering, sampler) else {
            break;
        };
        if let Some(albedo) = scattered.matt {
            light += bounded(weight * from_lamps(scene, point, normal, albedo, sampler), bounce + 1);
        }
        lamps_count = scattered.matt.is_none();
        weight *= scattered.weight;
        if bounce >= ROULETTE_FROM {
            let chance = weight.largest().min(0.95);
            if sampler.number() >= chance {
                break;
            }
            weight = weight * (1.0 / chance);
        }
        ray = Ray {
            origin: point,
            direction: scattered.direction,
        };
    }
    light
}

/// Light that a matt surface sends on straight from one lamp, chosen by chance.
fn from_lamps(scene: &Scene, point: Vec3, normal: Vec3, albedo: Vec3, sampler: &mut Sampler) -> Vec3 {
    let lamps = scene.lamps.len();
    if lamps == 0 {
        return Vec3::ZERO;
    }
    // The whole part of one number chooses the lamp, its fraction the direction: both stay evenly spread.
    let (u, v) = sampler.pair();
    let place = u * lamps as f32;
    let chosen = (place as usize).min(lamps - 1);
    let lamp: &Lamp = &scene.lamps[chosen];
    let Some(towards) = lamp.towards(point, (place - chosen as f32, v)) else {
        return Vec3::ZERO;
    };
    let cosine = normal.dot(towards.direction);
    if cosine <= 0.0 {
        return Vec3::ZERO;
    }
    let shadow_ray = Ray {
        origin: point,
        direction: towards.direction,
    };
    // A thousandth short of the lamp, so that it does not shade itself.
    if scene.tree.blocks(&shadow_ray, towards.distance * 0.999) {
        return Vec3::ZERO;
    }
    lamp.radiance * matt_response(albedo, cosine) * (towards.solid_angle * lamps as f32)
}

fn bounded(light: Vec3, bounce: u32) -> Vec3 {
    if bounce < 2 {
        light
    } else {
        light.map(|channel| channel.min(BRIGHTEST_INDIRECT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        light::Sky,
        scene::Surface,
        vector::{grey, vec3},
    };

    fn ball(material: Material) -> Surface {
        Surface::new(
            Shape::Sphere {
                centre: Vec3::ZERO,
                radius: 1.0,
            },
            material,
        )
    }

    fn average(scene: &Scene, target: Vec3, samples: u32) -> f32 {
        let origin = vec3(0.0, 0.0, -4.0);
        let ray = Ray {
            origin,
            direction: (target - origin).unit(),
        };
        let sum: f32 = (0..samples)
            .map(|sample| radiance(scene, ray, &mut Sampler::new(1, 1, sample)).x)
            .sum();
        sum / samples as f32
    }

    #[test]
    fn a_white_ball_in_an_evenly_white_room_cannot_be_seen() {
        for material in [
            Material::Diffuse { albedo: Vec3::ONE },
            Material::Metal {
                albedo: Vec3::ONE,
                roughness: 0.0,
            },
            Material::Glass {
                index: 1.5,
                tint: Vec3::ONE,
            },
        ] {
            let scene = Scene::new(vec![ball(material)], Sky::Even(Vec3::ONE));
            for target in [Vec3::ZERO, vec3(0.6, 0.2, 0.0), vec3(0.0, -0.9, 0.0)] {
                let seen = average(&scene, target, 4_096);
                assert!((seen - 1.0).abs() < 0.02, "{material:?}: {seen}");
            }
        }
    }

    #[test]
    fn a_grey_ball_in_an_evenly_white_room_has_its_own_grey() {
        let scene = Scene::new(
            vec![ball(Material::Diffuse { albedo: grey(0.5) })],
            Sky::Even(Vec3::ONE),
        );
        assert!((average(&scene, Vec3::ZERO, 4_096) - 0.5).abs() < 0.01);
    }

    #[test]
    fn a_lamp_lights_a_matt_ball_as_much_as_its_solid_angle_says() {
        let lamp = Surface::lamp(vec3(0.0, 0.0, -11.0), 1.0, grey(100.0));
        let scene = Scene::new(
            vec![ball(Material::Diffuse { albedo: Vec3::ONE }), lamp],
            Sky::Even(Vec3::ZERO),
        );
        // Seen from beside the line to the lamp, at the point that faces it: radiance × sin²(half angle).
        let seen = average(&scene, vec3(0.0, 0.0, -1.0), 4_096);
        assert!((seen - 1.0).abs() < 0.02, "{seen}");
    }
}
