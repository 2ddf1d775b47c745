//! Mints that may be registered: those of the classic token program, and those of the token program of 2022 whose extensions are all on
//! the allow-list of `gantry_onchain::mint`.

use anchor_lang::{accounts::SlabSchema, prelude::*};
use anchor_spl::token_interface::Mint;
use bytemuck::{Pod, Zeroable};
use core::ops::Deref;
use gantry_onchain::mint::{objection, Objection, TOKEN_2022};

use crate::MarketError;

/// A mint that the market admits, checked while it is loaded: before anything is created for it, and with the reason.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct AdmittedMint(Mint);

// SAFETY: transparent over a type that is both.
unsafe impl Pod for AdmittedMint {}
// SAFETY: as above.
unsafe impl Zeroable for AdmittedMint {}

impl Deref for AdmittedMint {
    type Target = Mint;

    #[inline(always)]
    fn deref(&self) -> &Mint {
        &self.0
    }
}

impl SlabSchema for AdmittedMint {
    const DATA_OFFSET: usize = <Mint as SlabSchema>::DATA_OFFSET;
    const MIN_DATA_LEN: usize = <Mint as SlabSchema>::MIN_DATA_LEN;

    fn validate(view: &AccountView, data: &[u8]) -> core::result::Result<(), ProgramError> {
        // First, for Anchor knows no reason, and not even all extensions.
        if view.owned_by(&TOKEN_2022) {
            if let Some(objection) = objection(data) {
                return Err(MarketError::from(objection).into());
            }
        }
        <Mint as SlabSchema>::validate(view, data)
    }
}

/// As for Anchor's own mint: the token program's layout does not belong into our IDL.
impl anchor_lang::IdlAccountType for AdmittedMint {}

impl From<Objection> for MarketError {
    fn from(objection: Objection) -> Self {
        match objection {
            Objection::Closable => Self::MintClosable,
            Objection::Confidential => Self::MintConfidential,
            Objection::DefaultState => Self::MintDefaultState,
            Objection::NonTransferable => Self::MintNonTransferable,
            Objection::Pausable => Self::MintPausable,
            Objection::PermanentDelegate => Self::MintPermanentDelegate,
            Objection::Rescaled => Self::MintRescaled,
            Objection::TransferHook => Self::MintTransferHook,
            Objection::Unknown => Self::MintNotAdmitted,
        }
    }
}
