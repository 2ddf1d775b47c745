//! An instruction under test: what the IDL says of it, and a scene in which it succeeds.

use crate::{
    idl::{self, Place},
    kind::Kind,
    scene::{Scene, seen},
    scenes,
    stage::Tokens,
};

/// The instruction.
pub(crate) struct Subject {
    /// Its name.
    pub(crate) name: &'static str,
    /// The token program of its mints.
    pub(crate) tokens: Tokens,
    /// A world directly before a call of it that succeeds.
    pub(crate) scene: Scene,
    /// Its accounts, in order.
    pub(crate) accounts: Vec<Account>,
}

/// An account of the instruction.
pub(crate) struct Account {
    /// What the IDL says of it.
    pub(crate) place: Place,
    /// What it is, by what rightly stands there.
    pub(crate) kind: Kind,
}

impl Subject {
    /// The instruction of this name, with each token program if it calls one.
    pub(crate) fn all(name: &'static str) -> Vec<Self> {
        let classic = Self::new(name, Tokens::Classic);
        let calls_one = classic
            .accounts
            .iter()
            .any(|account| account.place.name == "token_program");
        let of_2022 = calls_one.then(|| Self::new(name, Tokens::Of2022));
        [Some(classic), of_2022].into_iter().flatten().collect()
    }

    /// # Panics
    /// When no scene calls the instruction as the IDL describes it.
    fn new(name: &'static str, tokens: Tokens) -> Self {
        let scene = scenes::of(name, tokens);
        let (program, described) = idl::instruction(name);
        let call = scene.call();
        assert_eq!(call.program_id, program, "the scene of {name} calls another program");
        assert_eq!(call.accounts.len(), described.accounts.len(), "accounts of {name}");
        let mut accounts = Vec::new();
        for (meta, place) in call.accounts.iter().zip(described.accounts) {
            let flags = (meta.is_signer, meta.is_writable);
            assert_eq!(flags, (place.signer, place.writable), "flags of {name}.{}", place.name);
            let kind = Kind::of(&place, &meta.pubkey, &seen(scene.stage.chain(), &meta.pubkey));
            accounts.push(Account { place, kind });
        }
        Self {
            name,
            tokens,
            scene,
            accounts,
        }
    }
}
