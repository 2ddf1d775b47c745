//! The layouts of signatures: a short run on the host, published vectors, and a sample on the market's bytecode through the runtime's precompile.

use agave_feature_set::FeatureSet;
use anchor_lang::{InstructionData, ToAccountMetas};
use gantry_fuzz::{
    action::{Action, Advance, GENESIS_HASH, JobOpen, JobStart},
    book::{Book, Place},
    cast::{GNT, Key, Purse},
    chain::Chain,
    ed25519::{self, Case, LOW_ORDER, Layout, Material, Report, Verdict},
    run::World,
};
use gantry_sdk::{
    Instruction, Pubkey,
    address::{self, ED25519_PROGRAM},
    market::{self, MarketError, accounts, instruction as arguments},
};
use solana_instruction::error::InstructionError;

#[test]
fn parser_oracle_and_precompile_agree_on_every_systematic_case_and_many_random_ones() {
    let report = ed25519::run(0, 1, |_| {}).unwrap_or_else(|what| panic!("{what}"));
    println!("{report:?}");
    assert!(report.cases > 300_000, "{report:?}");
    // A corpus in which the runtime accepts nothing but what the market accepts too would look at nothing.
    assert!(
        report.verified > 2 * report.believed && report.believed > 2_000,
        "{report:?}"
    );
    assert!(report.canonical > 10 * report.believed, "{report:?}");
}

/// One vector of a publication: whether a strict verifier accepts the signature, and why not.
struct Vector {
    key: &'static str,
    message: &'static str,
    signature: &'static str,
    is_accepted: bool,
}

const fn vector(key: &'static str, message: &'static str, signature: &'static str, is_accepted: bool) -> Vector {
    Vector {
        key,
        message,
        signature,
        is_accepted,
    }
}

/// RFC 8032, section 7.1: tests 1 to 3.
const RFC_8032: [Vector; 3] = [
    vector(
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        true,
    ),
    vector(
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        true,
    ),
    vector(
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        true,
    ),
];

const LOW_KEY: &str = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa";
const MIXED_KEY: &str = "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d";
const KEY_OF_2_8_9: &str = "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43";
const KEY_OF_6_7: &str = "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623";
const KEY_OF_10_11: &str = "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
const SIGNATURE_OF_10_11: &str = "a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04";

/// The twelve edge vectors of K. Chalkias, F. Garillot and V. Nikolaenko, "Taming the many EdDSAs" (IACR ePrint 2020/1244, table 6c), with what
/// a verifier without cofactor that refuses points of low order and scalars beyond the order must say.
const TAMING: [Vector; 12] = [
    // Key and commitment of low order, scalar zero.
    vector(
        LOW_KEY,
        "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000",
        false,
    ),
    // Key of low order.
    vector(
        LOW_KEY,
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
        false,
    ),
    // Commitment of low order.
    vector(
        KEY_OF_2_8_9,
        "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
        false,
    ),
    // Both of mixed order: nothing that a strict verifier looks at.
    vector(
        MIXED_KEY,
        "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
        "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
        true,
    ),
    // Fits with a cofactor only.
    vector(
        MIXED_KEY,
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
        false,
    ),
    // Fits with a cofactor only, unless that is reduced first.
    vector(
        MIXED_KEY,
        "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
        "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
        false,
    ),
    // A scalar beyond the order.
    vector(
        KEY_OF_6_7,
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
        false,
    ),
    // A scalar far beyond the order.
    vector(
        KEY_OF_6_7,
        "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
        "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
        false,
    ),
    // A commitment that is not canonical, hashed as if it were.
    vector(
        KEY_OF_2_8_9,
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f",
        false,
    ),
    // The same, hashed as it stands.
    vector(
        KEY_OF_2_8_9,
        "9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908",
        false,
    ),
    // A key that is not canonical, hashed as if it were.
    vector(
        KEY_OF_10_11,
        "e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b",
        SIGNATURE_OF_10_11,
        false,
    ),
    // The same, hashed as it stands.
    vector(
        KEY_OF_10_11,
        "39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f",
        SIGNATURE_OF_10_11,
        false,
    ),
];

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// An instruction of the precompile with one signature, of a message of any length.
fn single(key: &[u8], signature: &[u8], message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(message.len()).expect("short");
    let mut data = vec![1, 0];
    for field in [48, 0xffff, 16, 0xffff, 112, length, 0xffff_u16] {
        data.extend(field.to_le_bytes());
    }
    [&data[..], key, signature, message].concat()
}

