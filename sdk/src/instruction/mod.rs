//! Every instruction: builders, one function each, with the accounts derived from what the caller knows; and the decoder.

pub mod decode;
pub mod delegation;
pub mod fees;
pub mod market;
pub mod staking;
pub mod withdrawal;

use anchor_lang::{InstructionData, ToAccountMetas};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

/// An instruction of an Anchor program.
fn build(program_id: Pubkey, accounts: &impl ToAccountMetas, arguments: &impl InstructionData) -> Instruction {
    Instruction {
        program_id,
        accounts: accounts.to_account_metas(None),
        data: arguments.data(),
    }
}
