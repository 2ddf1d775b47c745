//! A chain inside the process, made for speed: one LiteSVM for many steps, nothing copied, nobody's signature asked for.
//!
//! A transaction's signatures are not checked, because the fuzzer decides itself who signs; what a program sees of it, the signer flags, is
//! the same. The Ed25519 precompile does verify the signatures of receipts.

use std::path::PathBuf;

use gantry_sdk::{Instruction, Pubkey, market, staking};
use litesvm::LiteSVM;
use solana_account::{Account, AccountSharedData, ReadableAccount};
use solana_clock::Clock;
use solana_instruction::error::InstructionError;
use solana_message::Message;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;

use crate::{
    book::Book,
    cast::{Purse, Token, actors, tokens},
};

/// Names a folder whose programs are fuzzed in the place of the committed ones: how `cargo xtask mutants` tries the fuzzer.
const PROGRAMS: &str = "GANTRY_PROGRAMS";
/// What the clock shows at first.
pub const GENESIS_TIME: i64 = 1_800_000_000;
/// Lamports of everybody who pays: more than any run spends.
const LAMPORTS: u64 = 1_000_000_000_000_000;
/// Pays the fees and takes part in nothing else.
const FEE_PAYER: Pubkey = Pubkey::new_from_array([0xfe; 32]);
/// Receives the trivial transfers that the raw speed is measured with.
const IDLER: Pubkey = Pubkey::new_from_array([0xfd; 32]);
/// Where the loader's `ProgramData` names the upgrade authority: `Option<Pubkey>` behind the tag and the slot.
const AUTHORITY_AT: usize = 12;
/// Bytes of a mint and of a token account without extensions, in both token programs.
const MINT_BYTES: usize = 82;
const TOKENS_BYTES: usize = 165;

/// Which instruction of a transaction was refused, and why.
pub type Refused = (u8, InstructionError);

/// The chain.
#[derive(Clone)]
pub struct Chain(LiteSVM);

impl Chain {
    /// Both programs, all mints and token accounts, and lamports for everybody; `endowment` is what each actor has of a token.
    #[must_use]
    pub fn new(book: &Book, endowment: impl Fn(Token) -> u64) -> Self {
        let svm = LiteSVM::new()
            .with_sigverify(false)
            .with_blockhash_check(false)
            .with_transaction_history(0)
            // Events are in the logs, and a log that was cut short would lose some.
            .with_log_bytes_limit(None);
        let mut chain = Self(svm);
        chain.set_now(GENESIS_TIME);
        let deployer = book.wallet(0);
        chain.deploy(book, &market::ID, "market", &deployer);
        chain.deploy(book, &staking::ID, "staking", &deployer);
        for payer in book.keys.addresses().chain([FEE_PAYER, IDLER]) {
            chain.put(&payer, LAMPORTS, Pubkey::default(), Vec::new());
        }
        for token in tokens() {
            let program = book.token_program(token);
            let (mint, each) = (book.mint(token), endowment(token));
            let supply = each * u64::from(crate::cast::ACTORS);
            chain.put(&mint, LAMPORTS, program, mint_bytes(supply, token));
            for actor in actors() {
                let purse = book.purse(Purse::Of(actor, token));
                chain.put(&purse, LAMPORTS, program, purse_bytes(&mint, &book.wallet(actor), each));
            }
        }
        chain
    }

    fn put(&mut self, address: &Pubkey, lamports: u64, owner: Pubkey, data: Vec<u8>) {
        let account = Account {
            lamports,
            data,
            owner,
            ..Account::default()
        };
        self.0.set_account(*address, account).expect("an ordinary account");
    }

    fn deploy(&mut self, book: &Book, program: &Pubkey, name: &str, deployer: &Pubkey) {
        self.0
            .add_program(*program, &bytecode(name))
            .expect("the program loads");
        let address = book.program_data(program);
        let mut record = self.0.get_account(&address).expect("the loader keeps a record");
        record.data[AUTHORITY_AT] = 1;
        record.data[AUTHORITY_AT + 1..AUTHORITY_AT + 33].copy_from_slice(deployer.as_ref());
        self.0.set_account(address, record).expect("an ordinary account");
    }

