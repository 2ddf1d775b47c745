//! The program's entrypoint: finds an instruction's handler by its discriminator.
//!
//! Anchor's own puts the code of every handler into one function, which has outgrown what a jump of the virtual machine reaches
//! (32,767 instructions). Here what is called often is part of it, and the rest, for some forty compute units more, a function
//! of its own each. What surrounds the handlers is Anchor's, step by step.

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

macro_rules! handlers {
    (inlined: $($hot:ident: $hot_arguments:ident),+; called: $($name:ident: $arguments:ident),+;) => {
        $(
            #[inline(never)]
            fn $name(program: &Address, cursor: &mut AccountCursor, data: &[u8], accounts: usize) -> u64 {
                __handlers::$name(program, cursor, data, accounts)
            }
        )+

        /// Carries out the instruction of this discriminator.
        #[inline(always)]
        fn carry_out(
            discriminator: u64,
            program: &Address,
            cursor: &mut AccountCursor,
            data: &[u8],
            accounts: usize,
        ) -> u64 {
            $(
                if discriminator == const { number(instruction::$hot_arguments::DISCRIMINATOR) } {
                    return __handlers::$hot(program, cursor, data, accounts);
                }
            )+
            $(
                if discriminator == const { number(instruction::$arguments::DISCRIMINATOR) } {
                    return $name(program, cursor, data, accounts);
                }
            )+
            anchor_lang::Error::from(ErrorCode::InstructionFallbackNotFound).into()
        }
    };
}

handlers! {
    inlined:
        balance_deposit: BalanceDeposit,
        balance_withdraw: BalanceWithdraw,
        bid_drop: BidDrop,
        bid_place: BidPlace,
        claim_open: ClaimOpen,
        fault_prove: FaultProve,
        fault_prove_sample: FaultProveSample,
        job_cancel: JobCancel,
        job_close: JobClose,
        job_extend: JobExtend,
        job_failover: JobFailover,
        job_open: JobOpen,
        job_settle: JobSettle,
        job_start: JobStart,
        job_stop: JobStop,
        node_heartbeat: NodeHeartbeat,
        node_price_set: NodePriceSet,
        order_accept: OrderAccept,
        order_open: OrderOpen,
        withdrawal_pay: WithdrawalPay,
        withdrawal_request: WithdrawalRequest;
    called:
        balance_open: BalanceOpen,
        bid_refund: BidRefund,
        bid_withdraw: BidWithdraw,
        claim_refute: ClaimRefute,
        claim_settle: ClaimSettle,
        class_register: ClassRegister,
        class_update: ClassUpdate,
        config_initialize: ConfigInitialize,
        config_update: ConfigUpdate,
        device_move: DeviceMove,
        device_register: DeviceRegister,
        device_retire: DeviceRetire,
        fee_shard_open: FeeShardOpen,
        fees_sweep: FeesSweep,
        job_exit: JobExit,
        job_rekey: JobRekey,
        mint_cap_set: MintCapSet,
        mint_reference_set: MintReferenceSet,
        mint_register: MintRegister,
        mint_update: MintUpdate,
        node_register: NodeRegister,
        node_update: NodeUpdate,
        order_cancel: OrderCancel,
        order_expire: OrderExpire,
        price_range_register: PriceRangeRegister,
        price_range_update: PriceRangeUpdate,
        provider_register: ProviderRegister,
        provider_update: ProviderUpdate,
        session_rotate: SessionRotate,
        tenant_open: TenantOpen,
        withdrawal_cancel: WithdrawalCancel;
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
    let Some((discriminator, data)) = data.split_first_chunk() else {
        return anchor_lang::Error::from(ErrorCode::InstructionFallbackNotFound).into();
    };
    // SAFETY: the loader's input, and room for as many accounts as a transaction can have.
    let mut cursor = unsafe { AccountCursor::new(input, lookup.as_mut_ptr().cast()) };
    carry_out(u64::from_le_bytes(*discriminator), program, &mut cursor, data, accounts)
}
