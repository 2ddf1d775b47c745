//! A chain inside the process: LiteSVM with the programs' committed bytecode.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use gantry_sdk::{Instruction, Keypair, Pubkey, Signer, account::Layout, address};
use litesvm::{LiteSVM, types::TransactionResult};
use solana_account::{Account, ReadableAccount};
use solana_clock::Clock;
use solana_transaction::Transaction;

use crate::{
    conservation::{self, Accounts},
    fees, key,
    outcome::{Done, Outcome, Refused},
};

/// What the clock shows at first: a moment that no test mistakes for zero.
pub const GENESIS_TIME: i64 = 1_800_000_000;
/// Enough for every rent that a test pays.
pub const LAMPORTS: u64 = 100_000_000_000;
/// Where the loader's `ProgramData` names the upgrade authority: `Option<Pubkey>` behind the tag and the slot.
const AUTHORITY_AT: usize = 12;

/// The chain. Its own fee payer takes part in nothing else.
#[derive(Clone)]
pub struct Chain {
    svm: LiteSVM,
    fee_payer: [u8; 64],
    given_away: BTreeMap<Pubkey, u64>,
}

impl Chain {
    /// A chain with both programs, whose upgrade authority is `deployer`.
    #[must_use]
    pub fn new(deployer: &Pubkey) -> Self {
        let fee_payer = key::fresh();
        let svm = LiteSVM::new().with_log_bytes_limit(None).with_transaction_history(0);
        let mut chain = Self {
            svm,
            fee_payer: fee_payer.to_bytes(),
            given_away: BTreeMap::new(),
        };
        chain.fund(&fee_payer.pubkey());
        chain.advance(GENESIS_TIME);
        chain.deploy(&market::ID, &committed("programs/bin/market.so"), deployer);
        chain.deploy(&staking::ID, &committed("programs/bin/staking.so"), deployer);
        chain
    }

    /// Loads a program as the upgradeable loader would, with `deployer` as its upgrade authority.
    pub fn deploy(&mut self, program: &Pubkey, bytecode: &[u8], deployer: &Pubkey) {
        self.svm.add_program(*program, bytecode).expect("the program loads");
        let address = address::program_data(program);
        let mut data = self.account(&address).expect("the loader keeps a program data account");
        data.data[AUTHORITY_AT] = 1;
        data.data[AUTHORITY_AT + 1..AUTHORITY_AT + 33].copy_from_slice(deployer.as_ref());
        self.svm.set_account(address, data).expect("an ordinary account");
    }

