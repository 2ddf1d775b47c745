//! Materials that vary from place to place.

use crate::{
    material::Material,
    vector::{Vec3, vec3},
};

/// Edge of a floor tile, and half the width of the joint between two.
const TILE: f32 = 1.5;
const HALF_JOINT: f32 = 0.016;

/// Left edge, front, height and distance of the server racks.
pub(crate) const RACKS_LEFT: f32 = -7.4;
pub(crate) const RACKS_FRONT: f32 = -5.2;
pub(crate) const RACK_HEIGHT: f32 = 2.36;
pub(crate) const RACK_PITCH: f32 = 0.99;

/// Height of one server in a rack, and of its row of lights.
const SERVER: f32 = 0.19;

/// Polished concrete: dark joints, and every tile a little different.
pub(crate) fn tiles(material: Material, point: Vec3) -> Material {
    let Material::Coated { albedo, roughness } = material else {
        return material;
    };
    let (column, across) = cell(point.x, TILE);
    let (row, along) = cell(point.z, TILE);
    if across.min(TILE - across).min(along).min(TILE - along) < HALF_JOINT {
        return Material::Diffuse { albedo: albedo * 0.25 };
    }
    let shade = chance(column, row);
    Material::Coated {
        albedo: albedo * (0.86 + 0.28 * shade),
        roughness: roughness + 0.06 * shade,
    }
}

/// A rack's front: servers one above the other, each with a few lights that are on.
pub(crate) fn rack_front(material: Material, point: Vec3) -> Material {
    if point.z < RACKS_FRONT - 1e-3 || point.y > RACK_HEIGHT - 0.14 || point.y < 0.1 {
        return material;
    }
    let (rack, across) = cell(point.x - RACKS_LEFT, RACK_PITCH);
    let (server, up) = cell(point.y - 0.1, SERVER);
    let inside = across > 0.05 && across < RACK_PITCH - 0.11 && up > 0.02 && up < SERVER - 0.02;
    if !inside {
        return material;
    }
    let (light, beside) = cell(across - 0.1, 0.085);
    let on_light = (0.0..6.0).contains(&light) && beside < 0.045 && (0.07..0.105).contains(&up);
    if on_light {
        let radiance = match chance(rack * 31.0 + light, server) {
            n if n < 0.46 => vec3(0.10, 1.0, 0.72),
            n if n < 0.56 => vec3(1.0, 0.5, 0.08),
            n if n < 0.60 => vec3(1.0, 0.12, 0.08),
            _ => return material,
        };
        return Material::Glowing {
            radiance: radiance * 4.0,
        };
    }
    Material::Metal {
        albedo: vec3(0.40, 0.41, 0.44),
        roughness: 0.42,
    }
}

/// The number of the cell that a coordinate lies in, and how far inside.
fn cell(coordinate: f32, size: f32) -> (f32, f32) {
    let number = (coordinate / size).floor();
    (number, coordinate - number * size)
}

/// A number in `0..1` that looks random and is the same for the same cell.
fn chance(column: f32, row: f32) -> f32 {
    let wave = (column * 12.989 + row * 78.233).sin() * 43_758.547;
    wave - wave.floor()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joint_is_matt_and_a_tile_is_not() {
        let concrete = Material::Coated {
            albedo: Vec3::ONE,
            roughness: 0.2,
        };
        assert!(matches!(tiles(concrete, vec3(1.5, 0.0, 0.7)), Material::Diffuse { .. }));
        assert!(matches!(tiles(concrete, vec3(0.7, 0.0, -0.7)), Material::Coated { .. }));
    }

    #[test]
    fn only_the_front_of_a_rack_has_lights() {
        let paint = Material::Diffuse { albedo: Vec3::ONE };
        let glowing = |z: f32| {
            (0..20_000)
                .map(|n| {
                    vec3(
                        RACKS_LEFT + 0.0007 * n as f32,
                        0.1 + 0.085 + SERVER * (n % 10) as f32,
                        z,
                    )
                })
                .filter(|point| matches!(rack_front(paint, *point), Material::Glowing { .. }))
                .count()
        };
        assert!(glowing(RACKS_FRONT) > 500);
        assert_eq!(glowing(RACKS_FRONT - 0.5), 0);
    }
}
