//! Three-dimensional vectors; also linear RGB colours, component by component.

use std::ops::{Add, AddAssign, Index, Mul, MulAssign, Neg, Sub};

/// A point, a direction or a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Vec3 {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) z: f32,
}

/// Shorthand constructor.
pub(crate) const fn vec3(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3 { x, y, z }
}

/// A grey: all three components alike.
pub(crate) const fn grey(value: f32) -> Vec3 {
    vec3(value, value, value)
}

/// The smaller number; unlike [`f32::min`] one instruction, since it does not look for NaN.
pub(crate) fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The larger number; as [`smaller`].
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

impl Vec3 {
    pub(crate) const ZERO: Self = grey(0.0);
    pub(crate) const ONE: Self = grey(1.0);

    pub(crate) fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    pub(crate) fn cross(self, other: Self) -> Self {
        vec3(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    pub(crate) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    pub(crate) fn unit(self) -> Self {
        self * (1.0 / self.length())
    }

    /// Mirrors a direction that leaves the surface about `normal`.
    pub(crate) fn mirrored(self, normal: Self) -> Self {
        normal * (2.0 * self.dot(normal)) - self
    }

    pub(crate) fn largest(self) -> f32 {
        self.x.max(self.y).max(self.z)
    }

    pub(crate) fn map(self, f: impl Fn(f32) -> f32) -> Self {
        vec3(f(self.x), f(self.y), f(self.z))
    }

    pub(crate) fn min(self, other: Self) -> Self {
        vec3(
            smaller(self.x, other.x),
            smaller(self.y, other.y),
            smaller(self.z, other.z),
        )
    }

    pub(crate) fn max(self, other: Self) -> Self {
        vec3(
            larger(self.x, other.x),
            larger(self.y, other.y),
            larger(self.z, other.z),
        )
    }

    /// `self` at 0, `other` at 1.
    pub(crate) fn mix(self, other: Self, share: f32) -> Self {
        self + (other - self) * share
    }

    /// Two unit vectors that are perpendicular to this unit vector and to each other (Duff et al. 2017).
    pub(crate) fn basis(self) -> (Self, Self) {
        let sign = 1.0f32.copysign(self.z);
        let a = -1.0 / (sign + self.z);
        let b = self.x * self.y * a;
        (
            vec3(1.0 + sign * self.x * self.x * a, sign * b, -sign * self.x),
            vec3(b, sign + self.y * self.y * a, -self.y),
        )
    }
}

impl Add for Vec3 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        vec3(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl AddAssign for Vec3 {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Vec3 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        vec3(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Mul for Vec3 {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        vec3(self.x * other.x, self.y * other.y, self.z * other.z)
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        vec3(self.x * factor, self.y * factor, self.z * factor)
    }
}

impl MulAssign for Vec3 {
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl Neg for Vec3 {
    type Output = Self;
    fn neg(self) -> Self {
        vec3(-self.x, -self.y, -self.z)
    }
}

impl Index<usize> for Vec3 {
    type Output = f32;
    fn index(&self, axis: usize) -> &f32 {
        match axis {
            0 => &self.x,
            1 => &self.y,
            _ => &self.z,
        }
    }
}

/// A half-line; `direction` has length one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ray {
    pub(crate) origin: Vec3,
    pub(crate) direction: Vec3,
}

impl Ray {
    pub(crate) fn at(&self, distance: f32) -> Vec3 {
        self.origin + self.direction * distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basis_is_perpendicular_and_of_length_one() {
        for normal in [
            vec3(0.0, 0.0, 1.0),
            vec3(0.0, 0.0, -1.0),
            vec3(1.0, -2.0, 0.5).unit(),
            vec3(-0.3, 0.1, -0.9).unit(),
        ] {
            let (tangent, bitangent) = normal.basis();
            for product in [tangent.dot(normal), bitangent.dot(normal), tangent.dot(bitangent)] {
                assert!(product.abs() < 1e-5, "{product}");
            }
            assert!((tangent.length() - 1.0).abs() < 1e-5 && (bitangent.length() - 1.0).abs() < 1e-5);
        }
    }
}