#[test]
fn the_runtime_gives_the_published_verdict_on_every_published_vector() {
    for (source, vectors) in [("RFC 8032", &RFC_8032[..]), ("Taming the many EdDSAs", &TAMING[..])] {
        for (number, vector) in vectors.iter().enumerate() {
            let data = single(&bytes(vector.key), &bytes(vector.signature), &bytes(vector.message));
            let outcome = agave_precompiles::ed25519::verify(&data, &[&data], &FeatureSet::all_enabled());
            assert_eq!(
                outcome.is_ok(),
                vector.is_accepted,
                "{source}, vector {number}: {outcome:?}"
            );
        }
    }
}

/// A running job whose provider and tenant have signed a few receipts.
struct Running {
    book: Book,
    chain: Chain,
    job: (u8, u64),
}

/// The provider and the tenant of the job.
const PROVIDER: u8 = 0;
const TENANT: u8 = 3;
/// The class of the provider's node.
const CLASS: u8 = 0;

impl Running {
    fn new() -> Self {
        let book = Book::default();
        let mut world = World::new(&book).expect("the prologue");
        let job = (TENANT, 0);
        let actions = [
            Action::JobOpen(JobOpen {
                tenant: TENANT,
                nonce: 0,
                token: GNT,
                class: CLASS,
                range: (CLASS, GNT),
                provider: PROVIDER,
                node: (PROVIDER, 0),
                balance: (TENANT, GNT),
                account: TENANT,
                stake: PROVIDER,
                session: Key::Session(TENANT),
                bundle: 0,
                max_rate: u64::MAX,
                max_s: 600,
                gpus: 1,
            }),
            Action::JobStart(JobStart {
                signer: Key::Attestation(PROVIDER, 0),
                job,
            }),
            Action::Advance(Advance { seconds: 10 }),
        ];
        for action in actions {
            assert_eq!(world.step(&book, &action), Ok(None), "{action:?}");
        }
        let chain = world.chain().clone();
        Self { book, chain, job }
    }

    fn material(&self) -> Material {
        let keys = [
            Key::Attestation(PROVIDER, 0),
            Key::Session(TENANT),
            Key::Attestation(1, 0),
            Key::Session(4),
        ];
        let keys = keys.iter().map(|key| self.book.keys.pair(*key)).collect();
        Material::of(keys, GENESIS_HASH, self.book.at(Place::Job(self.job)).to_bytes())
    }

    /// The instruction of the market that reads this layout.
    fn reader(&self, layout: Layout) -> Instruction {
        let at = |place| self.book.at(place);
        let balance = at(Place::Balance(PROVIDER, GNT));
        let job = at(Place::Job(self.job));
        let build = |accounts: Vec<_>, data| Instruction {
            program_id: market::ID,
            accounts,
            data,
        };
        match layout {
            Layout::CoSigned => build(
                accounts::JobSettle {
                    job,
                    balance,
                    instructions: address::INSTRUCTIONS_SYSVAR,
                    clock: address::CLOCK_SYSVAR,
                }
                .to_account_metas(None),
                arguments::JobSettle {}.data(),
            ),
            Layout::Single => build(
                accounts::ClaimOpen {
                    attestation_key: self.book.key(Key::Attestation(PROVIDER, 0)),
                    job,
                    balance,
                    claim: at(Place::Claim(self.job)),
                    instructions: address::INSTRUCTIONS_SYSVAR,
                    system_program: address::SYSTEM_PROGRAM,
                }
                .to_account_metas(None),
                arguments::ClaimOpen {}.data(),
            ),
            Layout::Pair => build(
                accounts::FaultProve {
                    reporter: self.book.wallet(5),
                    job,
                    provider: at(Place::Provider(PROVIDER)),
                    fault: at(Place::Fault(self.job, 1)),
                    signer: at(Place::Signer),
                    pool: at(Place::Pool),
                    stake: at(Place::Stake(PROVIDER)),
                    mint: self.book.mint(GNT),
                    vault: at(Place::Bonds),
                    bounty_account: self.book.purse(Purse::Of(5, GNT)),
                    token_program: self.book.token_program(GNT),
                    staking_program: gantry_sdk::staking::ID,
                    instructions: address::INSTRUCTIONS_SYSVAR,
                    system_program: address::SYSTEM_PROGRAM,
                }
                .to_account_metas(None),
                arguments::FaultProve { kind: 1 }.data(),
            ),
        }
    }
}

