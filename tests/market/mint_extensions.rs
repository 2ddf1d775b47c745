//! Which extensions of a mint are admitted: every one that the token program of 2022 knows, and what is none.

use gantry_sdk::{Pubkey, instruction::market as instruction};
use gantry_tests::{
    token::{Extend, Mint, TOKEN_2022_PROGRAM, tokens_in},
    world::World,
};
use market::MarketError::{self, *};
use solana_instruction::error::InstructionError;
use spl_token_2022_interface::{
    extension::{
        ExtensionType, default_account_state, group_member_pointer, group_pointer, interest_bearing_mint,
        metadata_pointer, pausable, scaled_ui_amount, transfer_hook,
    },
    instruction as token,
    state::{AccountState, Mint as MintState},
};

/// Bytes of a mint without extensions.
const PLAIN_BYTES: usize = 82;
/// Where the account's type stands, and the list of extensions behind it.
const ACCOUNT_TYPE_AT: usize = 165;
/// Bytes of the type and the length of an entry.
const ENTRY_HEAD_BYTES: usize = 4;
/// What no account with extensions may be as long as: a multisig.
const MULTISIG_BYTES: usize = 355;

/// Why a mint with this extension is refused, or that it is not. There is no arm for all others: whoever updates the token program's
/// interface to one with more extensions has to judge them here before this compiles.
const fn verdict(extension: ExtensionType) -> Option<MarketError> {
    match extension {
        // No extension, but the end of the list.
        ExtensionType::Uninitialized => None,
        ExtensionType::TransferFeeConfig
        | ExtensionType::MetadataPointer
        | ExtensionType::TokenMetadata
        | ExtensionType::GroupPointer
        | ExtensionType::TokenGroup
        | ExtensionType::GroupMemberPointer
        | ExtensionType::TokenGroupMember => None,
        ExtensionType::MintCloseAuthority => Some(MintClosable),
        ExtensionType::ConfidentialTransferMint
        | ExtensionType::ConfidentialTransferFeeConfig
        | ExtensionType::ConfidentialMintBurn => Some(MintConfidential),
        ExtensionType::DefaultAccountState => Some(MintDefaultState),
        ExtensionType::NonTransferable => Some(MintNonTransferable),
        ExtensionType::InterestBearingConfig | ExtensionType::ScaledUiAmount => Some(MintRescaled),
        ExtensionType::PermanentDelegate => Some(MintPermanentDelegate),
        ExtensionType::TransferHook => Some(MintTransferHook),
        ExtensionType::Pausable => Some(MintPausable),
        // Burning a fee would need somebody's approval; the network token is a plain mint anyway.
        ExtensionType::PermissionedBurn => Some(MintNotAdmitted),
        // Of token accounts: in a mint they are a mistake.
        ExtensionType::TransferFeeAmount
        | ExtensionType::ConfidentialTransferAccount
        | ExtensionType::ImmutableOwner
        | ExtensionType::MemoTransfer
        | ExtensionType::CpiGuard
        | ExtensionType::NonTransferableAccount
        | ExtensionType::TransferHookAccount
        | ExtensionType::ConfidentialTransferFeeAmount
        | ExtensionType::PausableAccount => Some(MintNotAdmitted),
    }
}

/// Every extension that the interface of the token program knows.
fn every_extension() -> Vec<ExtensionType> {
    (0..=u16::MAX)
        .filter_map(|number| ExtensionType::try_from(number).ok())
        .collect()
}

/// An entry of the list of extensions, as long as the token program makes it, and of zeros.
fn entry(extension: ExtensionType) -> Vec<u8> {
    let value_bytes = match extension {
        ExtensionType::Uninitialized => return vec![0; ENTRY_HEAD_BYTES],
        // Of any length.
        ExtensionType::TokenMetadata => 80,
        sized => {
            let all = ExtensionType::try_calculate_account_len::<MintState>(&[sized]).expect("it has a length");
            all - ACCOUNT_TYPE_AT - 1 - ENTRY_HEAD_BYTES
        }
    };
    raw_entry(u16::from(extension), &vec![0; value_bytes])
}

