//! Mints and token accounts, made by the token programs' own instructions.

use gantry_sdk::{
    Instruction, Keypair, Pubkey, Signer,
    address::{self, TOKEN_PROGRAM},
};
use solana_account::ReadableAccount;
use solana_system_interface::instruction::create_account;
use spl_associated_token_account_interface::instruction::create_associated_token_account_idempotent;
use spl_token_2022_interface::{
    extension::{ExtensionType, transfer_fee::instruction::initialize_transfer_fee_config},
    instruction as token,
    state::Mint as MintState,
};

use crate::{chain::Chain, key};

/// The token program of 2022.
pub const TOKEN_2022_PROGRAM: Pubkey = spl_token_2022_interface::ID;

/// What a mint made by [`Mint::with_transfer_fee`] takes at first: 1 %, rounded up.
pub const TRANSFER_FEE_BPS: u16 = 100;

/// What makes a mint with so many decimals.
pub type MakeMint = fn(&mut Chain, u8) -> Mint;

/// The instruction that gives a mint, which is not initialised yet, an extension under this authority.
pub type Extend = fn(&Pubkey, &Pubkey) -> Instruction;

/// A mint, whose authority the tests hold.
#[derive(Clone, Debug)]
pub struct Mint {
    /// Its address.
    pub address: Pubkey,
    /// The token program that owns it.
    pub token_program: Pubkey,
    /// Digits behind the point.
    pub decimals: u8,
    authority: [u8; 64],
}

impl Mint {
    /// A mint of the classic token program.
    pub fn classic(chain: &mut Chain, decimals: u8) -> Self {
        Self::create(chain, TOKEN_PROGRAM, decimals, &[])
    }

    /// A mint of the token program of 2022 without extensions.
    pub fn plain_2022(chain: &mut Chain, decimals: u8) -> Self {
        Self::create(chain, TOKEN_2022_PROGRAM, decimals, &[])
    }

    /// A mint of the token program of 2022 that takes a fee of its own, [`TRANSFER_FEE_BPS`], out of every transfer.
    pub fn with_transfer_fee(chain: &mut Chain, decimals: u8) -> Self {
        let extend: Extend = |mint, authority| {
            let (program, most) = (&TOKEN_2022_PROGRAM, u64::MAX);
            initialize_transfer_fee_config(program, mint, Some(authority), Some(authority), TRANSFER_FEE_BPS, most)
                .expect("a token program")
        };
        Self::extended(chain, decimals, &[(ExtensionType::TransferFeeConfig, extend)])
    }

    /// A mint of the token program of 2022 with these extensions, each with the instruction that the token program has for it: it is
    /// given the addresses of the mint and of its authority.
    pub fn extended(chain: &mut Chain, decimals: u8, extensions: &[(ExtensionType, Extend)]) -> Self {
        Self::create(chain, TOKEN_2022_PROGRAM, decimals, extensions)
    }

    fn create(chain: &mut Chain, token_program: Pubkey, decimals: u8, extensions: &[(ExtensionType, Extend)]) -> Self {
        let (mint, authority) = (key::fresh(), key::fresh());
        let types: Vec<_> = extensions.iter().map(|(extension, _)| *extension).collect();
        chain.fund(&authority.pubkey());
        let bytes = ExtensionType::try_calculate_account_len::<MintState>(&types).expect("mint extensions");
        let (payer, address) = (authority.pubkey(), mint.pubkey());
        let mut instructions = vec![create_account(
            &payer,
            &address,
            chain.rent(bytes),
            u64::try_from(bytes).expect("small"),
            &token_program,
        )];
        instructions.extend(extensions.iter().map(|(_, extend)| extend(&address, &payer)));
        let initialize = token::initialize_mint2(&token_program, &address, &payer, None, decimals);
        instructions.push(initialize.expect("a token program"));
        chain.send(&instructions, &[&authority, &mint]).succeeds();
        Self {
            address,
            token_program,
            decimals,
            authority: authority.to_bytes(),
        }
    }

    /// The token account of `owner`, opened if there is none.
    pub fn account_of(&self, chain: &mut Chain, owner: &Pubkey) -> Pubkey {
        let authority = self.authority();
        let open =
            create_associated_token_account_idempotent(&authority.pubkey(), owner, &self.address, &self.token_program);
        chain.send(&[open], &[&authority]).succeeds();
        address::associated_token(owner, &self.address, &self.token_program)
    }

    /// Makes `amount` new tokens for `owner` and returns its token account.
    pub fn mint_to(&self, chain: &mut Chain, owner: &Pubkey, amount: u64) -> Pubkey {
        let account = self.account_of(chain, owner);
        chain
            .send(&[self.mint_instruction(&account, amount)], &[&self.authority()])
            .succeeds();
        account
    }

    /// Makes `amount` new tokens inside a program's vault, which belong to nobody.
    pub fn give_away(&self, chain: &mut Chain, vault: &Pubkey, amount: u64) {
        chain.note_gift(&self.address, amount);
        chain
            .send(&[self.mint_instruction(vault, amount)], &[&self.authority()])
            .succeeds();
    }

    fn mint_instruction(&self, account: &Pubkey, amount: u64) -> Instruction {
        let authority = self.authority().pubkey();
        token::mint_to(&self.token_program, &self.address, account, &authority, &[], amount).expect("a token program")
    }

    /// Who may make tokens, and whatever the extensions let an authority do.
    ///
    /// # Panics
    /// Never: it was a key pair.
    #[must_use]
    pub fn authority(&self) -> Keypair {
        Keypair::try_from(&self.authority[..]).expect("64 bytes of a key pair")
    }
}

/// Tokens in a token account.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn tokens_in(chain: &Chain, account: &Pubkey) -> u64 {
    let account = chain.account(account).expect("a token account");
    let bytes = account.data().get(64..72).and_then(|bytes| bytes.try_into().ok());
    bytes.map(u64::from_le_bytes).expect("a token account has an amount")
}

/// Tokens of a mint that exist.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn supply_of(chain: &Chain, mint: &Pubkey) -> u64 {
    let account = chain.account(mint).expect("a mint");
    let bytes = account.data().get(36..44).and_then(|bytes| bytes.try_into().ok());
    bytes.map(u64::from_le_bytes).expect("a mint has a supply")
}
