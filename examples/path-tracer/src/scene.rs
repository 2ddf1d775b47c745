//! What the picture shows: surfaces, lamps and the sky.

use crate::{
    light::{Lamp, Sky},
    material::Material,
    shape::Shape,
    tree::Tree,
    vector::{Vec3, vec3},
};

/// Varies a material from place to place.
pub(crate) type Pattern = fn(Material, Vec3) -> Material;

/// A shape made of something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surface {
    pub(crate) shape: Shape,
    pub(crate) is_lamp: bool,
    material: Material,
    pattern: Option<Pattern>,
}

impl Surface {
    pub(crate) const fn new(shape: Shape, material: Material) -> Self {
        Self {
            shape,
            material,
            is_lamp: false,
            pattern: None,
        }
    }

    /// A glowing sphere that lights the scene.
    pub(crate) const fn lamp(centre: Vec3, radius: f32, radiance: Vec3) -> Self {
        Self {
            shape: Shape::Sphere { centre, radius },
            material: Material::Glowing { radiance },
            is_lamp: true,
            pattern: None,
        }
    }

    /// A surface whose material varies from place to place.
    pub(crate) const fn patterned(shape: Shape, material: Material, pattern: Pattern) -> Self {
        Self {
            shape,
            material,
            is_lamp: false,
            pattern: Some(pattern),
        }
    }

    /// What the surface is made of at one of its points.
    pub(crate) fn material_at(&self, point: Vec3) -> Material {
        self.pattern
            .map_or(self.material, |pattern| pattern(self.material, point))
    }
}

/// Everything that light meets.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) surfaces: Vec<Surface>,
    pub(crate) tree: Tree,
    pub(crate) lamps: Vec<Lamp>,
    pub(crate) sky: Sky,
    /// Whether the floor fades into the horizon.
    pub(crate) hazy: bool,
}

impl Scene {
    pub(crate) fn new(surfaces: Vec<Surface>, sky: Sky) -> Self {
        let lamps = surfaces
            .iter()
            .filter_map(|surface| match (surface.is_lamp, surface.shape, surface.material) {
                (true, Shape::Sphere { centre, radius }, Material::Glowing { radiance }) => Some(Lamp {
                    centre,
                    radius,
                    radiance,
                }),
                _ => None,
            })
            .collect();
        let tree = Tree::new(surfaces.iter().map(|surface| surface.shape));
        Self {
            surfaces,
            tree,
            lamps,
            sky,
            hazy: matches!(sky, Sky::Dusk),
        }
    }
}

/// Shapes are listed by these; the tuple forms keep the composition readable as a table.
impl Shape {
    pub(crate) const fn ball(centre: (f32, f32, f32), radius: f32) -> Self {
        Self::Sphere {
            centre: vec3(centre.0, centre.1, centre.2),
            radius,
        }
    }

    pub(crate) const fn rod(from: (f32, f32, f32), to: (f32, f32, f32), radius: f32) -> Self {
        Self::Rod {
            from: vec3(from.0, from.1, from.2),
            to: vec3(to.0, to.1, to.2),
            radius,
        }
    }

    pub(crate) const fn block(low: (f32, f32, f32), high: (f32, f32, f32)) -> Self {
        Self::Block {
            low: vec3(low.0, low.1, low.2),
            high: vec3(high.0, high.1, high.2),
        }
    }
}
