//! The tree of samples, compared with RFC 6962's own recursive definition and its published roots.

use gantry_protocol::merkle::{Frontier, Hash, MAX_DEPTH, SAMPLE_BYTES, Sample, empty_root, leaf, node, verify};
use proptest::prelude::*;

/// Enough leaves for every shape of the upper eight levels.
const MOST: usize = 200;

/// RFC 6962, section 2.1: the largest power of two below `n` splits the leaves.
fn split(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// The root, straight from the definition.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node(&naive_root(left), &naive_root(right))
        }
    }
}

/// The inclusion proof of leaf `index`, straight from the definition (section 2.1.1).
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let at = split(leaves.len());
    let (left, right) = leaves.split_at(at);
    let (mut path, sibling) = if index < at {
        (naive_path(index, left), naive_root(right))
    } else {
        (naive_path(index - at, right), naive_root(left))
    };
    path.push(sibling);
    path
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|number| leaf(&number.to_le_bytes())).collect()
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::default();
    for leaf in leaves {
        assert!(frontier.push(*leaf));
    }
    frontier
}

#[test]
fn the_published_roots_of_certificate_transparency_are_ours() {
    // The inputs and roots of the reference implementation's tests.
    let inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::default();
    assert_eq!(hex::encode(frontier.root()), roots[0]);
    for (input, root) in inputs.iter().zip(&roots[1..]) {
        assert!(frontier.push(leaf(&hex::decode(input).expect("hexadecimal"))));
        assert_eq!(hex::encode(frontier.root()), *root);
    }
}

#[test]
fn the_frontier_has_the_root_of_the_recursive_definition() {
    let leaves = leaves(MOST);
    let mut frontier = Frontier::default();
    for count in 0..=MOST {
        assert_eq!(frontier.size(), count as u64);
        assert_eq!(frontier.root(), naive_root(&leaves[..count]), "{count} leaves");
        if let Some(next) = leaves.get(count) {
            assert!(frontier.push(*next));
        }
    }
}

#[test]
fn a_frontier_goes_on_from_its_size_and_subtrees() {
    let leaves = leaves(MOST);
    for count in 0..=MOST {
        let stopped = frontier(&leaves[..count]);
        let kept: Vec<Hash> = stopped.subtrees().copied().collect();
        assert_eq!(kept.len(), count.count_ones() as usize);
        let mut resumed = Frontier::from_subtrees(stopped.size(), &kept).expect("its own subtrees");
        assert_eq!(resumed.root(), stopped.root());
        for leaf in &leaves[count..] {
            assert!(resumed.push(*leaf));
        }
        assert_eq!(resumed.root(), naive_root(&leaves), "resumed at {count}");
    }
}

#[test]
fn too_few_and_too_many_subtrees_are_refused() {
    let hashes = [[7; 32]; MAX_DEPTH + 1];
    for size in [0u64, 1, 2, 3, 7, 8, 200, u32::MAX.into()] {
        let right = size.count_ones() as usize;
        for count in 0..=hashes.len() {
            let frontier = Frontier::from_subtrees(size, &hashes[..count]);
            assert_eq!(frontier.is_some(), count == right, "{size} leaves, {count} subtrees");
        }
    }
    assert_eq!(Frontier::from_subtrees(1 << MAX_DEPTH, &hashes[..1]), None);
}

#[test]
fn a_full_tree_takes_no_leaf_and_stays_as_it_is() {
    let size = u64::from(u32::MAX);
    let mut full = Frontier::from_subtrees(size, &[[7; 32]; MAX_DEPTH]).expect("32 subtrees");
    let before = full;
    assert!(!full.push([8; 32]));
    assert_eq!(full, before);
}

#[test]
fn every_leaf_is_proved_in_trees_of_every_small_size() {
    let all = leaves(40);
    for size in 1..=all.len() {
        let (leaves, root) = (&all[..size], naive_root(&all[..size]));
        for (index, leaf) in leaves.iter().enumerate() {
            let path = naive_path(index, leaves);
            assert!(
                verify(leaf, index as u64, size as u64, &path, &root),
                "{index} of {size}"
            );
        }
    }
}

#[test]
fn nothing_is_in_an_empty_tree_nor_beyond_the_last_leaf() {
    let leaf = leaf(b"sample");
    assert!(!verify(&leaf, 0, 0, &[], &empty_root()));
    assert!(!verify(&leaf, 0, 0, &[], &leaf));
    assert!(!verify(&leaf, 1, 1, &[], &leaf));
    assert!(verify(&leaf, 0, 1, &[], &leaf));
}

#[test]
fn an_inner_node_does_not_pass_for_a_leaf() {
    let (a, b) = (leaf(b"a"), leaf(b"b"));
    assert_ne!(leaf(&[a, b].concat()), node(&a, &b));
    assert_ne!(leaf(&[&[1][..], &a, &b].concat()), node(&a, &b));
}

#[test]
fn a_samples_fields_lie_where_the_document_says() {
    let bytes = Sample {
        metered_ms: 0x0102_0304_0506_0708,
        gpu: 0x1112,
        utilisation_percent: 0x2122,
        temperature_c: 0x3132,
        flags: 0x4142,
        power_mw: 0x5152_5354,
        clock_mhz: 0x6162_6364,
        memory_used_bytes: 0x7172_7374_7576_7778,
        memory_total_bytes: 0x8182_8384_8586_8788,
    }
    .to_bytes();
    let expected = "080706050403020112112221323142415453525164636261787776757473727188878685848382\
                    81";
    assert_eq!(hex::encode(bytes), expected);
    assert_eq!(bytes.len(), SAMPLE_BYTES);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_proof_holds_for_its_leaf_its_place_its_size_and_its_root_alone(
        size in 1..MOST,
        index in any::<prop::sample::Index>(),
        other_index in any::<prop::sample::Index>(),
        bit in 0..256usize,
        part in any::<prop::sample::Index>(),
    ) {
        let leaves = leaves(size);
        let root = naive_root(&leaves);
        let (place, other) = (index.index(size), other_index.index(size));
        let (at, of) = (place as u64, size as u64);
        let path = naive_path(place, &leaves);
        let leaf = leaves[place];
        let flipped = |hash: &Hash| {
            let mut hash = *hash;
            hash[bit / 8] ^= 1 << (bit % 8);
            hash
        };
        prop_assert!(verify(&leaf, at, of, &path, &root));
        prop_assert!(!verify(&flipped(&leaf), at, of, &path, &root), "another leaf");
        prop_assert!(!verify(&leaf, at, of, &path, &flipped(&root)), "another root");
        prop_assert!(!verify(&leaf, at + of, of, &path, &root), "beyond the tree");
        if other != place {
            prop_assert!(!verify(&leaf, other as u64, of, &path, &root), "another place");
            prop_assert!(!verify(&leaves[other], at, of, &path, &root), "the leaf of another place");
        }
        let longer = [&path[..], &[leaf]].concat();
        prop_assert!(!verify(&leaf, at, of, &longer, &root), "a longer path");
        if !path.is_empty() {
            prop_assert!(!verify(&leaf, at, of, &path[1..], &root), "a path without its first part");
            prop_assert!(!verify(&leaf, at, of, &path[..path.len() - 1], &root), "a path without its last part");
            let mut tampered = path.clone();
            let part = part.index(path.len());
            tampered[part] = flipped(&path[part]);
            prop_assert!(!verify(&leaf, at, of, &tampered, &root), "another sibling");
        }
    }
}
