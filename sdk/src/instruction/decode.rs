//! Instructions of the programs, read back from a transaction with Borsh: what a caller asked for, beside what the events say happened.
//!
//! The programs read their arguments with `wincode`, whose encoding of integers, flags and fixed arrays is the same bytes.

use ::market::{
    BidTerms, JobTerms, MarketParameters, NodeSpecification, OrderTerms, ProviderProfile, SampleProof,
    instruction as market,
};
use ::staking::{PoolParameters, instruction as staking};
use anchor_lang::Discriminator;
use borsh::BorshDeserialize;
use solana_pubkey::Pubkey;

/// Why data is not an instruction of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Another program's instruction.
    #[error("program {0} is neither market nor staking")]
    ForeignProgram(Pubkey),
    /// No instruction of this program begins like this.
    #[error("no instruction of program {program} has the discriminator {discriminator}")]
    UnknownDiscriminator {
        /// The program that was called.
        program: Pubkey,
        /// The first bytes in hexadecimal.
        discriminator: String,
    },
    /// The arguments do not fill the data exactly.
    #[error("the arguments of {name} do not decode: {reason}")]
    Malformed {
        /// The instruction, such as `market.job_open`.
        name: &'static str,
        /// What Borsh says.
        reason: String,
    },
}

macro_rules! instructions {
    ($($program:path: $($module:ident::$variant:ident = $name:literal ($($field:ident: $type:ty),*),)+;)+) => {
        /// Any instruction of the programs, with its arguments.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, clippy::large_enum_variant)] // The programs say what each argument means.
        pub enum Call { $($($variant { $($field: $type),* },)+)+ }

        impl Call {
            /// Program and instruction, such as `market.job_open`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $($(Self::$variant { .. } => $name,)+)+ }
            }
        }

        /// Reads an instruction of `program`.
        ///
        /// # Errors
        /// [`DecodeError`] when the program is not ours or the data is none of its instructions.
        pub fn decode(program: &Pubkey, data: &[u8]) -> Result<Call, DecodeError> {
            if ![$($program),+].contains(program) {
                return Err(DecodeError::ForeignProgram(*program));
            }
            $($(if *program == $program && let Some(arguments) = data.strip_prefix($module::$variant::DISCRIMINATOR) {
                return <($($type,)*)>::try_from_slice(arguments)
                    .map(|($($field,)*)| Call::$variant { $($field),* })
                    .map_err(|error| DecodeError::Malformed { name: $name, reason: error.to_string() });
            })+)+
            let discriminator = hex::encode(&data[..data.len().min(8)]);
            Err(DecodeError::UnknownDiscriminator { program: *program, discriminator })
        }
    };
}

