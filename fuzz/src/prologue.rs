//! How every episode begins: both programs configured, and a market that is already in motion.

use crate::{
    action::{
        Action, BalanceDeposit, BalanceOpen, ClassRegister, DelegationDeposit, DelegationOpen, DeviceRegister,
        FeeShardOpen, MintReferenceSet, MintRegister, NodeHeartbeat, NodePriceSet, NodeRegister, Parameters,
        PriceRangeRegister, ProviderRegister, StakeDeposit, StakeOpen, TenantOpen, config_initialize, parameters,
        pool_initialize, usual_reference,
    },
    book::{Book, SHARDS},
    cast::{Actor, Device, GNT, Key, Purse, Token},
    chain::Chain,
    model::{
        State,
        state::{Pool, endowment},
    },
};

/// Who governs both programs at first.
const AUTHORITY: Key = Key::Wallet(0);
/// One day.
const PERIOD_S: u32 = 86_400;
/// Providers at first: the other actors become some later, or never.
const PROVIDERS: [Actor; 3] = [0, 1, 2];
/// GPUs of each of their nodes.
const GPUS: Device = 8;
/// Mints registered at first; the last two are left to the fuzzer.
const REGISTERED: [Token; 3] = [GNT, 1, 2];

/// The chain with both programs configured, the model of it, and what was logged meanwhile.
///
/// # Panics
/// When the programs refuse to be configured.
#[must_use]
pub fn genesis(book: &Book) -> (Chain, State, Vec<String>) {
    let mut chain = Chain::new(book, endowment);
    let (deployer, authority) = (book.wallet(0), book.key(AUTHORITY));
    let standard = Parameters::standard(AUTHORITY);
    let mut all = pool_initialize(book, deployer, authority, PERIOD_S);
    all.extend(config_initialize(book, deployer, parameters(book, &standard)));
    let logs = chain.send(&all).expect("the programs can be configured");
    let pool = Pool {
        authority: AUTHORITY,
        period_s: PERIOD_S,
    };
    (chain, State::new(standard.config(), pool), logs)
}

/// The first actions of every episode, all of which succeed.
#[must_use]
pub fn actions() -> Vec<Action> {
    let mut all = vec![Action::ClassRegister(ClassRegister {
        signer: AUTHORITY,
        class: 0,
    })];
    for token in REGISTERED {
        all.push(Action::MintRegister(MintRegister {
            signer: AUTHORITY,
            token,
        }));
        all.push(Action::PriceRangeRegister(PriceRangeRegister {
            signer: AUTHORITY,
            range: (0, token),
            floor: 1,
            ceiling: 20_000_000_000,
        }));
        all.push(Action::MintReferenceSet(MintReferenceSet {
            signer: AUTHORITY,
            token,
            reference: usual_reference(token),
        }));
        all.extend((0..SHARDS).map(|number| {
            Action::FeeShardOpen(FeeShardOpen {
                payer: 0,
                shard: (token, number),
            })
        }));
    }
    for owner in PROVIDERS {
        all.extend(provider(owner));
    }
    for (owner, delegator) in [(0, 3), (1, 4)] {
        all.extend(delegation(owner, delegator));
    }
    for tenant in [3, 4, 5] {
        all.push(Action::TenantOpen(TenantOpen {
            payer: tenant,
            wallet: tenant,
        }));
        for token in REGISTERED {
            all.extend(deposit(tenant, token));
        }
    }
    all
}

/// One provider with a bond and a node that is alive and priced.
fn provider(owner: Actor) -> Vec<Action> {
    let signer = Key::Wallet(owner);
    let node = (owner, 0);
    let mut all = vec![
        Action::StakeOpen(StakeOpen { owner }),
        Action::StakeDeposit(StakeDeposit {
            signer,
            stake: owner,
            source: Purse::Of(owner, GNT),
            amount: 1_000_000_000_000,
        }),
        Action::ProviderRegister(ProviderRegister {
            owner,
            attestation: Key::Attestation(owner, 0),
            profile: 0,
        }),
        Action::NodeRegister(NodeRegister::standard(owner, 0)),
    ];
    let first = GPUS * Device::from(owner);
    all.extend((first..first + GPUS).map(|device| Action::DeviceRegister(DeviceRegister::standard(node, device))));
    for token in REGISTERED {
        all.extend(deposit(owner, token));
        all.push(Action::NodePriceSet(NodePriceSet {
            signer,
            node,
            token,
            range: (0, token),
            balance: (owner, token),
            rate: 694_444_444,
        }));
    }
    all.push(Action::NodeHeartbeat(NodeHeartbeat {
        signer: Key::Attestation(owner, 0),
        provider: owner,
        node,
    }));
    all
}

/// Stake that somebody else has entrusted to a provider.
const fn delegation(owner: Actor, delegator: Actor) -> [Action; 2] {
    [
        Action::DelegationOpen(DelegationOpen {
            delegator,
            stake: owner,
        }),
        Action::DelegationDeposit(DelegationDeposit {
            signer: Key::Wallet(delegator),
            stake: owner,
            delegation: (owner, delegator),
            source: Purse::Of(delegator, GNT),
            amount: 100_000_000_000,
        }),
    ]
}

/// A balance with something in it.
fn deposit(owner: Actor, token: Token) -> [Action; 2] {
    [
        Action::BalanceOpen(BalanceOpen {
            payer: owner,
            owner,
            token,
        }),
        Action::BalanceDeposit(BalanceDeposit {
            signer: Key::Wallet(owner),
            token,
            balance: (owner, token),
            source: Purse::Of(owner, token),
            amount: endowment(token) / 4,
        }),
    ]
}
