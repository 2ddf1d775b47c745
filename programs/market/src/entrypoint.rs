//! The program's entrypoint: finds an instruction's handler by its discriminator.
//!
//! Anchor's own puts the code of every handler into one function, which has outgrown what a jump of the virtual machine reaches
//! (32,767 instructions). Here it is four, by the kind of instruction; what surrounds the handlers is Anchor's, step by step.

use core::{mem::MaybeUninit, slice};

use anchor_lang::{prelude::*, AccountCursor, AccountView, Discriminator, ErrorCode};

use crate::{__handlers, instruction};

anchor_lang::pinocchio::default_allocator!();
anchor_lang::pinocchio::default_panic_handler!();

/// Most accounts of a transaction.
const MAX_ACCOUNTS: usize = 256;

/// A discriminator as a number.
const fn number(discriminator: &[u8]) -> u64 {
    match discriminator.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => panic!("a discriminator has eight bytes"),
    }
}

/// What is called, and with what.
struct Call<'a> {
    discriminator: u64,
    program: &'a Address,
    data: &'a [u8],
    accounts: usize,
}

macro_rules! groups {
    ($($(#[$doc:meta])* $group:ident { $($name:ident: $arguments:ident),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[inline(never)]
            fn $group(call: &Call<'_>, cursor: &mut AccountCursor) -> Option<u64> {
                $(
                    if call.discriminator == const { number(instruction::$arguments::DISCRIMINATOR) } {
                        return Some(__handlers::$name(call.program, cursor, call.data, call.accounts));
                    }
                )+
                None
            }
        )+
    };
}

groups! {
    /// The life of jobs; asked first, for nothing is called as often as settling.
    jobs {
        claim_open: ClaimOpen,
        claim_refute: ClaimRefute,
        claim_settle: ClaimSettle,
        fault_prove: FaultProve,
        fault_prove_sample: FaultProveSample,
        job_cancel: JobCancel,
        job_close: JobClose,
        job_exit: JobExit,
        job_extend: JobExtend,
        job_failover: JobFailover,
        job_open: JobOpen,
        job_rekey: JobRekey,
        job_settle: JobSettle,
        job_start: JobStart,
        job_stop: JobStop,
        session_rotate: SessionRotate,
    }
    /// Orders and bids.
    orders {
        bid_drop: BidDrop,
        bid_place: BidPlace,
        bid_refund: BidRefund,
        bid_withdraw: BidWithdraw,
        order_accept: OrderAccept,
        order_cancel: OrderCancel,
        order_expire: OrderExpire,
        order_open: OrderOpen,
    }
    /// Who offers what, and who rents.
    nodes {
        class_register: ClassRegister,
        class_update: ClassUpdate,
        device_move: DeviceMove,
        device_register: DeviceRegister,
        device_retire: DeviceRetire,
        node_heartbeat: NodeHeartbeat,
        node_price_set: NodePriceSet,
        node_register: NodeRegister,
        node_update: NodeUpdate,
        price_range_register: PriceRangeRegister,
        price_range_update: PriceRangeUpdate,
        provider_register: ProviderRegister,
        provider_update: ProviderUpdate,
        tenant_open: TenantOpen,
    }
    /// Balances, mints, fees and the configuration.
    money {
        balance_deposit: BalanceDeposit,
        balance_open: BalanceOpen,
        balance_withdraw: BalanceWithdraw,
        config_initialize: ConfigInitialize,
        config_update: ConfigUpdate,
        fee_shard_open: FeeShardOpen,
        fees_sweep: FeesSweep,
        mint_cap_set: MintCapSet,
        mint_reference_set: MintReferenceSet,
        mint_register: MintRegister,
        mint_update: MintUpdate,
        withdrawal_cancel: WithdrawalCancel,
        withdrawal_pay: WithdrawalPay,
        withdrawal_request: WithdrawalRequest,
    }
}

/// What the loader calls: `input` holds the accounts, `data` is the instruction's, with its length before it and the program's address
/// behind it.
///
/// # Safety
/// Both must be what the loader passes.
#[no_mangle]
unsafe extern "C" fn entrypoint(input: *mut u8, data: *const u8) -> u64 {
    let mut lookup = [const { MaybeUninit::<AccountView>::uninit() }; MAX_ACCOUNTS];
    // SAFETY: the loader writes a length before the data and an address behind them, and the number of accounts first of all.
    let (data, program, accounts) = unsafe {
        let length = *data.sub(8).cast::<u64>() as usize;
        let program = &*data.add(length).cast::<Address>();
        (
            slice::from_raw_parts(data, length),
            program,
            *input.cast::<u64>() as usize,
        )
    };
    if let Err(error) = anchor_lang::check_program_id(program, &crate::ID) {
        return error.into();
    }
    let unknown = || anchor_lang::Error::from(ErrorCode::InstructionFallbackNotFound).into();
    let Some((discriminator, data)) = data.split_first_chunk() else {
        return unknown();
    };
    // SAFETY: the loader's input, and room for as many accounts as a transaction can have.
    let mut cursor = unsafe { AccountCursor::new(input, lookup.as_mut_ptr().cast()) };
    let discriminator = u64::from_le_bytes(*discriminator);
    let call = Call {
        discriminator,
        program,
        data,
        accounts,
    };
    jobs(&call, &mut cursor)
        .or_else(|| orders(&call, &mut cursor))
        .or_else(|| nodes(&call, &mut cursor))
        .or_else(|| money(&call, &mut cursor))
        .unwrap_or_else(unknown)
}
