//! Addresses of everything, each looked for once.

use std::{cell::RefCell, collections::HashMap};

use gantry_sdk::{
    Pubkey, address,
    address::TOKEN_PROGRAM,
    market::seeds,
    staking::{self, seeds as staking_seeds},
};

use crate::cast::{Actor, Class, Device, Key, Keys, OF_2022, Purse, Token, class_name, identity};

/// A node: its provider and its number.
pub type NodeId = (Actor, u16);
/// A job: its tenant and the number that the tenant chose.
pub type JobId = (Actor, u64);
/// A delegation: the provider's wallet and the delegator's.
pub type DelegationId = (Actor, Actor);
/// A fee shard: its mint and its number.
pub type ShardId = (Token, u8);

/// A price range: the class and the mint.
pub type RangeId = (Class, Token);

/// An account that a program made at an address of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Place {
    Pool,
    Bonds,
    Stake(Actor),
    Config,
    Signer,
    Mint(Token),
    Vault(Token),
    Provider(Actor),
    Node(NodeId),
    Balance(Actor, Token),
    Job(JobId),
    Fault(JobId, u8),
    Claim(JobId),
    Shard(ShardId),
    Class(Class),
    Range(RangeId),
    Device(Device),
    Delegation(DelegationId),
    Tenant(Actor),
}

/// How many fee shards a mint has.
pub const SHARDS: u8 = 8;

thread_local! {
    /// Keys are the same in every run, and so are the addresses that follow from them.
    static BOOK: Book = Book::default();
}

/// The number of the shard that collects a job's fee: the first byte of the job's address, modulo their number.
#[must_use]
pub fn shard_of(job: JobId) -> u8 {
    BOOK.with(|book| book.at(Place::Job(job)).to_bytes()[0] % SHARDS)
}

/// Keys, and addresses with their bumps.
#[derive(Debug, Default)]
pub struct Book {
    /// Everybody's keys.
    pub keys: Keys,
    found: RefCell<HashMap<Place, (Pubkey, u8)>>,
}

impl Book {
    /// An account's address.
    #[must_use]
    pub fn at(&self, place: Place) -> Pubkey {
        self.find(place).0
    }

    /// The bump of an account's address.
    #[must_use]
    pub fn bump(&self, place: Place) -> u8 {
        self.find(place).1
    }

    /// A key's address.
    #[must_use]
    pub fn key(&self, key: Key) -> Pubkey {
        self.keys.address(key)
    }

    /// An actor's wallet.
    #[must_use]
    pub fn wallet(&self, actor: Actor) -> Pubkey {
        self.key(Key::Wallet(actor))
    }

    /// A mint.
    #[must_use]
    pub fn mint(&self, token: Token) -> Pubkey {
        Pubkey::new_from_array([0x40 + token; 32])
    }

    /// The token program of a mint.
    #[must_use]
    pub fn token_program(&self, token: Token) -> Pubkey {
        if token == OF_2022 {
            spl_token_2022_interface::ID
        } else {
            TOKEN_PROGRAM
        }
    }

    /// A token account.
    #[must_use]
    pub fn purse(&self, purse: Purse) -> Pubkey {
        match purse {
            Purse::Of(actor, token) => {
                let mut bytes = self.wallet(actor).to_bytes();
                bytes[31] = 0x80 + token;
                Pubkey::new_from_array(bytes)
            }
            Purse::Vault(token) => self.at(Place::Vault(token)),
            Purse::Bonds => self.at(Place::Bonds),
        }
    }

    fn find(&self, place: Place) -> (Pubkey, u8) {
        if let Some(found) = self.found.borrow().get(&place) {
            return *found;
        }
        let found = self.search(place);
        self.found.borrow_mut().insert(place, found);
        found
    }

    fn search(&self, place: Place) -> (Pubkey, u8) {
        let market = |seeds: &[&[u8]]| Pubkey::find_program_address(seeds, &gantry_sdk::market::ID);
        let staking = |seeds: &[&[u8]]| Pubkey::find_program_address(seeds, &staking::ID);
        match place {
            Place::Pool => staking(&[staking_seeds::POOL]),
            Place::Bonds => staking(&[staking_seeds::VAULT]),
            Place::Stake(owner) => staking(&[staking_seeds::STAKE, self.wallet(owner).as_ref()]),
            Place::Delegation((owner, delegator)) => staking(&[
                staking_seeds::DELEGATION,
                self.at(Place::Stake(owner)).as_ref(),
                self.wallet(delegator).as_ref(),
            ]),
            Place::Config => market(&[seeds::CONFIG]),
            Place::Signer => market(&[seeds::SIGNER]),
            Place::Mint(token) => market(&[seeds::MINT, self.mint(token).as_ref()]),
            Place::Vault(token) => market(&[seeds::VAULT, self.mint(token).as_ref()]),
            Place::Provider(owner) => market(&[seeds::PROVIDER, self.wallet(owner).as_ref()]),
            Place::Node((provider, id)) => market(&[
                seeds::NODE,
                self.at(Place::Provider(provider)).as_ref(),
                &id.to_le_bytes(),
            ]),
            Place::Balance(owner, token) => {
                market(&[seeds::BALANCE, self.wallet(owner).as_ref(), self.mint(token).as_ref()])
            }
            Place::Job((tenant, nonce)) => market(&[seeds::JOB, self.wallet(tenant).as_ref(), &nonce.to_le_bytes()]),
            Place::Claim(job) => market(&[seeds::CLAIM, self.at(Place::Job(job)).as_ref()]),
            Place::Shard((token, number)) => market(&[seeds::FEES, self.mint(token).as_ref(), &[number]]),
            Place::Tenant(wallet) => market(&[seeds::TENANT, self.wallet(wallet).as_ref()]),
            Place::Class(class) => market(&[seeds::CLASS, &class_name(class)]),
            Place::Range((class, token)) => {
                market(&[seeds::PRICE_RANGE, &class_name(class), self.mint(token).as_ref()])
            }
            Place::Device(device) => market(&[seeds::DEVICE, &identity(device)]),
            Place::Fault(job, kind) => market(&[seeds::FAULT, self.at(Place::Job(job)).as_ref(), &[kind]]),
        }
    }

    /// Where the loader keeps a program's data.
    #[must_use]
    pub fn program_data(&self, program: &Pubkey) -> Pubkey {
        address::program_data(program)
    }
}
