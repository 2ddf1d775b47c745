//! Golden vectors of co-signed receipts: `tests/vectors/receipts.json`, which the SDK and the market's bytecode read too.
//!
//! Everything in the file follows from the labels in `parties.rs` and the cases in `cases.rs`; it holds no secret key. After a
//! change on purpose, write it again: `GANTRY_WRITE_VECTORS=1 cargo nextest run --workspace --test golden`.

mod cases;
mod faults;
mod file;
mod parties;
mod verdict;

use std::{collections::BTreeSet, env, fs};

use file::{PATH, Vectors};
use verdict::verdict;

#[test]
fn the_vectors_are_up_to_date() {
    let expected = cases::all().to_json();
    if env::var_os("GANTRY_WRITE_VECTORS").is_some() {
        fs::write(PATH, &expected).expect("the folder is writable");
    }
    let actual = fs::read_to_string(PATH).expect("the vectors are in the repository");
    assert!(
        actual == expected,
        "{PATH} differs from what the cases give; after a change on purpose run \
         `GANTRY_WRITE_VECTORS=1 cargo nextest run --workspace --test golden`"
    );
}

#[test]
fn every_vector_gets_the_verdict_that_the_file_says() {
    let vectors = Vectors::read();
    for vector in &vectors.vectors {
        assert_eq!(verdict(vector, &vectors.expected), vector.verdict, "{}", vector.name);
    }
}

#[test]
fn every_verdict_has_a_vector_and_every_vector_its_own_name_and_bytes() {
    let vectors = Vectors::read().vectors;
    let verdicts: BTreeSet<_> = vectors.iter().map(|vector| vector.verdict.as_str()).collect();
    assert_eq!(verdicts, BTreeSet::from(verdict::ALL));
    let names: BTreeSet<_> = vectors.iter().map(|vector| &vector.name).collect();
    let data: BTreeSet<_> = vectors.iter().map(|vector| &vector.instruction_data).collect();
    assert_eq!((names.len(), data.len()), (vectors.len(), vectors.len()));
}

#[test]
fn a_receipt_in_the_file_has_the_bytes_of_its_message() {
    for vector in Vectors::read().vectors {
        if let Some(receipt) = &vector.receipt {
            assert_eq!(
                hex::encode(receipt.to_receipt().to_bytes()),
                vector.message,
                "{}",
                vector.name
            );
        }
    }
}
