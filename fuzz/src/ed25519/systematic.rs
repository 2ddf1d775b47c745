//! Every field with every value at an edge, alone and in pairs; every byte; every length; every way to point elsewhere; keys of low order.

use super::{
    case::{Case, Layout, field_at, put},
    material::Material,
};

/// All encodings of the eight points of low order: eight canonical ones, then six that are not. A verifier that takes them accepts a
/// signature that nobody made. Source: Henry de Valence, "It's 255:19AM. Do you know what your validation criteria are?".
pub const LOW_ORDER: [[u8; 32]; 14] = [
    edge(0x01, 0x00, 0x00),
    edge(0xec, 0xff, 0x7f),
    edge(0x00, 0x00, 0x00),
    edge(0x00, 0x00, 0x80),
    OF_ORDER_EIGHT[0],
    OF_ORDER_EIGHT[1],
    OF_ORDER_EIGHT[2],
    OF_ORDER_EIGHT[3],
    edge(0x01, 0x00, 0x80),
    edge(0xec, 0xff, 0xff),
    edge(0xee, 0xff, 0x7f),
    edge(0xee, 0xff, 0xff),
    edge(0xed, 0xff, 0x7f),
    edge(0xed, 0xff, 0xff),
];

const OF_ORDER_EIGHT: [[u8; 32]; 4] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x85,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0xfa,
    ],
];