fn raw_entry(number: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("short");
    [&number.to_le_bytes()[..], &length.to_le_bytes(), value].concat()
}

/// A world and a mint with these bytes for a list of extensions, which no instruction of the token program made.
fn with_entries(entries: &[u8]) -> (World, Mint) {
    let mut world = World::configured();
    let mint = Mint::plain_2022(&mut world.chain, 6);
    forge(&mut world, &mint.address, |data| {
        data.resize(ACCOUNT_TYPE_AT, 0);
        data.push(1);
        data.extend(entries);
        if data.len() == MULTISIG_BYTES {
            data.extend([0, 0]);
        }
    });
    (world, mint)
}

fn forge(world: &mut World, mint: &Pubkey, change: impl FnOnce(&mut Vec<u8>)) {
    let mut account = world.chain.account(mint).expect("a mint");
    assert_eq!(account.data.len(), PLAIN_BYTES);
    change(&mut account.data);
    account.lamports = world.chain.rent(account.data.len());
    world.chain.put(mint, account);
}

fn expect(world: &mut World, mint: &Mint, verdict: Option<MarketError>) {
    let outcome = world.register_mint(mint);
    match verdict {
        None => drop(outcome.succeeds()),
        Some(error) => outcome.is_refused(error),
    }
}

#[test]
fn every_extension_of_the_token_program_is_admitted_or_refused_for_its_reason() {
    let all = every_extension();
    assert!(all.len() > 25, "the interface knows its extensions");
    for extension in all {
        println!("{extension:?}");
        let (mut world, mint) = with_entries(&entry(extension));
        expect(&mut world, &mint, verdict(extension));
    }
}

#[test]
fn tokens_of_every_admitted_mint_come_in_and_go_out() {
    for extension in every_extension().into_iter().filter(|one| verdict(*one).is_none()) {
        println!("{extension:?}");
        let (mut world, mint) = with_entries(&entry(extension));
        world.register_mint(&mint).succeeds();
        let owner = world.tenant.owner();
        world.open_balance(&owner, &mint);
        let account = mint.mint_to(&mut world.chain, &owner, 10);
        let (address, program) = (mint.address, mint.token_program);
        let both = [
            instruction::balance_deposit(owner, address, account, program, 10),
            instruction::balance_withdraw(owner, address, account, program, 10),
        ];
        world.chain.send(&both, &[&world.tenant.wallet]).succeeds();
        assert_eq!(tokens_in(&world.chain, &account), 10);
    }
}

#[test]
fn one_bad_extension_among_good_ones_is_found_wherever_it_stands() {
    let good = [
        ExtensionType::MetadataPointer,
        ExtensionType::TransferFeeConfig,
        ExtensionType::TokenMetadata,
    ];
    for place in 0..=good.len() {
        let mut extensions = good.to_vec();
        extensions.insert(place, ExtensionType::PermanentDelegate);
        let entries: Vec<u8> = extensions.into_iter().flat_map(entry).collect();
        let (mut world, mint) = with_entries(&entries);
        world.register_mint(&mint).is_refused(MintPermanentDelegate);
    }
    let entries: Vec<u8> = good.into_iter().flat_map(entry).collect();
    let (mut world, mint) = with_entries(&entries);
    world.register_mint(&mint).succeeds();
}

#[test]
fn an_extension_that_nobody_knows_is_refused_wherever_it_stands() {
    let known: Vec<u16> = every_extension().into_iter().map(u16::from).collect();
    let next = known.iter().max().expect("there are some") + 1;
    for number in [next, 999, u16::MAX] {
        let unknown = raw_entry(number, &[0; 8]);
        for entries in [
            unknown.clone(),
            [entry(ExtensionType::MetadataPointer), unknown].concat(),
        ] {
            let (mut world, mint) = with_entries(&entries);
            world.register_mint(&mint).is_refused(MintNotAdmitted);
        }
    }
}

