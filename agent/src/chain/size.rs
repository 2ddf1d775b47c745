//! How large a transaction becomes: receipts with their signatures are long, and a packet is short.

use gantry_sdk::{Instruction, Pubkey};
use std::collections::BTreeSet;

/// Most bytes of a transaction: one packet of the IPv6 minimum, less headers. Solana's `PACKET_DATA_SIZE`.
pub const MAX_TRANSACTION_BYTES: usize = 1_232;

/// Message header and blockhash.
const FIXED_BYTES: usize = 3 + 32;
const SIGNATURE_BYTES: usize = 64;
const KEY_BYTES: usize = 32;

/// Bytes of a length in Solana's compact form.
const fn length_bytes(length: usize) -> usize {
    match length {
        0..=0x7f => 1,
        0x80..=0x3fff => 2,
        _ => 3,
    }
}

/// Bytes of the transaction that carries these instructions and is paid for by `payer`.
#[must_use]
pub fn transaction_bytes(instructions: &[Instruction], payer: &Pubkey) -> usize {
    let (mut keys, mut signers) = (BTreeSet::from([*payer]), BTreeSet::from([*payer]));
    let mut body = 0;
    for instruction in instructions {
        keys.insert(instruction.program_id);
        for account in &instruction.accounts {
            keys.insert(account.pubkey);
            if account.is_signer {
                signers.insert(account.pubkey);
            }
        }
        let (accounts, data) = (instruction.accounts.len(), instruction.data.len());
        body += 1 + length_bytes(accounts) + accounts + length_bytes(data) + data;
    }
    length_bytes(signers.len())
        + signers.len() * SIGNATURE_BYTES
        + FIXED_BYTES
        + length_bytes(keys.len())
        + keys.len() * KEY_BYTES
        + length_bytes(instructions.len())
        + body
}

/// Cuts a list of groups of instructions, in order, into as few transactions as they fit in. A group stays together; one that does not
/// fit alone gets a transaction of its own, which the chain will refuse.
#[must_use]
pub fn pack(groups: Vec<Vec<Instruction>>, payer: &Pubkey) -> Vec<Vec<Instruction>> {
    let mut transactions: Vec<Vec<Instruction>> = Vec::new();
    for group in groups {
        if let Some(last) = transactions.last_mut() {
            let joined = [last.as_slice(), group.as_slice()].concat();
            if transaction_bytes(&joined, payer) <= MAX_TRANSACTION_BYTES {
                *last = joined;
                continue;
            }
        }
        transactions.push(group);
    }
    transactions
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use gantry_protocol::Receipt;
    use gantry_sdk::{
        Signature,
        instruction::market::{claim_settle, job_close, job_settle},
        market::state::{Claim, Job},
        receipt::CoSignedReceipt,
    };

    fn settlement(job: u8) -> Vec<Instruction> {
        let receipt = Receipt {
            genesis_hash: [1; 32],
            job: [job; 32],
            sequence: 1,
            metered_ms: 1,
            time_ms: 1,
            flags: 0,
            samples_root: [0; 32],
        };
        let signed = CoSignedReceipt {
            receipt,
            provider_key: Pubkey::new_from_array([2; 32]),
            provider_signature: Signature::default(),
            tenant_key: Pubkey::new_from_array([3; 32]),
            tenant_signature: Signature::default(),
        };
        job_settle(
            &signed,
            Pubkey::new_from_array([4; 32]),
            Pubkey::new_from_array([5; 32]),
        )
        .to_vec()
    }

    #[test]
    fn a_last_settlement_a_waiting_claim_and_the_close_fit_into_one_transaction() {
        let payer = Pubkey::new_from_array([2; 32]);
        let mut job: Job = Zeroable::zeroed();
        (job.tenant, job.provider, job.node, job.mint) = (
            Pubkey::new_from_array([3; 32]),
            Pubkey::new_from_array([4; 32]),
            Pubkey::new_from_array([6; 32]),
            Pubkey::new_from_array([5; 32]),
        );
        let claim = Claim {
            job: Pubkey::new_from_array([1; 32]),
            payer,
            ..Zeroable::zeroed()
        };
        let end = [
            settlement(1),
            vec![claim_settle(&claim, &job), job_close(payer, claim.job, &job)],
        ];
        let bytes = transaction_bytes(&end.concat(), &payer);
        assert!(bytes <= MAX_TRANSACTION_BYTES, "{bytes} bytes");
    }

    #[test]
    fn two_settlements_fit_into_a_transaction_and_three_do_not() {
        let payer = Pubkey::new_from_array([9; 32]);
        let packed = pack((10..15).map(settlement).collect(), &payer);
        assert_eq!(packed.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
        assert!(
            packed
                .iter()
                .all(|transaction| transaction_bytes(transaction, &payer) <= MAX_TRANSACTION_BYTES)
        );
    }
}
