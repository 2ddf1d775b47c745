//! Samples of a job's GPUs, and the proof that a receipt commits to one of them.

use gantry_protocol::merkle::{self, Hash, Sample};
use market::SampleProof;

/// The proof that sample number `index` is among `samples`, all that a receipt commits to; `None` when there is no such sample.
#[must_use]
pub fn prove(samples: &[Sample], index: usize) -> Option<SampleProof> {
    let sample = samples.get(index)?.to_bytes();
    let leaves: Vec<Hash> = samples.iter().map(|sample| merkle::leaf(&sample.to_bytes())).collect();
    let mut path = Vec::new();
    climb(&leaves, index, &mut path);
    Some(SampleProof {
        sample,
        index: u64::try_from(index).ok()?,
        size: u64::try_from(samples.len()).ok()?,
        path,
    })
}

/// The root over samples: what a receipt that commits to exactly these carries.
#[must_use]
pub fn root(samples: &[Sample]) -> Hash {
    let leaves: Vec<Hash> = samples.iter().map(|sample| merkle::leaf(&sample.to_bytes())).collect();
    climb(&leaves, 0, &mut Vec::new())
}

/// The root of `leaves`, by the definition of RFC 6962; the hashes beside the way of leaf number `index` are added to `path`, from the leaf up.
fn climb(leaves: &[Hash], index: usize, path: &mut Vec<Hash>) -> Hash {
    match leaves {
        [] => merkle::empty_root(),
        [leaf] => *leaf,
        _ => {
            let left_size = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(left_size);
            if index < left_size {
                let root = climb(left, index, path);
                let beside = climb(right, 0, &mut Vec::new());
                path.push(beside);
                merkle::node(&root, &beside)
            } else {
                let beside = climb(left, 0, &mut Vec::new());
                let root = climb(right, index - left_size, path);
                path.push(beside);
                merkle::node(&beside, &root)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_protocol::merkle::Frontier;

    fn samples(count: u64) -> Vec<Sample> {
        let sample = |metered_ms| Sample {
            metered_ms,
            ..Sample::default()
        };
        (0..count).map(sample).collect()
    }

    #[test]
    fn every_sample_of_every_small_tree_is_proven_under_the_root_that_an_agent_signs() {
        for count in 1..70 {
            let samples = samples(count);
            let mut frontier = Frontier::default();
            for sample in &samples {
                assert!(frontier.push(merkle::leaf(&sample.to_bytes())));
            }
            assert_eq!(root(&samples), frontier.root());
            for index in 0..samples.len() {
                let proof = prove(&samples, index).expect("a sample of them");
                let leaf = merkle::leaf(&proof.sample);
                assert!(merkle::verify(
                    &leaf,
                    proof.index,
                    proof.size,
                    &proof.path,
                    &frontier.root()
                ));
            }
            assert_eq!(prove(&samples, samples.len()), None);
        }
    }
}
