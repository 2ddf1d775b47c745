//! A tree of boxes around the shapes, so that a ray looks at a handful of them and not at all.

use crate::{
    shape::{Shape, slabs},
    vector::{Ray, Vec3, grey},
};

/// Deepest tree that a ray can walk; the tree of some hundred shapes has a tenth of it.
const MAX_DEPTH: usize = 64;

/// Cost of looking into a box relative to that of looking at a shape.
const BOX_COST: f32 = 0.6;

/// A box with either two halves or a few shapes.
#[derive(Debug)]
struct Node {
    low: Vec3,
    high: Vec3,
    /// A leaf's first shape, or a branch's second half; its first half follows it directly.
    next: u32,
    /// Shapes of a leaf; zero for a branch.
    shapes: u16,
    /// The axis that a branch divides.
    axis: u16,
}

/// All shapes of a scene.
#[derive(Debug)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    /// In the order of the leaves, with their numbers in the scene.
    shapes: Vec<(Shape, u32)>,
    unbounded: Vec<(Shape, u32)>,
}

/// A shape while the tree is built.
#[derive(Clone, Copy)]
struct Item {
    shape: Shape,
    number: u32,
    low: Vec3,
    high: Vec3,
}

impl Item {
    fn centre(&self, axis: usize) -> f32 {
        self.low[axis] + self.high[axis]
    }
}

impl Tree {
    /// Builds the tree over shapes in their order.
    pub(crate) fn new(shapes: impl Iterator<Item = Shape>) -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            shapes: Vec::new(),
            unbounded: Vec::new(),
        };
        let mut items = Vec::new();
        for (shape, number) in shapes.zip(0..) {
            match shape.bounds() {
                Some((low, high)) => items.push(Item {
                    shape,
                    number,
                    low,
                    high,
                }),
                None => tree.unbounded.push((shape, number)),
            }
        }
        if !items.is_empty() {
            tree.add(&mut items, 1);
        }
        tree
    }

    /// Adds the box around `items` and everything below it.
    fn add(&mut self, items: &mut [Item], depth: usize) {
        let (low, high) = bounds(items);
        let own = self.nodes.len();
        self.nodes.push(Node {
            low,
            high,
            next: index(self.shapes.len()),
            shapes: 0,
            axis: 0,
        });
        let split = if depth < MAX_DEPTH {
            best_split(items, surface(low, high))
        } else {
            None
        };
        let Some((axis, place)) = split else {
            self.nodes[own].shapes = u16::try_from(items.len()).unwrap_or(u16::MAX);
            self.shapes.extend(items.iter().map(|item| (item.shape, item.number)));
            return;
        };
        items.sort_by(|a, b| a.centre(axis).total_cmp(&b.centre(axis)));
        let (lower, upper) = items.split_at_mut(place);
        self.add(lower, depth + 1);
        self.nodes[own].next = index(self.nodes.len());
        self.nodes[own].axis = u16::try_from(axis).unwrap_or(0);
        self.add(upper, depth + 1);
    }

    /// The number and the distance of the nearest shape before `farthest`.
    pub(crate) fn hit(&self, ray: &Ray, farthest: f32) -> Option<(usize, f32)> {
        let mut nearest = (u32::MAX, farthest);
        self.walk(ray, farthest, |distance, number| {
            nearest = (number, distance);
            distance
        });
        (nearest.0 != u32::MAX).then_some((nearest.0 as usize, nearest.1))
    }

    /// Whether anything lies before `farthest`.
    pub(crate) fn blocks(&self, ray: &Ray, farthest: f32) -> bool {
        let mut blocked = false;
        self.walk(ray, farthest, |_, _| {
            blocked = true;
            // Nothing is nearer than this, so the walk ends.
            0.0
        });
        blocked
    }

    /// Calls `found` with distance and number of each hit before the farthest distance, which `found` lowers.
    fn walk(&self, ray: &Ray, mut farthest: f32, mut found: impl FnMut(f32, u32) -> f32) {
        for (shape, number) in &self.unbounded {
            if let Some(distance) = shape.hit(ray, farthest) {
                farthest = found(distance, *number);
            }
        }
        let inverse = ray.direction.map(f32::recip);
        let negative = [ray.direction.x < 0.0, ray.direction.y < 0.0, ray.direction.z < 0.0];
        let mut waiting = [0u32; MAX_DEPTH];
        let mut count = usize::from(!self.nodes.is_empty());
        while count > 0 {
            count -= 1;
            let own = waiting[count];
            let node = &self.nodes[own as usize];
            let (entry, exit) = slabs(ray.origin, inverse, node.low, node.high);
            if entry > exit || exit < 0.0 || entry > farthest {
                continue;
            }
            if node.shapes == 0 {
                // The half that the ray reaches first comes off the stack first: its hits often rule out the other.
                let (first, second) = if negative[node.axis as usize] {
                    (node.next, own + 1)
                } else {
                    (own + 1, node.next)
                };
                waiting[count] = second;
                waiting[count + 1] = first;
                count += 2;
                continue;
            }
            let begin = node.next as usize;
            for (shape, number) in &self.shapes[begin..begin + usize::from(node.shapes)] {
                if let Some(distance) = shape.hit(ray, farthest) {
                    farthest = found(distance, *number);
                }
            }
        }
    }
}

fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn bounds(items: &[Item]) -> (Vec3, Vec3) {
    let none = (grey(f32::INFINITY), grey(f32::NEG_INFINITY));
    items
        .iter()
        .fold(none, |(low, high), item| (low.min(item.low), high.max(item.high)))
}

fn surface(low: Vec3, high: Vec3) -> f32 {
    let edge = high - low;
    edge.x * edge.y + edge.y * edge.z + edge.z * edge.x
}

/// The axis and the place at which dividing costs least, or `None` when it costs more than looking at every item.
///
/// The chance that a ray meets a box grows with its surface (MacDonald and Booth 1990).
fn best_split(items: &mut [Item], whole: f32) -> Option<(usize, usize)> {
    let mut best = (None, items.len() as f32);
    for axis in 0..3 {
        items.sort_by(|a, b| a.centre(axis).total_cmp(&b.centre(axis)));
        for place in 1..items.len() {
            let cost = |part: &[Item]| {
                let (low, high) = bounds(part);
                surface(low, high) * part.len() as f32
            };
            let total = 2.0 * BOX_COST + (cost(&items[..place]) + cost(&items[place..])) / whole;
            if total < best.1 {
                best = (Some((axis, place)), total);
            }
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sampling::Sampler, vector::vec3};

    #[test]
    fn the_tree_finds_what_looking_at_every_shape_finds() {
        let mut sampler = Sampler::new(3, 0, 0);
        let mut coordinate = || sampler.number() * 10.0 - 5.0;
        let mut shapes: Vec<Shape> = (0..60)
            .map(|n| {
                let place = vec3(coordinate(), coordinate() + 6.0, coordinate());
                match n % 3 {
                    0 => Shape::Sphere {
                        centre: place,
                        radius: 0.7,
                    },
                    1 => Shape::Block {
                        low: place,
                        high: place + vec3(0.5, 0.9, 0.3),
                    },
                    _ => Shape::Rod {
                        from: place,
                        to: place + vec3(1.0, -0.5, 0.7),
                        radius: 0.2,
                    },
                }
            })
            .collect();
        shapes.push(Shape::Floor);
        let tree = Tree::new(shapes.iter().copied());
        for _ in 0..2_000 {
            let origin = vec3(coordinate(), coordinate() + 6.0, coordinate());
            let direction = vec3(coordinate(), coordinate(), coordinate()).unit();
            let ray = Ray { origin, direction };
            let plain = shapes
                .iter()
                .filter_map(|shape| shape.hit(&ray, f32::MAX))
                .fold(f32::MAX, f32::min);
            assert_eq!(
                tree.hit(&ray, f32::MAX).map_or(f32::MAX, |(_, distance)| distance),
                plain
            );
            assert_eq!(tree.blocks(&ray, 4.0), plain < 4.0);
        }
    }

    #[test]
    fn a_tree_of_nothing_is_never_hit() {
        let ray = Ray {
            origin: Vec3::ZERO,
            direction: vec3(0.0, 0.0, 1.0),
        };
        assert_eq!(Tree::new(std::iter::empty()).hit(&ray, f32::MAX), None);
    }
}
