//! The cases that do not go by the rule, each with its reason.

use market::MarketError;
use solana_instruction::error::InstructionError;

use crate::{
    allowed::ALLOWED,
    case::Fault,
    expectation::Verdict::{self, Market, Solana},
    identities::{
        ADDRESS, NO_SUCH_BID, NOT_DEPLOYER, NOT_POOLS_DEPLOYER, NOT_THE_DELEGATIONS_STAKE, NOT_THE_MINTS_PROGRAM,
        NOT_THE_TOKENS_OWNER, NOT_WRITABLE, SEEDS, TOKENS, TWICE, WRONG_BALANCE, WRONG_FEE_SHARD,
    },
};

/// Accounts that behave otherwise than by rule when something certain is wrong with them.
pub(crate) struct Exception {
    /// Instructions and accounts.
    pub(crate) at: &'static [(&'static str, &'static str)],
    /// What is wrong with them.
    pub(crate) faults: &'static [&'static str],
    /// What becomes of the call.
    pub(crate) verdict: Verdict,
    /// Why.
    pub(crate) why: &'static str,
}

/// Any other account of the chain.
pub(crate) const ANYONE: &str = "anyone";
/// Whatever the instruction or the account.
pub(crate) const ANY: &str = "any";

/// Cases that are refused otherwise than by rule.
const REFUSED: &[Exception] = &[
    Exception {
        at: &[("balance_deposit", "balance"), ("balance_withdraw", "balance")],
        faults: &["the tenant's euros"],
        verdict: WRONG_BALANCE,
        why: "its owner is the right one, so it is the mint that gives it away",
    },
    Exception {
        at: &[("balance_deposit", "source")],
        faults: &[
            "the provider's USDC tokens",
            "the guest's USDC tokens",
            "the treasury's USDC tokens",
        ],
        verdict: NOT_THE_TOKENS_OWNER,
        why: "its mint is the right one, so it is the token program that sees another's tokens",
    },
    Exception {
        at: &[("stake_deposit", "source")],
        faults: &["the rival's GNT tokens"],
        verdict: NOT_THE_TOKENS_OWNER,
        why: "its mint is the right one, so it is the token program that sees another's tokens",
    },
    Exception {
        at: &[("delegation_deposit", "source"), ("reward_add", "source")],
        faults: &[
            "the provider's GNT tokens",
            "the rival's GNT tokens",
            "the guest's GNT tokens",
        ],
        verdict: NOT_THE_TOKENS_OWNER,
        why: "its mint is the right one, so it is the token program that sees another's tokens",
    },
    Exception {
        at: &[
            ("delegation_cancel", "stake"),
            ("delegation_deposit", "stake"),
            ("delegation_unbond", "stake"),
            ("delegation_withdraw", "stake"),
        ],
        faults: &["copied"],
        verdict: NOT_THE_DELEGATIONS_STAKE,
        why: "the delegation names the stake's address",
    },
    Exception {
        at: &[
            ("balance_deposit", "token_program"),
            ("balance_withdraw", "token_program"),
            ("fees_sweep", "token_program"),
            ("withdrawal_pay", "token_program"),
        ],
        faults: &["the token program", "the token program of 2022"],
        verdict: ADDRESS,
        why: "it is a token program, but not the mint's",
    },
    Exception {
        at: &[
            ("delegation_deposit", "token_program"),
            ("delegation_withdraw", "token_program"),
            ("fault_prove", "token_program"),
            ("fault_prove_sample", "token_program"),
            ("reward_add", "token_program"),
            ("stake_deposit", "token_program"),
            ("stake_slash", "token_program"),
            ("unbonding_withdraw", "token_program"),
        ],
        faults: &["the token program"],
        verdict: TOKENS,
        why: "the classic token program cannot even read token accounts with an extension",
    },
    Exception {
        at: &[("pool_initialize", "mint")],
        faults: &["the euro mint"],
        verdict: NOT_THE_MINTS_PROGRAM,
        why: "the deployer says which mint is the network token, but this one belongs to the other token program",
    },
    Exception {
        at: &[("device_retire", "caller")],
        faults: &["exchanged with owner"],
        verdict: ADDRESS,
        why: "the provider may call, but its rent does not go to the authority",
    },
    Exception {
        at: &[("fees_sweep", "treasury_account")],
        faults: &[
            "the guest's USDC tokens",
            "the provider's USDC tokens",
            "the tenant's USDC tokens",
        ],
        verdict: Market(MarketError::WrongTreasury),
        why: "its mint is the right one, so it is the owner that gives it away",
    },
    Exception {
        at: &[("fees_sweep", "fee_shard")],
        faults: &["another fee shard"],
        verdict: Market(MarketError::NothingToSweep),
        why: "every shard of the mint may be swept, but this one is empty",
    },
    Exception {
        at: &[("job_close", "job")],
        faults: &["copied"],
        verdict: WRONG_FEE_SHARD,
        why: "its terms are the right ones, but its address names another shard",
    },
    Exception {
        at: &[("job_rekey", "provider")],
        faults: &["copied"],
        verdict: SEEDS,
        why: "its owner is the right one, so it is the address that gives it away",
    },
    Exception {
        at: &[("job_failover", "payer")],
        faults: &["the session key"],
        verdict: TWICE,
        why: "the session key signs in another place, where it is not written",
    },
    Exception {
        at: &[("job_settle", "job")],
        faults: &["copied"],
        verdict: Market(MarketError::WrongJob),
        why: "its terms are the right ones, but the receipt names the job's address",
    },
    Exception {
        at: &[
            ("bid_refund", "tenant"),
            ("claim_settle", "payer"),
            ("device_retire", "owner"),
            ("order_expire", "tenant"),
            ("withdrawal_pay", "owner"),
        ],
        faults: &[
            "the market program",
            "the system program",
            "the clock",
            "the rent sysvar",
            "the instructions sysvar",
        ],
        verdict: NOT_WRITABLE,
        why: "the runtime lets nobody write there, which is seen before the address is compared",
    },
    Exception {
        at: &[("bid_place", "displaced_balance")],
        faults: &["the market program"],
        verdict: WRONG_BALANCE,
        why: "it stands for no account at all, but somebody is displaced",
    },
    Exception {
        at: &[
            ("bid_place", "config"),
            ("bid_place", "node"),
            ("bid_place", "provider"),
            ("bid_place", "registered_mint"),
        ],
        faults: &["the rival's USDC"],
        verdict: Solana(InstructionError::AccountDataTooSmall),
        why: "whose second place is that of an account which may be none, so that it is loaded before the two are seen",
    },
    Exception {
        at: &[("bid_place", "gpu_class"), ("bid_place", "price_range")],
        faults: &["the rival's USDC"],
        verdict: Solana(InstructionError::InvalidAccountData),
        why: "as before",
    },
    Exception {
        at: &[("bid_place", "stake")],
        faults: &["the rival's USDC"],
        verdict: Solana(InstructionError::IllegalOwner),
        why: "as before",
    },
    Exception {
        at: &[("bid_drop", "node"), ("order_accept", "node")],
        faults: &["copied"],
        verdict: NO_SUCH_BID,
        why: "the bid names the node's address",
    },
    Exception {
        at: &[("config_initialize", "program_data")],
        faults: &["usurped", "emptied", "zeroed"],
        verdict: NOT_DEPLOYER,
        why: "the address is the right one, but the loader does not say there who may upgrade the program",
    },
    Exception {
        at: &[("pool_initialize", "program_data")],
        faults: &["usurped", "emptied", "zeroed"],
        verdict: NOT_POOLS_DEPLOYER,
        why: "the address is the right one, but the loader does not say there who may upgrade the program",
    },
];

