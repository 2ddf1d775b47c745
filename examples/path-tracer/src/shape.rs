//! What a ray can hit: spheres, boxes, rods with round ends, and the floor.

use crate::vector::{Ray, Vec3, grey, larger, smaller, vec3};

/// Hits nearer than this are the surface that the ray just left.
pub(crate) const NEAREST: f32 = 1e-3;

/// A surface in space.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// All points `radius` from `centre`.
    Sphere { centre: Vec3, radius: f32 },
    /// An upright box between two corners.
    Block { low: Vec3, high: Vec3 },
    /// All points `radius` from the line between two ends: a tube with round ends.
    Rod { from: Vec3, to: Vec3, radius: f32 },
    /// The plane `y = 0`, seen from above.
    Floor,
}

impl Shape {
    /// Distance to the nearest hit between [`NEAREST`] and `farthest`.
    pub(crate) fn hit(&self, ray: &Ray, farthest: f32) -> Option<f32> {
        let distance = match *self {
            Self::Sphere { centre, radius } => sphere(ray, centre, radius),
            Self::Block { low, high } => block(ray, low, high),
            Self::Rod { from, to, radius } => rod(ray, from, to, radius),
            Self::Floor => Some(-ray.origin.y / ray.direction.y),
        }?;
        // Also refuses the NaN of a ray that runs along the floor.
        (distance > NEAREST && distance < farthest).then_some(distance)
    }

    /// The outward normal at a point of the surface.
    pub(crate) fn normal(&self, point: Vec3) -> Vec3 {
        match *self {
            Self::Sphere { centre, .. } => (point - centre).unit(),
            Self::Block { low, high } => block_normal(point, low, high),
            Self::Rod { from, to, .. } => {
                let axis = to - from;
                let along = ((point - from).dot(axis) / axis.dot(axis)).clamp(0.0, 1.0);
                (point - from - axis * along).unit()
            }
            Self::Floor => vec3(0.0, 1.0, 0.0),
        }
    }

    /// The corners of a box around the shape; `None` for the endless floor.
    pub(crate) fn bounds(&self) -> Option<(Vec3, Vec3)> {
        match *self {
            Self::Sphere { centre, radius } => Some((centre - grey(radius), centre + grey(radius))),
            Self::Block { low, high } => Some((low, high)),
            Self::Rod { from, to, radius } => Some((from.min(to) - grey(radius), from.max(to) + grey(radius))),
            Self::Floor => None,
        }
    }
}

fn sphere(ray: &Ray, centre: Vec3, radius: f32) -> Option<f32> {
    let to_centre = centre - ray.origin;
    let along = to_centre.dot(ray.direction);
    // The squared distance of the ray's line from the centre, from the perpendicular itself: subtracting two large squares
    // would lose the small spheres' edges.
    let offset = to_centre - ray.direction * along;
    let discriminant = radius * radius - offset.dot(offset);
    if discriminant < 0.0 {
        return None;
    }
    let half_chord = discriminant.sqrt();
    let near = along - half_chord;
    Some(if near > NEAREST { near } else { along + half_chord })
}

fn block(ray: &Ray, low: Vec3, high: Vec3) -> Option<f32> {
    let (entry, exit) = slabs(ray.origin, ray.direction.map(f32::recip), low, high);
    if entry > exit || exit < NEAREST {
        return None;
    }
    Some(if entry > NEAREST { entry } else { exit })
}

/// Distances at which a ray enters and leaves a box; it misses when the entry lies behind the exit.
pub(crate) fn slabs(origin: Vec3, inverse: Vec3, low: Vec3, high: Vec3) -> (f32, f32) {
    let (a, b) = ((low - origin) * inverse, (high - origin) * inverse);
    let (near, far) = (a.min(b), a.max(b));
    (
        larger(larger(near.x, near.y), near.z),
        smaller(smaller(far.x, far.y), far.z),
    )
}

fn block_normal(point: Vec3, low: Vec3, high: Vec3) -> Vec3 {
    let (centre, half) = ((low + high) * 0.5, (high - low) * 0.5);
    let offset = point - centre;
    // The face whose plane is nearest.
    let gap = vec3(
        half.x - offset.x.abs(),
        half.y - offset.y.abs(),
        half.z - offset.z.abs(),
    );
    if gap.x <= gap.y && gap.x <= gap.z {
        vec3(1.0f32.copysign(offset.x), 0.0, 0.0)
    } else if gap.y <= gap.z {
        vec3(0.0, 1.0f32.copysign(offset.y), 0.0)
    } else {
        vec3(0.0, 0.0, 1.0f32.copysign(offset.z))
    }
}

