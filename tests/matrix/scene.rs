//! A call that is about to succeed, and what becomes of it when one of its accounts is wrong.

use gantry_sdk::{Instruction, Keypair, Pubkey, address::INSTRUCTIONS_SYSVAR};
use gantry_tests::{chain::Chain, outcome::Outcome};
use solana_account::Account;

use crate::stage::{Role, Stage};

/// What owns every sysvar.
const SYSVAR_OWNER: Pubkey = Pubkey::from_str_const("Sysvar1111111111111111111111111111111111111");

/// A world directly before a call that succeeds.
pub(crate) struct Scene {
    /// The world and everyone in it.
    pub(crate) stage: Stage,
    /// The transaction; the call that is tested stands last.
    pub(crate) instructions: Vec<Instruction>,
    /// The job that the call is about.
    pub(crate) job: Option<Pubkey>,
    /// Whether transactions lead to the call. Where they don't, nothing but the call itself can be checked.
    pub(crate) reachable: bool,
}

impl Scene {
    /// A transaction of one instruction.
    pub(crate) fn new(stage: Stage, call: Instruction) -> Self {
        Self {
            stage,
            instructions: vec![call],
            job: None,
            reachable: true,
        }
    }

    /// The same about this job.
    pub(crate) fn about(self, job: Pubkey) -> Self {
        Self { job: Some(job), ..self }
    }

    /// The same before a state that no transaction leads to.
    pub(crate) fn unreachable(self) -> Self {
        Self {
            reachable: false,
            ..self
        }
    }

    /// The call that is tested.
    pub(crate) fn call(&self) -> &Instruction {
        self.instructions.last().expect("a scene has a call")
    }

    /// Number of the call in its transaction.
    pub(crate) fn number(&self) -> u8 {
        u8::try_from(self.instructions.len() - 1).expect("few instructions")
    }

    /// Everyone and everything that may stand in the wrong place.
    pub(crate) fn cast(&self) -> Vec<Role> {
        self.stage.cast(self.job)
    }

    /// What would become of this call in the place of the right one. `reachable`: the chain is in a state that transactions lead to.
    pub(crate) fn attempt(&self, chain: &Chain, call: &Instruction, reachable: bool) -> Outcome {
        let mut instructions = self.instructions.clone();
        *instructions.last_mut().expect("a scene has a call") = call.clone();
        let metas = instructions.iter().flat_map(|instruction| &instruction.accounts);
        let signers: Vec<&Keypair> = metas
            .filter(|meta| meta.is_signer)
            .map(|meta| self.stage.key(&meta.pubkey).expect("whoever signs has a key"))
            .collect();
        if reachable && self.reachable {
            chain.simulate(&instructions, &signers)
        } else {
            chain.simulate_unreachable(&instructions, &signers)
        }
    }
}

/// An account as a program sees it.
pub(crate) fn seen(chain: &Chain, address: &Pubkey) -> Account {
    if *address == INSTRUCTIONS_SYSVAR {
        // The runtime makes it anew for every instruction; no database holds it.
        return Account {
            lamports: 1,
            data: vec![0; 64],
            owner: SYSVAR_OWNER,
            ..Account::default()
        };
    }
    chain.account(address).unwrap_or_default()
}
