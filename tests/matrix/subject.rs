//! An instruction under test: what the IDL says of it, and a scene in which it succeeds.

use crate::{
    idl::{self, Place},
    kind::Kind,
    scene::{Scene, seen},
    scenes,
};

/// The instruction.
pub(crate) struct Subject {
    /// Its name.
    pub(crate) name: &'static str,
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
    /// The instruction of this name.
    ///
    /// # Panics
    /// When no scene calls it as the IDL describes it.
    pub(crate) fn new(name: &'static str) -> Self {
        let scene = scenes::of(name);
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
        Self { name, scene, accounts }
    }
}