    /// Sends one transaction and returns what it logged.
    ///
    /// # Errors
    /// Which instruction was refused, and why.
    ///
    /// # Panics
    /// When the transaction was refused as a whole: the fuzzer made none that is none.
    pub fn send(&mut self, instructions: &[Instruction]) -> Result<Vec<String>, (Refused, Vec<String>)> {
        let message = Message::new(instructions, Some(&FEE_PAYER));
        match self.0.send_transaction(Transaction::new_unsigned(message)) {
            Ok(done) => Ok(done.logs),
            Err(refused) => match refused.err {
                TransactionError::InstructionError(index, error) => Err(((index, error), refused.meta.logs)),
                other => panic!("no transaction: {other:?}"),
            },
        }
    }

    /// The trivial transaction: one lamport from one wallet to another.
    pub fn idle(&mut self) {
        let transfer = solana_system_interface::instruction::transfer(&FEE_PAYER, &IDLER, 1);
        self.send(&[transfer]).expect("the fee payer is rich");
    }

    /// Sets the clock's Unix seconds.
    pub fn set_now(&mut self, now: i64) {
        let mut clock = self.0.get_sysvar::<Clock>();
        clock.unix_timestamp = now;
        self.0.set_sysvar(&clock);
    }

    /// The clock's Unix seconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.0.get_sysvar::<Clock>().unix_timestamp
    }

    /// An account as it is.
    #[must_use]
    pub fn account(&self, address: &Pubkey) -> Option<&AccountSharedData> {
        self.0.accounts_db().inner.get(address)
    }

    /// All accounts.
    pub fn accounts(&self) -> impl Iterator<Item = (&Pubkey, &AccountSharedData)> {
        self.0.accounts_db().inner.iter()
    }

    /// How many accounts there are.
    #[must_use]
    pub fn number_of_accounts(&self) -> usize {
        self.0.accounts_db().inner.len()
    }

    /// Tokens in a token account.
    #[must_use]
    pub fn tokens_in(&self, purse: &Pubkey) -> Option<u64> {
        number_at(self.account(purse)?, 64)
    }

    /// All tokens of a mint.
    #[must_use]
    pub fn supply_of(&self, mint: &Pubkey) -> Option<u64> {
        number_at(self.account(mint)?, 36)
    }

    /// What an account of `bytes` bytes must hold to be rent-exempt.
    #[must_use]
    pub fn rent(&self, bytes: usize) -> u64 {
        self.0.minimum_balance_for_rent_exemption(bytes)
    }

    /// Leaves a wallet too little to pay for an account.
    pub fn impoverish(&mut self, wallet: &Pubkey) {
        self.put(wallet, 1, Pubkey::default(), Vec::new());
    }
}

/// The committed bytecode of a program, or what stands in its place.
fn bytecode(program: &str) -> Vec<u8> {
    let committed = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../programs/bin");
    let folder = std::env::var_os(PROGRAMS).map_or_else(committed, PathBuf::from);
    let path = folder.join(format!("{program}.so"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; `./dev programs` builds it", path.display()))
}

fn number_at(account: &AccountSharedData, at: usize) -> Option<u64> {
    let bytes = account.data().get(at..at + 8)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// `spl_token::state::Mint` without authorities: supply behind an empty `COption<Pubkey>`, then decimals and the initialised flag.
fn mint_bytes(supply: u64, decimals: u8) -> Vec<u8> {
    let mut bytes = vec![0; MINT_BYTES];
    bytes[36..44].copy_from_slice(&supply.to_le_bytes());
    bytes[44] = decimals;
    bytes[45] = 1;
    bytes
}

/// `spl_token::state::Account`: mint, owner, amount; at 108 the state, 1 for initialised.
fn purse_bytes(mint: &Pubkey, owner: &Pubkey, amount: u64) -> Vec<u8> {
    let mut bytes = vec![0; TOKENS_BYTES];
    bytes[..32].copy_from_slice(mint.as_ref());
    bytes[32..64].copy_from_slice(owner.as_ref());
    bytes[64..72].copy_from_slice(&amount.to_le_bytes());
    bytes[108] = 1;
    bytes
}
