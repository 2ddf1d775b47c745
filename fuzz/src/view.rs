//! Everything that matters on the chain, read from its accounts after every step.

use gantry_sdk::{
    Pubkey,
    account::Layout,
    market::state::{
        Balance, Claim, Config, Device, Fault, FeeShard, GpuClass, Job, Node, PriceRange, Provider, RegisteredMint,
        Tenant,
    },
    staking::state::{Delegation, Pool, Stake},
};
use solana_account::ReadableAccount;

use crate::{
    book::{Book, DelegationId, JobId, NodeId, Place, RangeId, ShardId},
    cast::{self, ACTORS, Actor, Class, Purse, TOKENS, Token, actors, tokens},
    chain::Chain,
    model::State,
};

/// The accounts of both programs, and all tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct View {
    pub pool: Pool,
    pub config: Config,
    pub mints: Vec<(Token, RegisteredMint)>,
    pub classes: Vec<(Class, GpuClass)>,
    pub ranges: Vec<(RangeId, PriceRange)>,
    pub devices: Vec<(cast::Device, Device)>,
    pub providers: Vec<(Actor, Provider)>,
    pub tenants: Vec<(Actor, Tenant)>,
    pub nodes: Vec<(NodeId, Node)>,
    pub stakes: Vec<(Actor, Stake)>,
    pub delegations: Vec<(DelegationId, Delegation)>,
    pub balances: Vec<((Actor, Token), Balance)>,
    pub jobs: Vec<(JobId, Job)>,
    pub faults: Vec<((JobId, u8), Fault)>,
    pub claims: Vec<(JobId, Claim)>,
    pub shards: Vec<(ShardId, FeeShard)>,
    pub purses: [[u64; TOKENS as usize]; ACTORS as usize],
    pub vaults: [u64; TOKENS as usize],
    pub bonds: u64,
    pub supply: [u64; TOKENS as usize],
}

impl View {
    /// Reads the accounts that the model knows of; that there are no others, their number says.
    ///
    /// # Errors
    /// When one is missing or is none of the programs'.
    pub fn read(chain: &Chain, book: &Book, known: &State) -> Result<Self, String> {
        let reader = Reader { chain, book };
        let mut purses = [[0; TOKENS as usize]; ACTORS as usize];
        for actor in actors() {
            for token in tokens() {
                purses[usize::from(actor)][usize::from(token)] = reader.tokens(Purse::Of(actor, token))?;
            }
        }
        let mut vaults = [0; TOKENS as usize];
        let mut supply = [0; TOKENS as usize];
        for token in tokens() {
            let mint = book.mint(token);
            supply[usize::from(token)] = chain.supply_of(&mint).ok_or("a mint vanished")?;
            if known.mints.contains_key(&token) {
                vaults[usize::from(token)] = reader.tokens(Purse::Vault(token))?;
            }
        }
        Ok(Self {
            pool: reader.get(Place::Pool)?,
            config: reader.get(Place::Config)?,
            mints: reader.all(known.mints.keys(), |token| Place::Mint(*token))?,
            classes: reader.all(known.classes.keys(), |class| Place::Class(*class))?,
            ranges: reader.all(known.ranges.keys(), |id| Place::Range(*id))?,
            devices: reader.all(known.devices.keys(), |device| Place::Device(*device))?,
            providers: reader.all(known.providers.keys(), |owner| Place::Provider(*owner))?,
            tenants: reader.all(known.tenants.keys(), |wallet| Place::Tenant(*wallet))?,
            nodes: reader.all(known.nodes.keys(), |id| Place::Node(*id))?,
            stakes: reader.all(known.stakes.keys(), |owner| Place::Stake(*owner))?,
            delegations: reader.all(known.delegations.keys(), |id| Place::Delegation(*id))?,
            balances: reader.all(known.balances.keys(), |(owner, token)| Place::Balance(*owner, *token))?,
            jobs: reader.all(known.jobs.keys(), |id| Place::Job(*id))?,
            claims: reader.all(known.claims.keys(), |id| Place::Claim(*id))?,
            shards: reader.all(known.shards.keys(), |id| Place::Shard(*id))?,
            faults: reader.all(known.faults.keys(), |(job, kind)| Place::Fault(*job, *kind))?,
            purses,
            vaults,
            bonds: reader.tokens(Purse::Bonds)?,
            supply,
        })
    }

