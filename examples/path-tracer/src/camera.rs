//! A camera with a lens: what lies off its plane of focus is blurred.

use std::f32::consts::TAU;

use crate::{
    sampling::Sampler,
    vector::{Ray, Vec3, vec3},
};

/// Where the camera stands and how it looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// Where it stands.
    pub(crate) eye: Vec3,
    /// What it looks at.
    pub(crate) target: Vec3,
    /// What is sharp.
    pub(crate) focus: Vec3,
    /// Vertical angle of view in degrees.
    pub(crate) angle_degrees: f32,
    /// Radius of the lens.
    pub(crate) aperture: f32,
}

/// A view of a picture with a given number of pixels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Camera {
    eye: Vec3,
    forward: Vec3,
    right: Vec3,
    up: Vec3,
    focus_distance: f32,
    aperture: f32,
    /// Half the picture's height at distance one, and the pixels of that half.
    half_height: f32,
    half_pixels: (f32, f32),
}

impl Camera {
    pub(crate) fn new(view: &View, width: u32, height: u32) -> Self {
        let forward = (view.target - view.eye).unit();
        let right = forward.cross(vec3(0.0, 1.0, 0.0)).unit();
        Self {
            eye: view.eye,
            forward,
            right,
            up: right.cross(forward),
            focus_distance: (view.focus - view.eye).dot(forward),
            aperture: view.aperture,
            half_height: (view.angle_degrees.to_radians() * 0.5).tan(),
            half_pixels: (width as f32 * 0.5, height as f32 * 0.5),
        }
    }

    /// A ray through a pixel, from a point of the lens.
    pub(crate) fn ray(&self, column: u32, row: u32, sampler: &mut Sampler) -> Ray {
        let (dx, dy) = sampler.pair();
        let scale = self.half_height / self.half_pixels.1;
        let across = (column as f32 + tent(dx) - self.half_pixels.0) * scale;
        let upward = (self.half_pixels.1 - row as f32 - tent(dy)) * scale;
        let sharp = self.eye + (self.forward + self.right * across + self.up * upward) * self.focus_distance;
        let (u, v) = sampler.pair();
        let (radius, angle) = (u.sqrt() * self.aperture, TAU * v);
        let origin = self.eye + self.right * (radius * angle.cos()) + self.up * (radius * angle.sin());
        Ray {
            origin,
            direction: (sharp - origin).unit(),
        }
    }
}

/// Spreads `0..1` over a tent two pixels wide around the pixel's centre: smoother edges than a box.
fn tent(u: f32) -> f32 {
    let offset = if u < 0.5 {
        (2.0 * u).sqrt() - 1.0
    } else {
        1.0 - (2.0 - 2.0 * u).sqrt()
    };
    0.5 + offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ray_through_a_pixel_meets_the_plane_of_focus_in_about_one_place() {
        let view = View {
            eye: vec3(0.0, 1.0, -6.0),
            target: vec3(0.0, 1.0, 0.0),
            focus: vec3(0.0, 1.0, 0.0),
            angle_degrees: 40.0,
            aperture: 0.3,
        };
        let camera = Camera::new(&view, 200, 100);
        for sample in 0..100 {
            let ray = camera.ray(100, 50, &mut Sampler::new(1, 1, sample));
            let on_focus = ray.at(-ray.origin.z / ray.direction.z);
            assert!((on_focus - vec3(0.0, 1.0, 0.0)).length() < 0.1, "{on_focus:?}");
        }
    }
}
