//! The composition: at dusk, a gantry crane hoists a sphere of glass over a yard of marbles, before a row of server racks.

use crate::{
    camera::View,
    light::Sky,
    material::Material,
    pattern::{self, RACK_HEIGHT, RACK_PITCH, RACKS_FRONT, RACKS_LEFT},
    sampling::Sampler,
    scene::{Scene, Surface},
    shape::Shape,
    vector::{Vec3, grey, vec3},
};

/// Seed of the marbles' places; part of the composition, unlike the seed of the light's paths.
const MARBLE_SEED: u32 = 11;

/// Half the distance between the crane's legs, height of its girder, and where its trolley stands.
const SPAN: f32 = 2.75;
const GIRDER: f32 = 3.75;
const TROLLEY: f32 = 0.4;

/// The hoisted sphere.
const GLASS_AT: (f32, f32, f32) = (TROLLEY, 1.52, 0.0);
const GLASS_RADIUS: f32 = 0.82;

/// Server racks in the row.
const RACKS: u8 = 15;

const YELLOW: Material = Material::Coated {
    albedo: vec3(0.86, 0.45, 0.03),
    roughness: 0.22,
};
const STEEL: Material = Material::Metal {
    albedo: vec3(0.56, 0.57, 0.6),
    roughness: 0.32,
};
const CHROME: Material = Material::Metal {
    albedo: vec3(0.9, 0.91, 0.93),
    roughness: 0.03,
};
const GOLD: Material = Material::Metal {
    albedo: vec3(1.0, 0.72, 0.32),
    roughness: 0.18,
};
const GRAPHITE: Material = Material::Coated {
    albedo: vec3(0.03, 0.032, 0.038),
    roughness: 0.3,
};
const CLEAR: Material = Material::Glass {
    index: 1.5,
    tint: vec3(0.985, 0.995, 0.99),
};

/// The whole scene.
pub(crate) fn scene() -> Scene {
    let concrete = Material::Coated {
        albedo: vec3(0.20, 0.205, 0.22),
        roughness: 0.24,
    };
    let mut surfaces = vec![Surface::patterned(Shape::Floor, concrete, pattern::tiles)];
    surfaces.extend(lamps());
    surfaces.extend(crane());
    surfaces.extend(load());
    surfaces.extend(racks());
    surfaces.extend(marbles());
    Scene::new(surfaces, Sky::Dusk)
}

/// Where it is seen from.
pub(crate) fn view() -> View {
    View {
        eye: vec3(-4.1, 2.05, 9.4),
        target: vec3(0.12, 1.93, 0.0),
        focus: vec3(TROLLEY, 1.5, 0.5),
        angle_degrees: 33.0,
        aperture: 0.06,
    }
}

fn lamps() -> Vec<Surface> {
    vec![
        Surface::lamp(vec3(-9.0, 9.5, 8.0), 3.4, vec3(1.0, 0.83, 0.64) * 7.5),
        Surface::lamp(vec3(11.5, 8.5, 4.0), 2.6, vec3(0.55, 0.75, 1.0) * 3.2),
    ]
}

fn crane() -> Vec<Surface> {
    let mut parts = Vec::new();
    let mut rod = |from, to, radius| parts.push(Surface::new(Shape::rod(from, to, radius), YELLOW));
    for side in [-1.0, 1.0] {
        let (foot, head) = (side * SPAN, side * (SPAN - 0.18));
        for end in [-1.0, 1.0] {
            rod((foot, 0.28, end * 1.25), (head, GIRDER, end * 0.36), 0.085);
        }
        rod(
            (side * (SPAN - 0.06), 1.4, -0.94),
            (side * (SPAN - 0.06), 1.4, 0.94),
            0.045,
        );
        rod(
            (side * (SPAN - 0.12), 2.6, -0.64),
            (side * (SPAN - 0.12), 2.6, 0.64),
            0.045,
        );
        rod((foot, 0.34, -1.2), (side * (SPAN - 0.06), 1.4, 0.94), 0.03);
        rod((foot, 0.34, 1.2), (side * (SPAN - 0.06), 1.4, -0.94), 0.03);
    }
    // A girder of three chords, joined by a zigzag.
    let reach = SPAN + 0.75;
    for end in [-0.36, 0.36] {
        rod((-reach, GIRDER, end), (reach, GIRDER, end), 0.07);
    }
    let top = GIRDER + 0.62;
    rod((-reach + 0.35, top, 0.0), (reach - 0.35, top, 0.0), 0.07);
    let bays = 10u8;
    let bay = 2.0 * reach / f32::from(bays);
    for number in 0..bays {
        let from = f32::from(number).mul_add(bay, -reach);
        for end in [-0.36, 0.36] {
            rod((from, GIRDER, end), (from + bay / 2.0, top, 0.0), 0.03);
            rod((from + bay / 2.0, top, 0.0), (from + bay, GIRDER, end), 0.03);
        }
        rod((from, GIRDER, -0.36), (from + bay, GIRDER, 0.36), 0.022);
    }
    for side in [-1.0, 1.0] {
        let x = side * SPAN;
        parts.push(Surface::new(
            Shape::block((x - 0.14, 0.16, -1.6), (x + 0.14, 0.34, 1.6)),
            YELLOW,
        ));
        for z in [-1.3, 1.3] {
            parts.push(Surface::new(Shape::ball((x, 0.17, z), 0.17), GRAPHITE));
        }
        // The rail that the crane rolls on.
        parts.push(Surface::new(
            Shape::block((x - 0.05, 0.0, -60.0), (x + 0.05, 0.025, 30.0)),
            STEEL,
        ));
    }
    parts
}