fn precompile(data: Vec<u8>) -> Instruction {
    Instruction {
        program_id: ED25519_PROGRAM,
        accounts: Vec::new(),
        data,
    }
}

/// How the runtime reports the market's error.
fn refusal(error: MarketError) -> InstructionError {
    InstructionError::from(u64::from(anchor_lang::prelude::ProgramError::from(error)))
}

#[test]
fn the_bytecode_gives_the_same_verdict_as_the_host_on_a_sample_of_the_cases() {
    const SAMPLE: usize = 97;
    let running = Running::new();
    let (material, features) = (running.material(), FeatureSet::all_enabled());
    let (mut report, mut settled, mut tried) = (Report::default(), 0, 0);
    let mut chain = running.chain.clone();
    let sample = ed25519::systematic(&material).enumerate();
    // All that the precompile may accept are few; of the others every so many.
    for (number, mut case) in sample {
        let reader = running.reader(case.layout);
        case.instructions[2].clone_from(&reader.data);
        let is_redirected = case.data().len() == Case::honest(case.layout, &material).data().len()
            && case.data()[2..30] != Case::honest(case.layout, &material).data()[2..30]
            && number % 11 == 0;
        if !(case.is_honest || is_redirected || number % SAMPLE == 0) {
            continue;
        }
        tried += 1;
        let Verdict {
            is_verified,
            is_canonical,
        } = report
            .look(&case, &material, &features)
            .unwrap_or_else(|what| panic!("{what}"));
        let transaction = [
            precompile(case.instructions[0].clone()),
            precompile(case.data().to_vec()),
            reader,
        ];
        match chain.send(&transaction) {
            Ok(_) => {
                settled += 1;
                chain = running.chain.clone();
                assert!(is_verified && is_canonical, "believed on chain alone:\n{case}");
            }
            Err(((1, _), _)) => assert!(!is_verified, "the runtime differs from itself:\n{case}"),
            Err(((2, error), _)) => {
                let is_layout = error == refusal(MarketError::SignaturesNotCanonical);
                assert!(is_verified && is_layout != is_canonical, "{error:?}:\n{case}");
            }
            Err((refused, _)) => panic!("{refused:?}:\n{case}"),
        }
    }
    println!("{tried} cases on bytecode, of which the market took {settled} for signed: {report:?}");
    assert!(tried > 2_000 && settled >= 3, "{tried} tried, {settled} settled");
}

#[test]
fn a_job_whose_key_is_a_point_of_low_order_pays_nothing_to_those_who_know_that() {
    let running = Running::new();
    let honest = Case::honest(Layout::CoSigned, &running.material());
    for key in LOW_ORDER {
        let mut chain = running.chain.clone();
        let job = running.book.at(Place::Job(running.job));
        chain.alter(&job, |job: &mut market::state::Job| {
            job.attestation_key = Pubkey::new_from_array(key);
            job.session_key = Pubkey::new_from_array(key);
        });
        for commitment in LOW_ORDER {
            let mut data = honest.data().to_vec();
            for (key_at, signature_at) in [(30, 94), (62, 158)] {
                data[key_at..key_at + 32].copy_from_slice(&key);
                data[signature_at..signature_at + 32].copy_from_slice(&commitment);
                data[signature_at + 32..signature_at + 64].fill(0);
            }
            let transaction = [precompile(data), running.reader(Layout::CoSigned)];
            let refused = chain.send(&transaction).expect_err("nobody can sign for such a key");
            assert_eq!(refused.0.0, 0, "the precompile refuses it: {:?}", refused.0);
        }
    }
}
