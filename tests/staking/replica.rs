//! A stake and its delegations, rebuilt from nothing but what was logged since.

use std::collections::BTreeMap;

use gantry_sdk::{Pubkey, event::Event};
use gantry_tests::{outcome::Done, world::World};
use staking::{
    events::{CommissionSet, RewardAdded, StakeSlashed},
    state::{Delegation, Stake, Unbonding, UnbondingShares},
};

/// What the accounts must hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Replica {
    stake: Stake,
    delegations: BTreeMap<Pubkey, Delegation>,
}

impl Replica {
    /// The accounts as they are: the provider's stake and these wallets' delegations to it.
    pub(crate) fn of(world: &World, delegators: &[Pubkey]) -> Self {
        let delegations = delegators.iter().map(|wallet| (*wallet, world.delegation(wallet)));
        Self {
            stake: world.stake(),
            delegations: delegations.collect(),
        }
    }

    /// Takes over what a transaction logged.
    pub(crate) fn follow(&mut self, done: &Done) {
        for event in done.events() {
            self.apply(&event);
        }
    }

    fn apply(&mut self, event: &Event) {
        let stake = &mut self.stake;
        match event {
            Event::StakeDeposited(event) => stake.active = event.active,
            Event::UnbondingRequested(event) => {
                stake.active = event.active;
                stake.unbondings[place(event.index)] = Unbonding {
                    amount: event.amount,
                    withdrawable_at: event.withdrawable_at,
                };
            }
            Event::StakeSlashed(event) => self.slash(event),
            Event::RewardAdded(event) => self.reward(event),
            Event::CommissionSet(event) => self.set_commission(event),
            Event::DelegationDeposited(event) => {
                (stake.delegated, stake.delegated_shares) = (event.delegated, event.delegated_shares);
                self.delegation(&event.delegator).shares += event.shares;
            }
            Event::DelegationUnbonded(event) => {
                (stake.delegated, stake.delegated_shares) = (event.delegated, event.delegated_shares);
                stake.delegated_unbonding = event.delegated_unbonding;
                stake.delegated_unbonding_shares = event.delegated_unbonding_shares;
                let delegation = self.delegation(&event.delegator);
                delegation.shares -= event.shares;
                delegation.unbondings[place(event.index)] = UnbondingShares {
                    shares: event.unbonding_shares,
                    withdrawable_at: event.withdrawable_at,
                };
            }
            Event::DelegationUnbondingCancelled(event) => {
                (stake.delegated, stake.delegated_shares) = (event.delegated, event.delegated_shares);
                stake.delegated_unbonding = event.delegated_unbonding;
                stake.delegated_unbonding_shares = event.delegated_unbonding_shares;
                let delegation = self.delegation(&event.delegator);
                delegation.shares += event.shares;
                delegation.unbondings[place(event.index)] = UnbondingShares::default();
            }
            Event::DelegationWithdrawn(event) => {
                stake.delegated_unbonding = event.delegated_unbonding;
                stake.delegated_unbonding_shares = event.delegated_unbonding_shares;
                let delegation = self.delegation(&event.delegator);
                for (place, request) in delegation.unbondings.iter_mut().enumerate() {
                    if event.paid_places >> place & 1 == 1 {
                        *request = UnbondingShares::default();
                    }
                }
            }
            other => panic!("{other:?} belongs to no step"),
        }
    }

    fn delegation(&mut self, delegator: &Pubkey) -> &mut Delegation {
        self.delegations.get_mut(delegator).expect("a delegator of the test")
    }

    fn slash(&mut self, event: &StakeSlashed) {
        let stake = &mut self.stake;
        (stake.active, stake.slashed) = (event.active, event.slashed);
        stake.delegated -= event.from_delegated;
        stake.delegated_unbonding -= event.from_delegated_unbonding;
        for (request, taken) in stake.unbondings.iter_mut().zip(event.from_unbondings) {
            request.amount -= taken;
            if request.amount == 0 {
                *request = Unbonding::default();
            }
        }
    }

    fn reward(&mut self, event: &RewardAdded) {
        let stake = &mut self.stake;
        (stake.active, stake.delegated) = (event.active, event.delegated);
        // An announced rise counts since this reward, or else the commission would be the one before.
        if u64::from(stake.commission_bps) != event.commission_bps {
            stake.commission_bps = stake.next_commission_bps;
            stake.commission_from = 0;
        }
    }

    fn set_commission(&mut self, event: &CommissionSet) {
        let bps = |bps| u16::try_from(bps).expect("basis points");
        self.stake.commission_bps = bps(event.commission_bps);
        self.stake.next_commission_bps = bps(event.next_commission_bps);
        self.stake.commission_from = event.commission_from;
    }
}

fn place(index: u64) -> usize {
    usize::try_from(index).expect("a place of the queue")
}
