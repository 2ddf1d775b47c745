//! Everything the staking program refuses. Append-only: codes are part of the interface.

use anchor_lang::prelude::*;
use gantry_protocol::shares::Refusal;

/// Why the staking program refused. Codes from 6000.
#[error_code]
#[derive(Debug, PartialEq, Eq)]
pub enum StakingError {
    /// The signer did not deploy the program.
    #[msg(
        "Only the program's upgrade authority may initialise the pool; sign with the key that deployed the program."
    )]
    NotUpgradeAuthority,
    /// The signer does not govern the pool.
    #[msg("Only the pool's authority may change its parameters; sign with that key.")]
    NotAuthority,
    /// A period outside the protocol's bounds.
    #[msg("The unbonding period must lie between one day and 90 days; choose a period inside that range.")]
    UnbondingPeriodOutOfRange,
    /// An amount of zero.
    #[msg("The amount is zero; name at least one base unit.")]
    ZeroAmount,
    /// A sum that leaves 64 bits.
    #[msg("The amount is too large for a 64-bit balance; use a smaller amount.")]
    AmountOverflow,
    /// More than is active and unreserved.
    #[msg("The stake has less than that active and unreserved; wait for jobs to end, or name a smaller amount.")]
    InsufficientStake,
    /// All queue places are taken.
    #[msg("Eight unbonding requests are already waiting; withdraw a matured one first.")]
    UnbondingQueueFull,
    /// Nothing is ripe.
    #[msg("No unbonding request has passed its period yet; try again after the earliest one's time.")]
    NothingToWithdraw,
    /// The signer is not the market.
    #[msg("Only the market program's signer may reserve or release stake.")]
    NotMarket,
    /// More than was reserved.
    #[msg("The stake has less than that reserved; release at most what is reserved.")]
    InsufficientReserve,
    /// Not the owner's account.
    #[msg("The stake belongs to another owner; sign with the owner's wallet.")]
    NotOwner,
    /// The mint has Token-2022 extensions.
    #[msg("The mint carries Token-2022 extensions that the pool does not admit; use a mint without extensions.")]
    MintNotAdmitted,
    /// A key of all zeros.
    #[msg("The key is all zeros, which nobody can sign for; name a real key.")]
    InvalidKey,
    /// An empty place of the queue.
    #[msg("No unbonding request waits at that place; look at the stake's queue again.")]
    NoSuchUnbonding,
    /// A penalty above 100 %.
    #[msg("A penalty is at most 10,000 basis points of the slashable stake.")]
    PenaltyOutOfRange,
    /// More shares than the delegation has.
    #[msg("The delegation has fewer shares than that; name at most what it has.")]
    InsufficientShares,
    /// An amount too small for the price of a share.
    #[msg("That is worth less than one share or one base unit; name a larger amount.")]
    WorthNothing,
    /// All of the delegated stake was slashed.
    #[msg(
        "A fault took all that was delegated to this stake, so its shares have no price; delegate to another provider."
    )]
    DelegationWiped,
    /// Not the delegator's.
    #[msg("The delegation belongs to another wallet; sign with the wallet that delegated.")]
    NotDelegator,
    /// A delegation and a stake that do not belong together.
    #[msg("The delegation is to another stake; name that one.")]
    WrongStake,
    /// A commission above the bound.
    #[msg("The commission is at most 5,000 basis points; choose one up to that.")]
    CommissionTooHigh,
    /// A reward without stake.
    #[msg("Neither the provider nor anybody else has active stake there that could earn the reward; bond or delegate first.")]
    NobodyToReward,
}

impl From<Refusal> for StakingError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Wiped => Self::DelegationWiped,
            Refusal::Nothing => Self::WorthNothing,
            Refusal::NotEnoughShares => Self::InsufficientShares,
            Refusal::Overflow => Self::AmountOverflow,
        }
    }
}