/// Thirty-two bytes of which the middle ones are the same.
const fn edge(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut bytes = [middle; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

/// The order of the base point, little-endian: a scalar of so much is none.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// All of them.
pub fn systematic(material: &Material) -> impl Iterator<Item = Case> + '_ {
    Layout::ALL.into_iter().flat_map(move |layout| {
        let honest = Case::honest(layout, material);
        let fields = fields(&honest);
        let redirections = redirections(&honest);
        let bytes = bytes(&honest);
        let lengths = lengths(&honest);
        let keys = low_order(&honest);
        let malleable = malleable(&honest);
        let foreign = foreign(&honest, material);
        std::iter::once(honest)
            .chain(fields)
            .chain(redirections)
            .chain(bytes)
            .chain(lengths)
            .chain(keys)
            .chain(malleable)
            .chain(foreign)
    })
}

/// Values at which a field changes its meaning: zero and one, the places of all parts, the length, and one less and more of each.
fn edges(honest: &Case) -> Vec<u16> {
    let data = honest.data();
    let mut values = vec![0, 1, 2, 3, 0x7fff, 0x8000, 0xfffe, 0xffff];
    let records = 0..honest.layout.signatures();
    let written = records.flat_map(|record| [0, 2, 4, 5].map(|field| field_at(record, field)));
    let written = written.map(|at| u16::from_le_bytes([data[at], data[at + 1]]));
    let length = u16::try_from(data.len()).expect("short");
    for value in written.chain([length]) {
        values.extend([value - 1, value, value + 1]);
    }
    values.sort_unstable();
    values.dedup();
    values
}

/// Every field with every value, alone and in pairs; the number of signatures and the padding with every byte.
fn fields(honest: &Case) -> impl Iterator<Item = Case> + use<> {
    let honest = honest.clone();
    let edges = edges(&honest);
    let places: Vec<_> = (0..honest.layout.signatures())
        .flat_map(|record| (0..7).map(move |field| field_at(record, field)))
        .collect();
    let mut cases = Vec::new();
    for at in [0, 1] {
        for value in 0..=u8::MAX {
            let mut data = honest.data().to_vec();
            data[at] = value;
            cases.push(honest.with(data));
        }
    }
    for (number, first) in places.iter().enumerate() {
        for second in &places[number..] {
            for value in &edges {
                for other in &edges {
                    if first == second && value != other {
                        continue;
                    }
                    let mut data = honest.data().to_vec();
                    put(&mut data, *first, *value);
                    put(&mut data, *second, *other);
                    cases.push(honest.with(data));
                }
            }
        }
    }
    cases.into_iter()
}

/// Each of signature, key and message taken from each instruction, its own by its number included: most are valid to the runtime.
fn redirections(honest: &Case) -> impl Iterator<Item = Case> + use<> {
    let honest = honest.clone();
    let signatures = honest.layout.signatures();
    let choices: u32 = 5; // Itself, the three instructions of the transaction, and one that does not exist.
    let fields: Vec<_> = (0..signatures)
        .flat_map(|record| [1, 3, 6].map(|field| field_at(record, field)))
        .collect();
    let all = choices.pow(u32::try_from(fields.len()).expect("few"));
    (0..all).map(move |mut choice| {
        let mut data = honest.data().to_vec();
        for at in &fields {
            let value = match choice % choices {
                0 => 0xffff,
                other => u16::try_from(other - 1).expect("few"),
            };
            put(&mut data, *at, value);
            choice /= choices;
        }
        honest.with(data)
    })
}

/// Every byte with every change.
fn bytes(honest: &Case) -> impl Iterator<Item = Case> + use<> {
    let honest = honest.clone();
    (0..honest.data().len()).flat_map(move |at| {
        let honest = honest.clone();
        (1..=u8::MAX).map(move |change| {
            let mut data = honest.data().to_vec();
            data[at] ^= change;
            honest.with(data)
        })
    })
}

/// Every length up to twice its own: cut off, and with something behind.
fn lengths(honest: &Case) -> impl Iterator<Item = Case> + use<> {
    let honest = honest.clone();
    (0..=2 * honest.data().len()).flat_map(move |length| {
        let honest = honest.clone();
        [0, 0xff].map(move |filler| {
            let mut data = honest.data().to_vec();
            data.resize(length, filler);
            honest.with(data)
        })
    })
}

/// Where the keys and the signatures lie in honest data, as its own fields say.
fn places(honest: &Case) -> Vec<(usize, usize)> {
    let data = honest.data();
    let read = |at: usize| usize::from(u16::from_le_bytes([data[at], data[at + 1]]));
    let records = 0..honest.layout.signatures();
    records
        .map(|record| (read(field_at(record, 2)), read(field_at(record, 0))))
        .collect()
}

/// Every key of low order with every commitment of low order, and a scalar of zero, one or the order: signatures that fit any message where a
/// verifier allows them.
fn low_order(honest: &Case) -> impl Iterator<Item = Case> + use<> {
    let honest = honest.clone();
    let places = places(&honest);
    let mut one = [0; 32];
    one[0] = 1;
    let scalars = [[0; 32], one, ORDER];
    let mut cases = Vec::new();
    for key in LOW_ORDER {
        for commitment in LOW_ORDER {
            for scalar in scalars {
                let mut data = honest.data().to_vec();
                for (key_at, signature_at) in &places {
                    data[*key_at..key_at + 32].copy_from_slice(&key);
                    data[*signature_at..signature_at + 32].copy_from_slice(&commitment);
                    data[signature_at + 32..signature_at + 64].copy_from_slice(&scalar);
                }
                cases.push(honest.with(data));
            }
        }
    }
    cases.into_iter()
}

/// The same signatures with the order added to their scalars as often as it fits: other bytes that a lax verifier takes for the same.
fn malleable(honest: &Case) -> impl Iterator<Item = Case> + use<> {
    let honest = honest.clone();
    let places = places(&honest);
    let mut cases = Vec::new();
    let mut data = honest.data().to_vec();
    for _ in 0..15 {
        for (_, signature_at) in &places {
            let mut carry = 0u16;
            for (byte, add) in data[signature_at + 32..signature_at + 64].iter_mut().zip(ORDER) {
                let sum = u16::from(*byte) + u16::from(add) + carry;
                *byte = u8::try_from(sum & 0xff).expect("a byte");
                carry = sum >> 8;
            }
        }
        cases.push(honest.with(data.clone()));
    }
    cases.into_iter()
}

/// Honest data of the other layouts, and of keys and receipts in every combination.
fn foreign(honest: &Case, material: &Material) -> impl Iterator<Item = Case> + use<> {
    let mut cases = Vec::new();
    for layout in Layout::ALL {
        for keys in 0..16 {
            for receipts in 0..64 {
                let data = material.honest(layout, [keys / 4, keys % 4], [receipts / 8, receipts % 8]);
                let mut case = honest.with(data);
                case.is_honest = layout == honest.layout;
                cases.push(case);
            }
        }
    }
    cases.into_iter()
}
