//! What actors do. One struct per instruction, which holds everything that decides the transaction: who signs, which accounts stand in it,
//! and its arguments. To add an instruction: a struct with [`Step`] in a file of this folder, and a line in [`Action`].

mod balance;
mod bid;
mod chance;
mod claim;
mod class;
mod configuration;
mod delegation;
mod device;
mod fault;
mod fees;
mod job_change;
mod job_end;
mod job_extend;
mod job_failover;
mod job_life;
mod job_open;
mod job_settle;
mod node;
mod order;
mod outside;
mod provider;
mod receipt;
mod record;
mod reward;
mod stake;
mod unbonding;
mod withdrawal;

use gantry_sdk::Instruction;
use serde::{Deserialize, Serialize};

use crate::{
    book::Book,
    dice::Dice,
    model::{State, Verdict},
};

pub use balance::{BalanceDeposit, BalanceOpen, BalanceWithdraw};
pub use bid::{BidDrop, BidPlace, BidRefund, BidWithdraw};
pub use claim::{ClaimOpen, ClaimRefute, ClaimSettle};
pub use class::{ClassRegister, ClassUpdate, PriceRangeRegister, PriceRangeUpdate};
pub use configuration::{ConfigUpdate, GENESIS_HASH, Initialize, MintRegister, MintUpdate, Parameters, PoolConfigure};
pub(crate) use configuration::{config_initialize, parameters, pool_initialize};
pub use delegation::{DelegationCancel, DelegationDeposit, DelegationOpen, DelegationUnbond, DelegationWithdraw};
pub use device::{DeviceMove, DeviceRegister, DeviceRetire};
pub use fault::{FaultProve, FaultProveSample};
pub use fees::{FeeShardOpen, FeesSweep};
pub use job_change::{JobExit, SessionRotate};
pub use job_end::{Ending, JobCancel, JobClose};
pub use job_extend::JobExtend;
pub use job_failover::JobFailover;
pub use job_life::{JobRekey, JobStart, JobStop};
pub use job_open::JobOpen;
pub use job_settle::JobSettle;
pub(crate) use node::REGION;
pub use node::{NodeHeartbeat, NodePriceSet, NodeRegister, NodeUpdate};
pub use order::{FIRST_ORDER, Name, OrderAccept, OrderCancel, OrderExpire, OrderOpen};
pub use outside::{Advance, Gift};
pub(crate) use provider::profile_number;
pub use provider::{ProviderRegister, ProviderUpdate, profile};
pub use receipt::{Claim, Committed, Evidence, Tamper, root};
pub use record::{MintReferenceSet, TenantOpen, usual_reference};
pub use reward::{CommissionSet, RewardAdd};
pub use stake::{StakeByStranger, StakeDeposit, StakeOpen};
pub use unbonding::{UnbondingCancel, UnbondingRequest, UnbondingWithdraw};
pub use withdrawal::{MintCapSet, WithdrawalCancel, WithdrawalPay, WithdrawalRequest};

/// One thing that an actor can do.
pub trait Step: Sized {
    /// Something that makes sense now, or nearly so; none when nothing does.
    fn generate(dice: &mut Dice, state: &State) -> Option<Self>;

    /// What must come of it.
    ///
    /// # Errors
    /// Why it must be refused; the state is then as before.
    fn apply(&self, state: &mut State) -> Verdict;

    /// The transaction; empty when it needs none.
    fn instructions(&self, book: &Book) -> Vec<Instruction>;
}