/// The nearest hit from outside; rods are never transparent, so the far side does not matter.
fn rod(ray: &Ray, from: Vec3, to: Vec3, radius: f32) -> Option<f32> {
    let axis = to - from;
    let origin = ray.origin - from;
    let (axis_axis, axis_ray, axis_origin) = (axis.dot(axis), axis.dot(ray.direction), axis.dot(origin));
    let (ray_origin, origin_origin) = (ray.direction.dot(origin), origin.dot(origin));
    let a = axis_axis - axis_ray * axis_ray;
    let b = axis_axis * ray_origin - axis_origin * axis_ray;
    let c = axis_axis * origin_origin - axis_origin * axis_origin - radius * radius * axis_axis;
    let discriminant = b * b - a * c;
    if discriminant < 0.0 {
        return None;
    }
    let distance = (-b - discriminant.sqrt()) / a;
    let along = axis_origin + distance * axis_ray;
    if along > 0.0 && along < axis_axis {
        return Some(distance);
    }
    // Beyond an end: the round cap there. A ray along the axis comes here too, with the NaN that fails both comparisons.
    let cap = if along <= 0.0 || (along.is_nan() && axis_ray > 0.0) {
        from
    } else {
        to
    };
    let to_cap = cap - ray.origin;
    if to_cap.dot(to_cap) < radius * radius {
        None
    } else {
        sphere(ray, cap, radius)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ray(origin: Vec3, towards: Vec3) -> Ray {
        Ray {
            origin,
            direction: (towards - origin).unit(),
        }
    }

    #[track_caller]
    fn assert_near(actual: Option<f32>, expected: f32) {
        let actual = actual.expect("a hit");
        assert!((actual - expected).abs() < 1e-4, "{actual} instead of {expected}");
    }

    const BALL: Shape = Shape::Sphere {
        centre: vec3(0.0, 1.0, 0.0),
        radius: 1.0,
    };

    #[test]
    fn a_ray_from_outside_hits_the_near_side_of_a_sphere() {
        assert_near(BALL.hit(&ray(vec3(0.0, 1.0, -5.0), vec3(0.0, 1.0, 0.0)), f32::MAX), 4.0);
    }

    #[test]
    fn a_ray_from_inside_hits_the_far_side_of_a_sphere() {
        assert_near(BALL.hit(&ray(vec3(0.0, 1.0, 0.5), vec3(0.0, 1.0, 9.0)), f32::MAX), 0.5);
    }

    #[test]
    fn a_ray_past_a_sphere_or_away_from_it_misses() {
        assert_eq!(
            BALL.hit(&ray(vec3(1.01, 1.0, -5.0), vec3(1.01, 1.0, 0.0)), f32::MAX),
            None
        );
        assert_eq!(
            BALL.hit(&ray(vec3(0.0, 1.0, -5.0), vec3(0.0, 1.0, -9.0)), f32::MAX),
            None
        );
    }

    #[test]
    fn a_hit_behind_a_nearer_one_does_not_count() {
        assert_eq!(BALL.hit(&ray(vec3(0.0, 1.0, -5.0), vec3(0.0, 1.0, 0.0)), 3.9), None);
    }

    #[test]
    fn a_box_is_hit_on_the_face_towards_the_ray() {
        let cube = Shape::Block {
            low: vec3(-1.0, 0.0, -1.0),
            high: vec3(1.0, 2.0, 1.0),
        };
        let from_left = ray(vec3(-4.0, 1.0, 0.2), vec3(0.0, 1.0, 0.2));
        let distance = cube.hit(&from_left, f32::MAX);
        assert_near(distance, 3.0);
        assert_eq!(cube.normal(from_left.at(3.0)), vec3(-1.0, 0.0, 0.0));
        assert_eq!(
            cube.hit(&ray(vec3(-4.0, 2.1, 0.0), vec3(4.0, 2.1, 0.0)), f32::MAX),
            None
        );
    }

    #[test]
    fn a_rod_is_hit_on_its_side_and_on_its_round_ends() {
        let bar = Shape::Rod {
            from: vec3(-1.0, 0.0, 0.0),
            to: vec3(1.0, 0.0, 0.0),
            radius: 0.25,
        };
        assert_near(bar.hit(&ray(vec3(0.5, 0.0, -3.0), vec3(0.5, 0.0, 0.0)), f32::MAX), 2.75);
        assert_near(bar.hit(&ray(vec3(4.0, 0.0, 0.0), vec3(0.0, 0.0, 0.0)), f32::MAX), 2.75);
        assert_eq!(bar.hit(&ray(vec3(1.3, 0.0, -3.0), vec3(1.3, 0.0, 0.0)), f32::MAX), None);
    }

    #[test]
    fn the_floor_is_hit_from_above() {
        assert_near(
            Shape::Floor.hit(&ray(vec3(0.0, 2.0, 0.0), vec3(0.0, 0.0, 0.0)), f32::MAX),
            2.0,
        );
        assert_eq!(
            Shape::Floor.hit(
                &Ray {
                    origin: vec3(0.0, 2.0, 0.0),
                    direction: vec3(1.0, 0.0, 0.0)
                },
                f32::MAX
            ),
            None
        );
    }

    #[test]
    fn normals_have_length_one() {
        let bar = Shape::Rod {
            from: vec3(0.0, 0.0, 0.0),
            to: vec3(1.0, 2.0, 0.5),
            radius: 0.2,
        };
        for shape in [BALL, bar] {
            let probe = ray(vec3(0.4, 0.9, -7.0), vec3(0.4, 0.9, 0.0));
            let distance = shape.hit(&probe, f32::MAX).expect("a hit");
            assert!((shape.normal(probe.at(distance)).length() - 1.0).abs() < 1e-3);
        }
    }
}
