//! How long a sample's way may be, so that a proof with it fits a transaction.

use gantry_sdk::{
    Keypair, Pubkey, Signer,
    address::TOKEN_PROGRAM,
    instruction::market::fault_prove_sample,
    market::SampleProof,
    protocol::Receipt,
    receipt::{ProviderReceipt, SampleEvidence, sign},
};
use solana_message::{AddressLookupTableAccount, Message, VersionedMessage, v0};

/// Solana's `PACKET_DATA_SIZE`.
const MOST_BYTES: usize = 1_232;
/// One signature, behind their number.
const SIGNATURES: usize = 1 + 64;

/// Bytes of a transaction with a way of so many hashes, without and with a table of addresses.
fn bytes(hashes: usize) -> [usize; 2] {
    let key = Keypair::new();
    let receipt = Receipt {
        genesis_hash: [1; 32],
        job: [2; 32],
        sequence: 3,
        metered_ms: 4,
        time_ms: 5,
        flags: 0,
        samples_root: [6; 32],
    };
    let evidence = SampleEvidence {
        receipt: ProviderReceipt {
            receipt,
            key: key.pubkey(),
            signature: sign(&key, &receipt),
        },
        proof: SampleProof {
            sample: [0; 40],
            index: 0,
            size: 1,
            path: vec![[7; 32]; hashes],
        },
    };
    let (reporter, other) = (Pubkey::new_unique(), Pubkey::new_unique);
    let instructions = fault_prove_sample(reporter, &evidence, other(), other(), other(), TOKEN_PROGRAM, other());
    let legacy = Message::new(&instructions, Some(&reporter)).serialize().len();
    let named = instructions.iter().flat_map(|instruction| &instruction.accounts);
    let table = AddressLookupTableAccount {
        key: other(),
        addresses: named
            .map(|account| account.pubkey)
            .filter(|key| *key != reporter)
            .collect(),
    };
    let message = v0::Message::try_compile(&reporter, &instructions, &[table], solana_message::Hash::default());
    let versioned = VersionedMessage::V0(message.expect("few accounts")).serialize().len();
    [legacy + SIGNATURES, versioned + SIGNATURES]
}

#[test]
fn a_transaction_has_room_for_seven_hashes_and_with_a_table_for_nineteen() {
    for (kind, most) in [(0, 7), (1, 19)] {
        assert!(bytes(most)[kind] <= MOST_BYTES, "{most} hashes: {:?}", bytes(most));
        assert!(
            bytes(most + 1)[kind] > MOST_BYTES,
            "{} hashes: {:?}",
            most + 1,
            bytes(most + 1)
        );
    }
}