macro_rules! actions {
    ($($weight:literal $name:ident,)+) => {
        /// Anything that an actor can do.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[allow(missing_docs)]
        pub enum Action { $($name($name)),+ }

        impl Action {
            /// The names of all actions.
            pub const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// Chooses by weight among all; none when what was chosen makes no sense now.
            fn choose(dice: &mut Dice, state: &State) -> Option<Self> {
                let mut roll = dice.below(0 $(+ $weight)+);
                $(
                    if roll < $weight {
                        return $name::generate(dice, state).map(Self::$name);
                    }
                    roll -= $weight;
                )+
                unreachable!("the roll is below the sum of all weights, but {roll} is left")
            }

            /// What must come of it in the model.
            ///
            /// # Errors
            /// Why it must be refused; the state is then as before.
            pub fn apply(&self, state: &mut State) -> Verdict {
                match self { $(Self::$name(step) => step.apply(state)),+ }
            }

            /// The transaction; empty when it needs none.
            #[must_use]
            pub fn instructions(&self, book: &Book) -> Vec<Instruction> {
                match self { $(Self::$name(step) => step.instructions(book)),+ }
            }

            /// Its number among [`Self::NAMES`].
            #[must_use]
            pub fn number(&self) -> usize {
                let name = match self { $(Self::$name(_) => stringify!($name)),+ };
                Self::NAMES.iter().position(|known| *known == name).unwrap_or(0)
            }
        }
    };
}

// How often each is tried, relative to the others.
actions! {
    12 Advance,
    1 Gift,
    1 Initialize,
    2 ConfigUpdate,
    1 PoolConfigure,
    1 MintRegister,
    2 MintCapSet,
    1 MintUpdate,
    1 ClassRegister,
    1 ClassUpdate,
    2 PriceRangeRegister,
    2 PriceRangeUpdate,
    1 ProviderRegister,
    2 ProviderUpdate,
    1 NodeRegister,
    2 NodeUpdate,
    4 NodePriceSet,
    9 NodeHeartbeat,
    4 DeviceRegister,
    2 DeviceMove,
    2 DeviceRetire,
    3 BalanceOpen,
    6 BalanceDeposit,
    6 BalanceWithdraw,
    3 WithdrawalRequest,
    1 WithdrawalCancel,
    3 WithdrawalPay,
    1 StakeOpen,
    4 StakeDeposit,
    1 StakeByStranger,
    4 UnbondingRequest,
    1 UnbondingCancel,
    3 UnbondingWithdraw,
    14 JobOpen,
    10 JobStart,
    18 JobSettle,
    4 JobStop,
    2 JobRekey,
    9 JobClose,
    3 JobCancel,
    2 FaultProve,
    2 FaultProveSample,
    4 ClaimOpen,
    5 ClaimSettle,
    1 ClaimRefute,
    3 FeeShardOpen,
    4 FeesSweep,
    4 JobExtend,
    2 DelegationOpen,
    6 DelegationDeposit,
    4 DelegationUnbond,
    1 DelegationCancel,
    3 DelegationWithdraw,
    2 CommissionSet,
    3 RewardAdd,
    2 OrderOpen,
    18 BidPlace,
    1 BidWithdraw,
    7 BidDrop,
    5 OrderAccept,
    1 OrderCancel,
    2 OrderExpire,
    6 BidRefund,
    3 SessionRotate,
    2 JobExit,
    5 JobFailover,
    1 TenantOpen,
    2 MintReferenceSet,
}

impl Action {
    /// Something to try now.
    pub fn generate(dice: &mut Dice, state: &State) -> Self {
        loop {
            if let Some(action) = Self::choose(dice, state) {
                return action;
            }
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        Self::NAMES[self.number()]
    }

    /// The number of the instruction that decides: behind the precompile's, where there is one.
    #[must_use]
    pub const fn deciding_instruction(&self) -> u8 {
        match self {
            Self::JobSettle(JobSettle { evidence, .. })
            | Self::FaultProve(FaultProve { evidence, .. })
            | Self::FaultProveSample(FaultProveSample { evidence, .. })
            | Self::ClaimOpen(ClaimOpen { evidence, .. })
            | Self::ClaimRefute(ClaimRefute { evidence, .. }) => evidence.instructions_before(),
            _ => 0,
        }
    }
}

/// An instruction of an Anchor program.
fn build(
    program_id: gantry_sdk::Pubkey,
    accounts: &impl anchor_lang::ToAccountMetas,
    arguments: &impl anchor_lang::InstructionData,
) -> Vec<Instruction> {
    vec![Instruction {
        program_id,
        accounts: accounts.to_account_metas(None),
        data: arguments.data(),
    }]
}
