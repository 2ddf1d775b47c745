//! Every way in which one account of a call can be wrong.

use gantry_sdk::{Instruction, Pubkey, address::SYSTEM_PROGRAM};
use gantry_tests::{
    chain::Chain,
    forge::{read_only, unsigned},
    outcome::Outcome,
};
use solana_account::Account;

use crate::{
    idl::Place,
    kind::Kind,
    scene::{Scene, seen},
    stage::Role,
    subject::Subject,
};

/// A program that nobody knows.
const UNKNOWN_PROGRAM: Pubkey = Pubkey::new_from_array([7; 32]);
/// Where nothing of ours belongs.
pub(crate) const ELSEWHERE: Pubkey = Pubkey::new_from_array([8; 32]);

/// What is wrong with an account.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Its signature is not asked for.
    Unsigned,
    /// It is read-only.
    ReadOnly,
    /// It is missing, and all behind it.
    Missing,
    /// Another one of the chain's accounts stands in its place.
    Another(Role),
    /// It and another account of the call, by number and name, have changed places.
    Exchanged(usize, String),
    /// The same bytes at another address, owned by another program: what anyone can make.
    Counterfeit,
    /// The same bytes at another address, owned by the same program.
    Copied,
    /// The right address, owned by another program.
    Usurped,
    /// The right address, without lamports, data and owner.
    Closed,
    /// The right address after it was closed and somebody sent lamports to it.
    Revived,
    /// The right address, without data.
    Emptied,
    /// The right address, with a byte less than its type has.
    Truncated,
    /// The right address, all bytes zero.
    Zeroed,
    /// The right address of what is to be created, already taken by an account of a program.
    Occupied,
    /// The right address of what is to be created, to which somebody sent lamports.
    Prefunded,
}

impl Fault {
    /// What the exceptions and a failure call it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Another(role) => role.name.into(),
            Self::Exchanged(_, other) => format!("exchanged with {other}"),
            fault => format!("{fault:?}").to_lowercase(),
        }
    }

    /// Whether anyone can bring it about with transactions.
    const fn is_reachable(&self) -> bool {
        matches!(
            self,
            Self::Unsigned
                | Self::ReadOnly
                | Self::Missing
                | Self::Another(_)
                | Self::Exchanged(..)
                | Self::Counterfeit
                | Self::Prefunded
        )
    }
}

/// One account of a call, and what is wrong with it.
pub(crate) struct Case {
    /// Number of the account.
    pub(crate) index: usize,
    /// What is wrong.
    pub(crate) fault: Fault,
}

impl Case {
    /// The call with this fault, and the chain that it is made on.
    pub(crate) fn prepare(&self, subject: &Subject) -> (Chain, Instruction) {
        let (scene, kind) = (&subject.scene, subject.accounts[self.index].kind);
        let mut chain = scene.stage.chain().clone();
        let mut call = scene.call().clone();
        let right = call.accounts[self.index].pubkey;
        match &self.fault {
            Fault::Unsigned => call = unsigned(call, self.index),
            Fault::ReadOnly => call = read_only(call, self.index),
            Fault::Missing => call.accounts.truncate(self.index),
            Fault::Another(role) => call.accounts[self.index].pubkey = role.address,
            Fault::Exchanged(other, _) => exchange(scene, &mut call, self.index, *other),
            Fault::Counterfeit | Fault::Copied => {
                call.accounts[self.index].pubkey = ELSEWHERE;
                chain.put(&ELSEWHERE, self.altered(kind, &chain, &right));
            }
            _ => chain.put(&right, self.altered(kind, &chain, &right)),
        }
        (chain, call)
    }

    /// The right account, made wrong.
    fn altered(&self, kind: Kind, chain: &Chain, right: &Pubkey) -> Account {
        let mut account = seen(chain, right);
        match &self.fault {
            Fault::Copied => {}
            Fault::Counterfeit | Fault::Usurped => account.owner = UNKNOWN_PROGRAM,
            Fault::Closed => account = Account::default(),
            Fault::Revived | Fault::Prefunded => account = Account::new(chain.rent(0), 0, &SYSTEM_PROGRAM),
            Fault::Emptied => account.data.clear(),
            Fault::Truncated => account.data.truncate(kind.bytes() - 1),
            Fault::Zeroed => account.data.fill(0),
            Fault::Occupied => account = Account::new(chain.rent(1_000), 1_000, &UNKNOWN_PROGRAM),
            fault => unreachable!("{fault:?} alters no account"),
        }
        account
    }

    /// What becomes of the call.
    pub(crate) fn attempt(&self, subject: &Subject) -> Outcome {
        let (chain, call) = self.prepare(subject);
        subject.scene.attempt(&chain, &call, self.fault.is_reachable())
    }
}

/// Puts each of two accounts into the other's place. What cannot sign is not asked to.
fn exchange(scene: &Scene, call: &mut Instruction, one: usize, other: usize) {
    let (first, second) = (call.accounts[one].pubkey, call.accounts[other].pubkey);
    (call.accounts[one].pubkey, call.accounts[other].pubkey) = (second, first);
    for index in [one, other] {
        let account = &mut call.accounts[index];
        account.is_signer &= scene.stage.key(&account.pubkey).is_some();
    }
}

/// All cases of a subject.
pub(crate) fn all(subject: &Subject) -> Vec<Case> {
    let mut cases = Vec::new();
    for (index, account) in subject.accounts.iter().enumerate() {
        let mut faults = by_flags(&account.place);
        faults.extend(
            others(&subject.scene, index, &account.place)
                .into_iter()
                .map(Fault::Another),
        );
        let behind = subject.accounts.iter().enumerate().skip(index + 1);
        faults.extend(behind.map(|(other, account)| Fault::Exchanged(other, account.place.name.clone())));
        faults.extend(in_itself(account.kind));
        cases.extend(faults.into_iter().map(|fault| Case { index, fault }));
    }
    cases
}

fn by_flags(place: &Place) -> Vec<Fault> {
    let mut faults = vec![Fault::Missing];
    if place.signer {
        faults.push(Fault::Unsigned);
    }
    if place.writable {
        faults.push(Fault::ReadOnly);
    }
    faults
}

/// Everything else on the chain; where a signature is asked for, everyone else who can sign, for `Unsigned` stands for the rest.
fn others(scene: &Scene, index: usize, place: &Place) -> Vec<Role> {
    let right = scene.call().accounts[index].pubkey;
    let chain = scene.stage.chain();
    let exists = |role: &Role| role.is_nobody() || seen(chain, &role.address) != Account::default();
    let may_stand_here = |role: &Role| !place.signer || scene.stage.key(&role.address).is_some();
    scene
        .cast()
        .into_iter()
        .filter(|role| role.address != right && exists(role) && may_stand_here(role))
        .collect()
}

/// What can be wrong with the account itself.
fn in_itself(kind: Kind) -> Vec<Fault> {
    match kind {
        Kind::State { .. } | Kind::Mint | Kind::Tokens => vec![
            Fault::Counterfeit,
            Fault::Copied,
            Fault::Usurped,
            Fault::Closed,
            Fault::Revived,
            Fault::Emptied,
            Fault::Truncated,
            Fault::Zeroed,
        ],
        Kind::Record => vec![
            Fault::Counterfeit,
            Fault::Copied,
            Fault::Usurped,
            Fault::Emptied,
            Fault::Zeroed,
        ],
        Kind::Sysvar => vec![Fault::Counterfeit, Fault::Copied],
        Kind::Init => vec![Fault::Occupied, Fault::Prefunded],
        Kind::Signer | Kind::Program | Kind::Address => vec![],
    }
}