/// Trolley, cables and what hangs from them.
fn load() -> Vec<Surface> {
    let (x, hook) = (TROLLEY, GLASS_AT.1 + GLASS_RADIUS + 0.3);
    let mut parts = vec![
        Surface::new(
            Shape::block((x - 0.42, GIRDER - 0.36, -0.5), (x + 0.42, GIRDER - 0.1, 0.5)),
            GRAPHITE,
        ),
        Surface::new(
            Shape::rod((x - 0.3, GIRDER - 0.38, 0.0), (x + 0.3, GIRDER - 0.38, 0.0), 0.12),
            STEEL,
        ),
        Surface::new(
            Shape::block((x - 0.17, hook - 0.12, -0.1), (x + 0.17, hook + 0.12, 0.1)),
            YELLOW,
        ),
        Surface::new(Shape::rod((x, hook - 0.12, 0.0), (x, hook - 0.3, 0.0), 0.035), STEEL),
        Surface::new(
            Shape::rod(
                (x, GLASS_AT.1 + GLASS_RADIUS - 0.02, 0.0),
                (x, GLASS_AT.1 + GLASS_RADIUS + 0.02, 0.0),
                0.13,
            ),
            GOLD,
        ),
        Surface::new(Shape::ball(GLASS_AT, GLASS_RADIUS), CLEAR),
        // The pedestal that waits for it.
        Surface::new(Shape::block((x - 0.85, 0.0, -0.85), (x + 0.85, 0.16, 0.85)), GRAPHITE),
        Surface::new(
            Shape::block((x - 0.68, 0.16, -0.68), (x + 0.68, 0.2, 0.68)),
            Material::Glowing {
                radiance: vec3(0.2, 0.95, 0.85) * 1.6,
            },
        ),
        Surface::new(Shape::block((x - 0.74, 0.2, -0.74), (x + 0.74, 0.3, 0.74)), GRAPHITE),
    ];
    for (dx, dz) in [(-0.12, -0.07), (0.12, -0.07), (-0.12, 0.07), (0.12, 0.07)] {
        let cable = Shape::rod((x + dx * 1.6, GIRDER - 0.4, dz), (x + dx, hook, dz), 0.012);
        parts.push(Surface::new(cable, STEEL));
    }
    parts
}

/// Server racks with small lights that blink while they compute.
fn racks() -> impl Iterator<Item = Surface> {
    (0..RACKS).map(|number| {
        let left = f32::from(number).mul_add(RACK_PITCH, RACKS_LEFT);
        let shape = Shape::block(
            (left, 0.0, RACKS_FRONT - 1.1),
            (left + RACK_PITCH - 0.06, RACK_HEIGHT, RACKS_FRONT),
        );
        Surface::patterned(shape, GRAPHITE, pattern::rack_front)
    })
}

/// Marbles on the floor, none touching another or the crane.
fn marbles() -> Vec<Surface> {
    let mut dice = Sampler::new(MARBLE_SEED, 0, 0);
    let mut placed: Vec<(Vec3, f32)> = vec![
        (vec3(-1.55, 0.52, 1.15), 0.52),
        (vec3(1.95, 0.42, 1.35), 0.42),
        (vec3(-1.1, 0.6, -1.75), 0.6),
        (vec3(1.9, 0.34, -1.2), 0.34),
    ];
    let mut parts: Vec<Surface> = placed
        .iter()
        .zip([
            CHROME,
            GOLD,
            paint(vec3(0.75, 0.10, 0.07)),
            paint(vec3(0.04, 0.33, 0.36)),
        ])
        .map(|((centre, radius), material)| {
            Surface::new(
                Shape::Sphere {
                    centre: *centre,
                    radius: *radius,
                },
                material,
            )
        })
        .collect();
    for _ in 0..900 {
        let radius = 0.075 + 0.17 * dice.number().powi(2);
        let centre = vec3(dice.number() * 13.0 - 6.0, radius, dice.number() * 9.4 - 4.6);
        let touches = placed
            .iter()
            .any(|(other, other_radius)| (centre - *other).length() < radius + other_radius + 0.05);
        let under_crane = (centre.x.abs() - SPAN).abs() < 0.2 + radius;
        let on_pedestal = (centre.x - TROLLEY).abs().max(centre.z.abs()) < 0.9 + radius;
        if touches || under_crane || on_pedestal {
            continue;
        }
        placed.push((centre, radius));
        parts.push(Surface::new(Shape::Sphere { centre, radius }, marble(dice.number())));
    }
    parts
}

fn marble(roll: f32) -> Material {
    match roll {
        n if n < 0.16 => paint(vec3(0.78, 0.11, 0.07)),
        n if n < 0.32 => paint(vec3(0.03, 0.34, 0.38)),
        n if n < 0.46 => paint(vec3(0.85, 0.45, 0.04)),
        n if n < 0.60 => paint(vec3(0.78, 0.74, 0.66)),
        n if n < 0.68 => Material::Diffuse { albedo: grey(0.09) },
        n if n < 0.78 => CLEAR,
        n if n < 0.88 => GOLD,
        _ => CHROME,
    }
}

const fn paint(albedo: Vec3) -> Material {
    Material::Coated {
        albedo,
        roughness: 0.12,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_marbles_touch() {
        let balls: Vec<(Vec3, f32)> = marbles()
            .iter()
            .filter_map(|surface| match surface.shape {
                Shape::Sphere { centre, radius } => Some((centre, radius)),
                _ => None,
            })
            .collect();
        assert!(balls.len() > 80, "{}", balls.len());
        for (number, (centre, radius)) in balls.iter().enumerate() {
            for (other, other_radius) in &balls[..number] {
                assert!((*centre - *other).length() > radius + other_radius);
            }
        }
    }
}