    /// Sends one transaction with these instructions and checks what must hold after every transaction.
    ///
    /// # Panics
    /// When something that must always hold does not, or a refused transaction changed an account.
    pub fn send(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> Outcome {
        let (outcome, before, after) = self.execute(instructions, signers);
        conservation::check(&after, &self.given_away);
        fees::check(&before, &after, instructions);
        outcome
    }

    /// What [`Self::send`] would do, with the same checks, while the chain stays as it is.
    #[must_use = "say that it succeeds, or why it is refused"]
    pub fn simulate(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Outcome {
        self.clone().send(instructions, signers)
    }

    /// As [`Self::simulate`], from a state that no transaction leads to: [`Self::put`] or [`Self::alter`] broke what must always
    /// hold, so only what holds even then is checked: a refused transaction changes nothing.
    #[must_use = "say that it succeeds, or why it is refused"]
    pub fn simulate_unreachable(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Outcome {
        self.clone().execute(instructions, signers).0
    }

    /// Carries a transaction out, and checks that a refused one changes nothing. Returns the accounts before and afterwards too.
    fn execute(&mut self, instructions: &[Instruction], signers: &[&Keypair]) -> (Outcome, Accounts, Accounts) {
        let transaction = self.transaction(instructions, signers);
        let before = self.accounts();
        let result = self.svm.send_transaction(transaction);
        let after = self.accounts();
        // The same instructions may be sent again: a new blockhash makes it another transaction.
        self.svm.expire_blockhash();
        if result.is_err() {
            conservation::check_unchanged(&before, &after, &self.fee_payer().pubkey());
        }
        (outcome(result), before, after)
    }

    fn transaction(&self, instructions: &[Instruction], signers: &[&Keypair]) -> Transaction {
        let fee_payer = self.fee_payer();
        let mut keys = vec![&fee_payer];
        for signer in signers {
            if keys.iter().all(|key| key.pubkey() != signer.pubkey()) {
                keys.push(signer);
            }
        }
        let blockhash = self.svm.latest_blockhash();
        Transaction::new_signed_with_payer(instructions, Some(&fee_payer.pubkey()), &keys, blockhash)
    }

    fn fee_payer(&self) -> Keypair {
        Keypair::try_from(&self.fee_payer[..]).expect("64 bytes of a key pair")
    }

    fn accounts(&self) -> Accounts {
        let accounts = &self.svm.accounts_db().inner;
        accounts
            .iter()
            .map(|(address, account)| (*address, account.clone()))
            .collect()
    }

    /// Gives `address` lamports for rents and fees.
    pub fn fund(&mut self, address: &Pubkey) {
        self.svm.airdrop(address, LAMPORTS).expect("the faucet is full");
    }

    /// The clock's Unix seconds, as programs see them.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.svm.get_sysvar::<Clock>().unix_timestamp
    }

    /// Lets `seconds` pass; the clock can also be set back.
    pub fn advance(&mut self, seconds: i64) {
        let mut clock = self.svm.get_sysvar::<Clock>();
        clock.unix_timestamp += seconds;
        self.svm.set_sysvar(&clock);
    }

    /// Lets `epochs` pass, after which mints apply what was decided before.
    pub fn advance_epochs(&mut self, epochs: u64) {
        let mut clock = self.svm.get_sysvar::<Clock>();
        clock.epoch += epochs;
        self.svm.set_sysvar(&clock);
    }

    /// An account as it is.
    #[must_use]
    pub fn account(&self, address: &Pubkey) -> Option<Account> {
        self.svm.get_account(address)
    }

    /// An account of one of the programs.
    ///
    /// # Panics
    /// When there is none of this type.
    #[must_use]
    pub fn get<T: Layout>(&self, address: &Pubkey) -> T {
        let account = self
            .account(address)
            .unwrap_or_else(|| panic!("there is no {} at {address}", T::NAME));
        assert_eq!(account.owner, T::PROGRAM, "another program's account at {address}");
        T::read(account.data()).unwrap_or_else(|error| panic!("{address}: {error}"))
    }

    /// Puts an account in place that no instruction made: what an attacker prepares, or a state that would take years to reach.
    pub fn put(&mut self, address: &Pubkey, account: Account) {
        self.svm.set_account(*address, account).expect("an ordinary account");
    }

    /// Changes the data of an account of one of the programs behind its back.
    pub fn alter<T: Layout>(&mut self, address: &Pubkey, change: impl FnOnce(&mut T)) {
        let mut state: T = self.get(address);
        change(&mut state);
        let mut account = self.account(address).expect("it was just read");
        account.data = conservation::bytes_of(&state);
        self.put(address, account);
    }

    /// Says that someone gave `amount` tokens of `mint` to its vault, which then holds more than it owes.
    pub fn note_gift(&mut self, mint: &Pubkey, amount: u64) {
        *self.given_away.entry(*mint).or_default() += amount;
    }

    /// What an account of `bytes` bytes must hold to be rent-exempt.
    #[must_use]
    pub fn rent(&self, bytes: usize) -> u64 {
        self.svm.minimum_balance_for_rent_exemption(bytes)
    }
}

fn outcome(result: TransactionResult) -> Outcome {
    Outcome(match result {
        Ok(done) => Ok(Done {
            logs: done.logs,
            compute_units: done.compute_units_consumed,
        }),
        Err(refused) => Err(Refused {
            error: refused.err,
            logs: refused.meta.logs,
        }),
    })
}

/// Names a folder whose programs are tested in the place of the committed ones: how `cargo xtask mutants` tries the tests.
const PROGRAMS: &str = "GANTRY_PROGRAMS";

/// The bytes of a file of this repository.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn committed(path: &str) -> Vec<u8> {
    let other = std::env::var_os(PROGRAMS).filter(|_| path.starts_with("programs/bin/"));
    let path = match (other, Path::new(path).file_name()) {
        (Some(folder), Some(name)) => PathBuf::from(folder).join(name),
        _ => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path),
    };
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; `./dev programs` builds it", path.display()))
}
