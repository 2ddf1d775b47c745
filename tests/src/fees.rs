//! Fees of a world's jobs, worlds whose jobs are paid in other mints, and what must hold of fees after every transaction.

use gantry_protocol::fees;
use gantry_sdk::{
    Instruction, Pubkey,
    account::{self, Account},
    address,
    instruction::{
        decode::{self, Call},
        fees as instruction,
    },
};
use market::state::FeeShard;
use solana_account::ReadableAccount;

use crate::{conservation::Accounts, parties::TREASURY, token::MakeMint, world::World};

impl World {
    /// A world whose jobs are paid in the network token.
    #[must_use]
    pub fn paid_in_gnt() -> Self {
        let mut world = Self::unconfigured();
        world.usdc = world.gnt.clone();
        world.populate();
        world
    }

    /// A world whose jobs are paid in a mint of this kind, while the network token is an ordinary one.
    #[must_use]
    pub fn paid_in(mint: MakeMint) -> Self {
        let mut world = Self::unconfigured();
        world.usdc = mint(&mut world.chain, 6);
        world.populate();
        world
    }

    /// A job of ten seconds that has closed, whose fee is in its shard.
    pub fn closed_job(&mut self) -> Pubkey {
        let job = self.running_job();
        self.chain.advance(10);
        let receipt = self.final_receipt(&job, 10_000);
        self.settle(&receipt).succeeds();
        self.close(&job).succeeds();
        job
    }

    /// The instruction that empties the shard of a job's fee into the treasury's token account, and that account.
    pub fn sweep_instruction(&mut self, job: &Pubkey) -> (Instruction, Pubkey) {
        let usdc = self.usdc.clone();
        let treasury = usdc.account_of(&mut self.chain, &TREASURY);
        let number = fees::shard_of(job.as_array());
        let sweep = instruction::fees_sweep(usdc.address, number, treasury, usdc.token_program);
        (sweep, treasury)
    }

    /// The shard of a job's fee.
    #[must_use]
    pub fn fee_shard(&self, job: &Pubkey) -> FeeShard {
        self.chain.get(&address::fee_shard_of(job, &self.usdc.address))
    }
}

/// Where a sweep names its shard.
const SHARD_AT: usize = 2;

/// Checks that no shard became less by anything but a sweep of it, and that none went away.
///
/// # Panics
/// When one did.
pub fn check(before: &Accounts, after: &Accounts, instructions: &[Instruction]) {
    for (address, account) in before.iter().filter(|(_, account)| *account.owner() == market::ID) {
        let Some(held) = amount_of(account) else { continue };
        let holds = after.get(address).and_then(amount_of);
        assert!(holds.is_some(), "the fee shard {address} went away");
        let swept = instructions.iter().any(|instruction| sweeps(instruction, address));
        assert!(
            swept || holds >= Some(held),
            "fees left the shard {address} by another way than a sweep: {held} before, {holds:?} afterwards"
        );
    }
}

fn amount_of(account: &impl ReadableAccount) -> Option<u64> {
    match account::decode(account.owner(), account.data()) {
        Ok(Account::FeeShard(shard)) => Some(shard.amount),
        _ => None,
    }
}

fn sweeps(instruction: &Instruction, shard: &Pubkey) -> bool {
    let called = decode::decode(&instruction.program_id, &instruction.data);
    called == Ok(Call::FeesSweep {})
        && instruction
            .accounts
            .get(SHARD_AT)
            .is_some_and(|account| account.pubkey == *shard)
}