/// Written accounts that may stand in a second place.
pub(crate) const MAY_STAND_TWICE: &[(&str, &str)] = &[
    // The payer may open its own account.
    ("balance_open", "payer"),
    // Who gets the rent back may be the caller.
    ("device_retire", "owner"),
    ("tenant_open", "payer"),
];

/// The exception that this case is, if it is one.
pub(crate) fn of(instruction: &str, place: &str, fault: &Fault) -> Option<&'static Exception> {
    all().find(|exception| exception.concerns().any(|one| fits(one, instruction, place, fault)))
}

/// One account of an instruction, and what is wrong with it.
pub(crate) type Concern = (&'static str, &'static str, &'static str);

/// Everything that the exceptions speak of.
pub(crate) fn concerns() -> impl Iterator<Item = Concern> {
    all().flat_map(Exception::concerns)
}

/// Whether an exception speaks of this case there.
pub(crate) fn fits((of, account, wrong): Concern, instruction: &str, place: &str, fault: &Fault) -> bool {
    let is_there = (of == ANY || of == instruction) && (account == ANY || account == place);
    is_there && (wrong == fault.name() || wrong == ANYONE && matches!(fault, Fault::Another(_)))
}

/// The narrower ones first: who may be anyone may still not be a certain one.
fn all() -> impl Iterator<Item = &'static Exception> {
    REFUSED.iter().chain(ALLOWED)
}

impl Exception {
    fn concerns(&self) -> impl Iterator<Item = Concern> {
        let places = self.at.iter();
        places.flat_map(|(of, account)| self.faults.iter().map(move |fault| (*of, *account, *fault)))
    }
}