instructions! {
    ::staking::ID:
        staking::PoolInitialize = "staking.pool_initialize" (args: PoolParameters),
        staking::PoolConfigure = "staking.pool_configure" (authority: Pubkey, unbonding_period_s: u32),
        staking::StakeOpen = "staking.stake_open" (),
        staking::StakeDeposit = "staking.stake_deposit" (amount: u64),
        staking::UnbondingRequest = "staking.unbonding_request" (amount: u64),
        staking::UnbondingWithdraw = "staking.unbonding_withdraw" (),
        staking::UnbondingCancel = "staking.unbonding_cancel" (place: u8),
        staking::StakeSlash = "staking.stake_slash" (penalty_bps: u16),
        staking::DelegationOpen = "staking.delegation_open" (),
        staking::DelegationDeposit = "staking.delegation_deposit" (amount: u64),
        staking::DelegationUnbond = "staking.delegation_unbond" (shares: u64),
        staking::DelegationCancel = "staking.delegation_cancel" (place: u8),
        staking::DelegationWithdraw = "staking.delegation_withdraw" (),
        staking::CommissionSet = "staking.commission_set" (commission_bps: u16),
        staking::RewardAdd = "staking.reward_add" (amount: u64),
        staking::StakeReserve = "staking.stake_reserve" (amount: u64),
        staking::StakeRelease = "staking.stake_release" (amount: u64),
    ;
    ::market::ID:
        market::ConfigInitialize = "market.config_initialize" (genesis_hash: [u8; 32], args: MarketParameters),
        market::ConfigUpdate = "market.config_update" (args: MarketParameters),
        market::MintRegister = "market.mint_register" (),
        market::MintUpdate = "market.mint_update" (enabled: bool),
        market::MintReferenceSet = "market.mint_reference_set" (reference_price: u64),
        market::ClassRegister = "market.class_register" (name: [u8; 16]),
        market::ClassUpdate = "market.class_update" (enabled: bool),
        market::PriceRangeRegister = "market.price_range_register" (floor: u64, ceiling: u64),
        market::PriceRangeUpdate = "market.price_range_update" (floor: u64, ceiling: u64),
        market::MintCapSet = "market.mint_cap_set" (withdraw_cap: u64),
        market::ProviderRegister = "market.provider_register" (args: ProviderProfile),
        market::ProviderUpdate = "market.provider_update" (args: ProviderProfile),
        market::NodeRegister = "market.node_register" (id: u16, args: NodeSpecification),
        market::NodeUpdate = "market.node_update" (min_duration_s: u32, max_duration_s: u32, active: bool),
        market::NodePriceSet = "market.node_price_set" (rate: u64),
        market::NodeHeartbeat = "market.node_heartbeat" (),
        market::DeviceRegister = "market.device_register" (identity: [u8; 32]),
        market::DeviceMove = "market.device_move" (),
        market::DeviceRetire = "market.device_retire" (),
        market::BalanceOpen = "market.balance_open" (),
        market::BalanceDeposit = "market.balance_deposit" (amount: u64),
        market::BalanceWithdraw = "market.balance_withdraw" (amount: u64),
        market::WithdrawalRequest = "market.withdrawal_request" (number: u8, amount: u64),
        market::WithdrawalCancel = "market.withdrawal_cancel" (),
        market::WithdrawalPay = "market.withdrawal_pay" (),
        market::TenantOpen = "market.tenant_open" (),
        market::JobOpen = "market.job_open" (nonce: u64, args: JobTerms),
        market::JobStart = "market.job_start" (),
        market::JobSettle = "market.job_settle" (),
        market::JobStop = "market.job_stop" (),
        market::JobClose = "market.job_close" (),
        market::JobCancel = "market.job_cancel" (),
        market::JobRekey = "market.job_rekey" (),
        market::JobExtend = "market.job_extend" (max_duration_s: u32),
        market::SessionRotate = "market.session_rotate" (session_key: Pubkey),
        market::JobExit = "market.job_exit" (exits_at: i64),
        market::JobFailover = "market.job_failover" (nonce: u64, max_rate: u64, max_duration_s: u32),
        market::ClaimOpen = "market.claim_open" (),
        market::ClaimSettle = "market.claim_settle" (),
        market::ClaimRefute = "market.claim_refute" (),
        market::FaultProve = "market.fault_prove" (kind: u8),
        market::FaultProveSample = "market.fault_prove_sample" (args: SampleProof),
        market::FeeShardOpen = "market.fee_shard_open" (number: u8),
        market::FeesSweep = "market.fees_sweep" (),
        market::OrderOpen = "market.order_open" (nonce: u64, args: OrderTerms),
        market::BidPlace = "market.bid_place" (args: BidTerms),
        market::BidWithdraw = "market.bid_withdraw" (place: u8),
        market::BidDrop = "market.bid_drop" (),
        market::OrderAccept = "market.order_accept" (max_rate: u64),
        market::OrderCancel = "market.order_cancel" (),
        market::OrderExpire = "market.order_expire" (),
        market::BidRefund = "market.bid_refund" (place: u8),
    ;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instruction::{market as build_market, staking as build_staking};

    const CLASS: [u8; 16] = *b"h100-sxm\0\0\0\0\0\0\0\0";
    const TERMS: JobTerms = JobTerms {
        session_key: Pubkey::new_from_array([1; 32]),
        bundle_hash: [2; 32],
        max_rate: 3,
        max_duration_s: 4,
        gpus: 5,
    };

    #[test]
    fn what_is_built_reads_back_with_its_arguments() {
        let key = Pubkey::new_unique();
        let open = build_market::job_open(key, 7, key, key, &CLASS, key, TERMS);
        let call = decode(&open.program_id, &open.data).unwrap();
        assert_eq!(call, Call::JobOpen { nonce: 7, args: TERMS });
        assert_eq!(call.name(), "market.job_open");

        let configure = build_staking::pool_configure(key, key, 9);
        let call = decode(&configure.program_id, &configure.data).unwrap();
        let expected = Call::PoolConfigure {
            authority: key,
            unbonding_period_s: 9,
        };
        assert_eq!(call, expected);

        let settle = build_market::job_settle_alone(key, key);
        assert_eq!(decode(&settle.program_id, &settle.data), Ok(Call::JobSettle {}));
    }

    #[test]
    fn a_flag_that_is_neither_true_nor_false_is_refused() {
        let key = Pubkey::new_unique();
        let mut update = build_market::node_update(key, key, 1, 2, true);
        *update.data.last_mut().unwrap() = 2;
        let error = decode(&update.program_id, &update.data).unwrap_err();
        assert!(
            matches!(
                error,
                DecodeError::Malformed {
                    name: "market.node_update",
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn missing_and_trailing_arguments_are_refused() {
        let key = Pubkey::new_unique();
        let open = build_market::job_open(key, 7, key, key, &CLASS, key, TERMS);
        let shorter = &open.data[..open.data.len() - 1];
        let longer = [&open.data[..], &[0]].concat();
        for data in [shorter, &longer] {
            let error = decode(&open.program_id, data).unwrap_err();
            assert!(
                matches!(
                    error,
                    DecodeError::Malformed {
                        name: "market.job_open",
                        ..
                    }
                ),
                "{error}"
            );
        }
    }

    #[test]
    fn other_programs_and_unknown_instructions_are_refused() {
        let stranger = Pubkey::new_unique();
        assert_eq!(decode(&stranger, &[]), Err(DecodeError::ForeignProgram(stranger)));
        let unknown = DecodeError::UnknownDiscriminator {
            program: ::market::ID,
            discriminator: "ff".to_owned(),
        };
        assert_eq!(decode(&::market::ID, &[0xff]), Err(unknown));
    }

    #[test]
    fn every_instruction_of_the_interfaces_is_known() {
        for (program, idl) in [
            (::market::ID, include_str!("../../../idl/market.json")),
            (::staking::ID, include_str!("../../../idl/staking.json")),
        ] {
            let idl: serde_json::Value = serde_json::from_str(idl).unwrap();
            for instruction in idl["instructions"].as_array().unwrap() {
                let discriminator: Vec<u8> = serde_json::from_value(instruction["discriminator"].clone()).unwrap();
                let name = format!(
                    "{}.{}",
                    idl["metadata"]["name"].as_str().unwrap(),
                    instruction["name"].as_str().unwrap()
                );
                match decode(&program, &discriminator) {
                    Ok(call) => assert_eq!(call.name(), name),
                    Err(DecodeError::Malformed { name: found, .. }) => assert_eq!(found, name),
                    Err(error) => panic!("{name}: {error}"),
                }
            }
        }
    }
}