    /// The first difference from another view, as a sentence.
    #[must_use]
    pub fn difference(&self, expected: &Self) -> Option<String> {
        fn of_lists<K: std::fmt::Debug, T: std::fmt::Debug + PartialEq>(
            name: &str,
            actual: &[(K, T)],
            expected: &[(K, T)],
        ) -> Option<String> {
            let mut pairs = actual.iter().zip(expected);
            let ((id, actual), (_, expected)) = pairs.find(|((_, actual), (_, expected))| actual != expected)?;
            Some(format!(
                "{name} {id:?} differs:\n  on chain: {actual:?}\n  in the model: {expected:?}"
            ))
        }
        fn of_one<T: std::fmt::Debug + PartialEq>(name: &str, actual: &T, expected: &T) -> Option<String> {
            (actual != expected)
                .then(|| format!("{name} differs:\n  on chain: {actual:?}\n  in the model: {expected:?}"))
        }
        if self == expected {
            return None;
        }
        of_one("the pool", &self.pool, &expected.pool)
            .or_else(|| of_one("the configuration", &self.config, &expected.config))
            .or_else(|| of_lists("mint", &self.mints, &expected.mints))
            .or_else(|| of_lists("class", &self.classes, &expected.classes))
            .or_else(|| of_lists("price range", &self.ranges, &expected.ranges))
            .or_else(|| of_lists("device", &self.devices, &expected.devices))
            .or_else(|| of_lists("provider", &self.providers, &expected.providers))
            .or_else(|| of_lists("tenant", &self.tenants, &expected.tenants))
            .or_else(|| of_lists("node", &self.nodes, &expected.nodes))
            .or_else(|| of_lists("stake", &self.stakes, &expected.stakes))
            .or_else(|| of_lists("delegation", &self.delegations, &expected.delegations))
            .or_else(|| of_lists("balance", &self.balances, &expected.balances))
            .or_else(|| of_lists("job", &self.jobs, &expected.jobs))
            .or_else(|| of_lists("claim", &self.claims, &expected.claims))
            .or_else(|| of_lists("fee shard", &self.shards, &expected.shards))
            .or_else(|| of_lists("fault", &self.faults, &expected.faults))
            .or_else(|| of_one("what actors hold", &self.purses, &expected.purses))
            .or_else(|| of_one("what vaults hold", &self.vaults, &expected.vaults))
            .or_else(|| of_one("what the vault of the bonds holds", &self.bonds, &expected.bonds))
            .or_else(|| of_one("what exists", &self.supply, &expected.supply))
    }
}

struct Reader<'a> {
    chain: &'a Chain,
    book: &'a Book,
}

impl Reader<'_> {
    fn get<T: Layout>(&self, place: Place) -> Result<T, String> {
        let address: Pubkey = self.book.at(place);
        let account = self
            .chain
            .account(&address)
            .ok_or_else(|| format!("there is no {place:?}"))?;
        if *account.owner() != T::PROGRAM {
            return Err(format!("{place:?} belongs to {}", account.owner()));
        }
        T::read(account.data()).map_err(|error| format!("{place:?}: {error}"))
    }

    fn all<'k, K: Copy + 'k, T: Layout>(
        &self,
        keys: impl Iterator<Item = &'k K>,
        place: impl Fn(&K) -> Place,
    ) -> Result<Vec<(K, T)>, String> {
        keys.map(|key| Ok((*key, self.get(place(key))?))).collect()
    }

    fn tokens(&self, purse: Purse) -> Result<u64, String> {
        let address = self.book.purse(purse);
        self.chain
            .tokens_in(&address)
            .ok_or_else(|| format!("there is no {purse:?}"))
    }
}
