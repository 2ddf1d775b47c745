//! One transaction with an instruction of the precompile, honest or not.

use std::fmt;

use super::material::Material;
use crate::dice::Dice;

/// Which of the three layouts the market expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Both sides' signatures over one receipt.
    CoSigned,
    /// One key's signatures over two receipts.
    Pair,
    /// One key's signature over one receipt.
    Single,
}

impl Layout {
    /// All three.
    pub const ALL: [Self; 3] = [Self::CoSigned, Self::Pair, Self::Single];

    /// How many signatures it has.
    #[must_use]
    pub const fn signatures(self) -> usize {
        match self {
            Self::CoSigned | Self::Pair => 2,
            Self::Single => 1,
        }
    }
}

/// The data of a transaction's instructions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What the market expects.
    pub layout: Layout,
    /// All instructions' data.
    pub instructions: Vec<Vec<u8>>,
    /// Which of them is the precompile's.
    pub number: usize,
    /// Whether it is as the SDK made it.
    pub is_honest: bool,
}

impl Case {
    /// An honest instruction between two others that hold honest and dishonest data.
    #[must_use]
    pub fn honest(layout: Layout, material: &Material) -> Self {
        let own = material.honest(layout, [0, 1], [2, 3]);
        let other = material.honest(layout, [2, 3], [4, 5]);
        // The same places hold a receipt that nobody signed.
        let mut forged = own.clone();
        let last = forged.len() - 1;
        forged[last] ^= 1;
        Self {
            layout,
            instructions: vec![other, own, forged],
            number: 1,
            is_honest: true,
        }
    }

    /// The same with other data.
    #[must_use]
    pub fn with(&self, data: Vec<u8>) -> Self {
        let mut case = self.clone();
        case.is_honest = case.is_honest && case.instructions[case.number] == data;
        case.instructions[case.number] = data;
        case
    }

    /// The precompile's data.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.instructions[self.number]
    }
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{:?}, instruction {} of:", self.layout, self.number)?;
        for data in &self.instructions {
            for byte in data {
                write!(out, "{byte:02x}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// Where a field of 16 bits begins in the data: `record` counts signatures, `field` the seven of each.
pub(super) const fn field_at(record: usize, field: usize) -> usize {
    2 + 14 * record + 2 * field
}

/// Writes a field of 16 bits.
pub(super) fn put(data: &mut [u8], at: usize, value: u16) {
    if let Some(bytes) = data.get_mut(at..at + 2) {
        bytes.copy_from_slice(&value.to_le_bytes());
    }
}

/// Honest data with a few changes: fields, bytes, lengths, parts that are swapped or come from elsewhere.
pub(super) fn random(dice: &mut Dice, material: &Material) -> Case {
    let layout = dice.one(&Layout::ALL);
    let small = |dice: &mut Dice, end: u64| usize::try_from(dice.below(end)).unwrap_or(0);
    let any = |dice: &mut Dice| {
        let keys = [small(dice, 4), small(dice, 4)];
        let receipts = [small(dice, 8), small(dice, 8)];
        material.honest(layout, keys, receipts)
    };
    let mut case = Case {
        layout,
        instructions: (0..=small(dice, 3)).map(|_| any(dice)).collect(),
        number: 0,
        is_honest: true,
    };
    case.number = small(dice, case.instructions.len() as u64);
    let mut data = case.data().to_vec();
    for _ in 0..=small(dice, 3) {
        change(dice, material, &case, &mut data);
    }
    case.with(data)
}

fn change(dice: &mut Dice, material: &Material, case: &Case, data: &mut Vec<u8>) {
    let length = data.len() as u64;
    match dice.below(12) {
        // A field, mostly a value that means something.
        0..=5 => {
            let record = usize::try_from(dice.below(case.layout.signatures() as u64 + 1)).unwrap_or(0);
            let field = usize::try_from(dice.below(7)).unwrap_or(0);
            let value = match dice.below(8) {
                0 => u64::from(u16::MAX),
                1 => dice.below(4),
                2 => case.number as u64,
                3 => length,
                4 => length.saturating_sub(dice.below(300)),
                5 => dice.below(length + 2),
                _ => dice.any(),
            };
            put(
                data,
                field_at(record, field),
                u16::try_from(value & 0xffff).unwrap_or(0),
            );
        }
        // One bit.
        6 | 7 => {
            let at = usize::try_from(dice.below(length)).unwrap_or(0);
            if let Some(byte) = data.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        // Another length.
        8 => {
            let to = usize::try_from(dice.below(2 * length + 1)).unwrap_or(0);
            let filler = u8::try_from(dice.below(256)).unwrap_or(0);
            data.resize(to, filler);
        }
        // A part of another honest instruction, whose signatures belong to other keys and receipts.
        9 | 10 => {
            let other = material.honest(case.layout, [3, 2], [6, 7]);
            let from = usize::try_from(dice.below(length)).unwrap_or(0);
            let to = (from + usize::try_from(dice.below(160)).unwrap_or(0))
                .min(data.len())
                .min(other.len());
            if from < to {
                data[from..to].copy_from_slice(&other[from..to]);
            }
        }
        // The layout that another instruction expects.
        _ => *data = material.honest(dice.one(&Layout::ALL), [0, 1], [0, 1]),
    }
}
