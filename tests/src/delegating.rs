//! Delegators of the world's provider, and what happens to them.

use gantry_sdk::{
    Keypair, Pubkey, Signer, address,
    instruction::{delegation as instruction, staking as staking_instruction},
};
use staking::state::{Delegation, Pool};

use crate::{key, outcome::Outcome, token::tokens_in, world::World};

impl World {
    /// Somebody who holds `tokens` GNT and has opened an empty delegation to the provider.
    pub fn delegator(&mut self, tokens: u64) -> Keypair {
        let delegator = key::fresh();
        self.chain.fund(&delegator.pubkey());
        self.gnt.mint_to(&mut self.chain, &delegator.pubkey(), tokens);
        let open = instruction::delegation_open(delegator.pubkey(), self.provider.owner());
        self.chain.send(&[open], &[&delegator]).succeeds();
        delegator
    }

    /// Somebody who has delegated `amount` GNT.
    pub fn delegator_of(&mut self, amount: u64) -> Keypair {
        let delegator = self.delegator(amount);
        self.delegate(&delegator, amount).succeeds();
        delegator
    }

    /// A wallet's GNT account, wherever it is.
    #[must_use]
    pub fn gnt_account(&self, owner: &Pubkey) -> Pubkey {
        address::associated_token(owner, &self.gnt.address, &self.gnt.token_program)
    }

    /// A wallet's GNT, outside the pool.
    #[must_use]
    pub fn gnt_of(&self, owner: &Pubkey) -> u64 {
        tokens_in(&self.chain, &self.gnt_account(owner))
    }

    /// The delegator delegates `amount` of its GNT.
    pub fn delegate(&mut self, delegator: &Keypair, amount: u64) -> Outcome {
        let (wallet, source) = (delegator.pubkey(), self.gnt_account(&delegator.pubkey()));
        let (owner, gnt) = (self.provider.owner(), &self.gnt);
        let deposit = instruction::delegation_deposit(wallet, owner, gnt.address, source, gnt.token_program, amount);
        self.chain.send(&[deposit], &[delegator])
    }

    /// The delegator asks back what `shares` are worth.
    pub fn undelegate(&mut self, delegator: &Keypair, shares: u64) -> Outcome {
        let unbond = instruction::delegation_unbond(delegator.pubkey(), self.provider.owner(), shares);
        self.chain.send(&[unbond], &[delegator])
    }

    /// The delegator takes the request at `place` back.
    pub fn redelegate(&mut self, delegator: &Keypair, place: u8) -> Outcome {
        let cancel = instruction::delegation_cancel(delegator.pubkey(), self.provider.owner(), place);
        self.chain.send(&[cancel], &[delegator])
    }

    /// Anyone has the delegator's matured requests paid out.
    pub fn pay_delegator(&mut self, delegator: &Pubkey) -> Outcome {
        let (owner, destination, gnt) = (self.provider.owner(), self.gnt_account(delegator), &self.gnt);
        let withdraw = instruction::delegation_withdraw(*delegator, owner, gnt.address, destination, gnt.token_program);
        self.chain.send(&[withdraw], &[])
    }

    /// The deployer pays a reward of newly minted GNT to the provider.
    pub fn reward(&mut self, amount: u64) -> Outcome {
        let payer = self.deployer.pubkey();
        let source = self.gnt.mint_to(&mut self.chain, &payer, amount);
        let (owner, gnt) = (self.provider.owner(), &self.gnt);
        let add = instruction::reward_add(payer, owner, gnt.address, source, gnt.token_program, amount);
        self.chain.send(&[add], &[&self.deployer])
    }

    /// The provider sets its commission.
    pub fn set_commission(&mut self, bps: u16) -> Outcome {
        let set = instruction::commission_set(self.provider.owner(), bps);
        self.chain.send(&[set], &[&self.provider.wallet])
    }

    /// Takes this part of the provider's stake, as the market does for a proven fault. No key signs for the market's own address, so the
    /// deployer's stands for it meanwhile; the bounty goes to the deployer.
    pub fn slash(&mut self, penalty_bps: u16) -> Outcome {
        let (signer, owner, gnt) = (self.deployer.pubkey(), self.provider.owner(), self.gnt.clone());
        let bounty = gnt.account_of(&mut self.chain, &signer);
        let slash =
            staking_instruction::stake_slash(signer, owner, gnt.address, gnt.token_program, bounty, penalty_bps);
        self.name_market(signer);
        let outcome = self.chain.send(&[slash], &[&self.deployer]);
        self.name_market(address::market_signer());
        outcome
    }

    fn name_market(&mut self, signer: Pubkey) {
        self.chain
            .alter::<Pool>(&address::pool(), |pool| pool.market_signer = signer);
    }

    /// A wallet's delegation to the provider.
    #[must_use]
    pub fn delegation(&self, delegator: &Pubkey) -> Delegation {
        self.chain.get(&address::delegation(&self.provider.owner(), delegator))
    }

    /// What a wallet's delegation is worth now, and how much more of it is leaving.
    #[must_use]
    pub fn delegation_worth(&self, delegator: &Pubkey) -> (u64, u64) {
        let worth = self.delegation(delegator).worth(&self.stake());
        (worth.earning.0, worth.unbonding.0)
    }
}