#[test]
fn what_is_no_list_of_extensions_is_refused() {
    let pointer = entry(ExtensionType::MetadataPointer);
    let cut = pointer[..pointer.len() - 1].to_vec();
    let without_length = [&pointer[..], &18u16.to_le_bytes(), &[0]].concat();
    let behind_the_end = [&pointer[..], &[0, 0, 0, 1]].concat();
    let half_a_type = [&pointer[..], &[7]].concat();
    for entries in [cut, without_length, behind_the_end, half_a_type] {
        let (mut world, mint) = with_entries(&entries);
        world.register_mint(&mint).is_refused(MintNotAdmitted);
    }
}

#[test]
fn bytes_between_the_mint_and_its_extensions_are_refused() {
    for at in [PLAIN_BYTES, ACCOUNT_TYPE_AT - 1] {
        let mut world = World::configured();
        let mint = Mint::plain_2022(&mut world.chain, 6);
        forge(&mut world, &mint.address, |data| {
            data.resize(ACCOUNT_TYPE_AT, 0);
            data[at] = 1;
            data.push(1);
        });
        world.register_mint(&mint).is_refused(MintNotAdmitted);
    }
}

#[test]
fn what_calls_itself_a_token_account_is_no_mint() {
    let mut world = World::configured();
    let mint = Mint::plain_2022(&mut world.chain, 6);
    forge(&mut world, &mint.address, |data| {
        data.resize(ACCOUNT_TYPE_AT, 0);
        data.push(2);
    });
    world
        .register_mint(&mint)
        .is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn mints_that_the_token_program_itself_makes_are_judged_alike() {
    const PROGRAM: &Pubkey = &TOKEN_2022_PROGRAM;
    let made: [(ExtensionType, Extend); 11] = [
        (ExtensionType::MintCloseAuthority, |mint, authority| {
            token::initialize_mint_close_authority(PROGRAM, mint, Some(authority)).unwrap()
        }),
        (ExtensionType::PermanentDelegate, |mint, authority| {
            token::initialize_permanent_delegate(PROGRAM, mint, authority).unwrap()
        }),
        (ExtensionType::NonTransferable, |mint, _| {
            token::initialize_non_transferable_mint(PROGRAM, mint).unwrap()
        }),
        (ExtensionType::DefaultAccountState, |mint, _| {
            let state = &AccountState::Initialized;
            default_account_state::instruction::initialize_default_account_state(PROGRAM, mint, state).unwrap()
        }),
        (ExtensionType::InterestBearingConfig, |mint, authority| {
            interest_bearing_mint::instruction::initialize(PROGRAM, mint, Some(*authority), 5).unwrap()
        }),
        (ExtensionType::ScaledUiAmount, |mint, authority| {
            scaled_ui_amount::instruction::initialize(PROGRAM, mint, Some(*authority), 2.0).unwrap()
        }),
        (ExtensionType::Pausable, |mint, authority| {
            pausable::instruction::initialize(PROGRAM, mint, authority).unwrap()
        }),
        (ExtensionType::TransferHook, |mint, authority| {
            transfer_hook::instruction::initialize(PROGRAM, mint, Some(*authority), None).unwrap()
        }),
        (ExtensionType::MetadataPointer, |mint, authority| {
            metadata_pointer::instruction::initialize(PROGRAM, mint, Some(*authority), Some(*mint)).unwrap()
        }),
        (ExtensionType::GroupPointer, |mint, authority| {
            group_pointer::instruction::initialize(PROGRAM, mint, Some(*authority), Some(*mint)).unwrap()
        }),
        (ExtensionType::GroupMemberPointer, |mint, authority| {
            group_member_pointer::instruction::initialize(PROGRAM, mint, Some(*authority), Some(*mint)).unwrap()
        }),
    ];
    for (extension, extend) in made {
        println!("{extension:?}");
        let mut world = World::configured();
        let mint = Mint::extended(&mut world.chain, 6, &[(extension, extend)]);
        expect(&mut world, &mint, verdict(extension));
    }
}
