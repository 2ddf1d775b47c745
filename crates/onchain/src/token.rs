//! Token transfers into and out of a vault, and burns, for the classic and the 2022 token program alike.

use anchor_lang::{prelude::*, unchecked_invoke_signed_fixed};
use pinocchio::instruction::InstructionAccount;

/// Tag of `TransferChecked` in both token programs.
const TRANSFER_CHECKED: u8 = 12;

/// Tag of `BurnChecked` in both token programs.
const BURN_CHECKED: u8 = 15;

/// The accounts of one transfer. The account wrappers have already proved mint, vault and program.
pub struct Transfer<'a> {
    /// Token account that pays.
    pub from: CpiHandleMut<'a>,
    /// The mint of both.
    pub mint: CpiHandle<'a>,
    /// Token account that receives.
    pub to: CpiHandleMut<'a>,
    /// Owner of `from`.
    pub authority: CpiHandle<'a>,
    /// The token program.
    pub program: &'a Address,
    /// Decimals of the mint, which the token program compares.
    pub decimals: u8,
}

impl<'a> Transfer<'a> {
    /// Moves `amount` base units. `seeds` are those of the authority when it is a program-derived address, else empty.
    /// A refusal of the token program aborts the whole transaction.
    pub fn invoke(self, amount: u64, seeds: &'a [&'a [&'a [u8]]]) {
        let data = checked(TRANSFER_CHECKED, amount, self.decimals);
        unchecked_invoke_signed_fixed(
            self.program,
            &data,
            &[
                InstructionAccount::writable(self.from.address()),
                InstructionAccount::readonly(self.mint.address()),
                InstructionAccount::writable(self.to.address()),
                InstructionAccount::readonly_signer(self.authority.address()),
            ],
            &[self.from.into(), self.mint, self.to.into(), self.authority],
            seeds,
        );
    }
}

/// The accounts of one burn. The account wrappers have already proved mint, vault and program.
pub struct Burn<'a> {
    /// Token account whose tokens are destroyed.
    pub from: CpiHandleMut<'a>,
    /// Its mint.
    pub mint: CpiHandleMut<'a>,
    /// Owner of `from`.
    pub authority: CpiHandle<'a>,
    /// The token program.
    pub program: &'a Address,
    /// Decimals of the mint, which the token program compares.
    pub decimals: u8,
}

impl<'a> Burn<'a> {
    /// Destroys `amount` base units. `seeds` are those of the authority, a program-derived address.
    /// A refusal of the token program aborts the whole transaction.
    pub fn invoke(self, amount: u64, seeds: &'a [&'a [&'a [u8]]]) {
        unchecked_invoke_signed_fixed(
            self.program,
            &checked(BURN_CHECKED, amount, self.decimals),
            &[
                InstructionAccount::writable(self.from.address()),
                InstructionAccount::writable(self.mint.address()),
                InstructionAccount::readonly_signer(self.authority.address()),
            ],
            &[self.from.into(), self.mint.into(), self.authority],
            seeds,
        );
    }
}

/// The data of an instruction that names an amount and the mint's decimals.
fn checked(tag: u8, amount: u64, decimals: u8) -> [u8; 10] {
    let mut data = [0; 10];
    data[0] = tag;
    data[1..9].copy_from_slice(&amount.to_le_bytes());
    data[9] = decimals;
    data
}

/// Whether a mint carries no extension at all. The network token must be such a mint: bonds are slashed and burned to the atom.
#[must_use]
pub fn is_plain_mint(mint: &AccountView) -> bool {
    /// Bytes of a mint without extensions, in both token programs.
    const PLAIN_MINT_BYTES: usize = 82;
    mint.data_len() == PLAIN_MINT_BYTES
}
