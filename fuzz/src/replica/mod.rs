//! Every account of the programs, rebuilt from nothing but the events that were logged since the programs were deployed.
//!
//! Purpose: whoever follows the logs needs no account. After every step each account on the chain must hold, to the byte, what its events
//! say, and there must be no other account.
//!
//! A new event does not compile before [`Replica::apply`] knows it; a new account fails the count before it is a line in the list of [`Replica`].

mod devices;
mod jobs;
mod market;
mod orders;
mod records;
mod staking;
mod withdrawals;

use std::collections::BTreeMap;

use gantry_sdk::{
    Pubkey,
    account::Layout,
    event::{self, Event},
    market::state::{
        Balance, Claim, Config, Device, Fault, FeeShard, GpuClass, Job, Node, Order, PriceRange, Provider,
        RegisteredMint, Tenant, Withdrawal,
    },
    staking::state::{Delegation, Pool, Stake},
};
use solana_account::ReadableAccount;

use crate::chain::Chain;

/// What an event says that cannot be, or what an account holds that no event has said.
pub type Outcome = Result<(), String>;

/// The accounts of one type, by address.
#[derive(Clone, Debug)]
pub struct Rows<T>(BTreeMap<Pubkey, T>);

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Layout + PartialEq + std::fmt::Debug> Rows<T> {
    fn insert(&mut self, address: Pubkey, row: T) -> Outcome {
        match self.0.insert(address, row) {
            None => Ok(()),
            Some(_) => Err(format!("the events make {} {address} twice", T::NAME)),
        }
    }

    fn get(&self, address: &Pubkey) -> Result<&T, String> {
        self.0.get(address).ok_or_else(|| unheard_of::<T>(address))
    }

    fn get_mut(&mut self, address: &Pubkey) -> Result<&mut T, String> {
        self.0.get_mut(address).ok_or_else(|| unheard_of::<T>(address))
    }

    fn remove(&mut self, address: &Pubkey) -> Outcome {
        let removed = self.0.remove(address);
        removed.map(|_| ()).ok_or_else(|| unheard_of::<T>(address))
    }

    fn compare(&self, chain: &Chain) -> Outcome {
        for (address, row) in &self.0 {
            let account = chain.account(address).filter(|account| *account.owner() == T::PROGRAM);
            let account =
                account.ok_or_else(|| format!("the events speak of {} {address}, which is not there", T::NAME))?;
            let actual = T::read(account.data()).map_err(|error| format!("{} {address}: {error}", T::NAME))?;
            if actual != *row {
                return Err(format!(
                    "{} {address} differs from what its events say:\n  on chain: {actual:?}\n  by events: {row:?}",
                    T::NAME
                ));
            }
        }
        Ok(())
    }
}

fn unheard_of<T: Layout>(address: &Pubkey) -> String {
    format!("no event has made the {} {address} of which this one speaks", T::NAME)
}

macro_rules! replica {
    ($($rows:ident: $account:ty,)+) => {
        /// What the accounts must hold.
        #[derive(Clone, Debug, Default)]
        #[allow(missing_docs)]
        pub struct Replica { $(pub $rows: Rows<$account>,)+ }

        impl Replica {
            /// How many accounts there must be.
            #[must_use]
            pub fn number_of_accounts(&self) -> usize {
                0 $(+ self.$rows.0.len())+
            }

            /// Compares every account with the chain's.
            ///
            /// # Errors
            /// The first that differs.
            pub fn compare(&self, chain: &Chain) -> Outcome {
                $(self.$rows.compare(chain)?;)+
                Ok(())
            }
        }
    };
}

replica! {
    pools: Pool,
    stakes: Stake,
    delegations: Delegation,
    configs: Config,
    mints: RegisteredMint,
    providers: Provider,
    nodes: Node,
    balances: Balance,
    jobs: Job,
    claims: Claim,
    faults: Fault,
    shards: FeeShard,
    withdrawals: Withdrawal,
    orders: Order,
    tenants: Tenant,
    classes: GpuClass,
    ranges: PriceRange,
    devices: Device,
}

impl Replica {
    /// Takes over what a transaction logged.
    ///
    /// # Errors
    /// When something of it is no event, or cannot follow what was logged before.
    pub fn follow(&mut self, logs: &[String]) -> Outcome {
        for logged in event::from_logs(logs.iter().map(String::as_str)) {
            let event = logged.event.map_err(|error| error.to_string())?;
            self.apply(&event).map_err(|why| format!("{}: {why}", event.name()))?;
        }
        Ok(())
    }

    fn apply(&mut self, event: &Event) -> Outcome {
        match event {
            Event::PoolConfigured(event) => self.pool_configured(event),
            Event::StakeOpened(event) => self.stake_opened(event),
            Event::StakeDeposited(event) => self.stake_deposited(event),
            Event::StakeReserved(event) => self.reserved(&event.owner, event.reserved),
            Event::StakeReleased(event) => self.reserved(&event.owner, event.reserved),
            Event::StakeSlashed(event) => self.stake_slashed(event),
            Event::UnbondingRequested(event) => self.unbonding_requested(event),
            Event::UnbondingCancelled(event) => self.unbonding_cancelled(event),
            Event::UnbondingWithdrawn(event) => self.unbonding_withdrawn(event),
            Event::CommissionSet(event) => self.commission_set(event),
            Event::RewardAdded(event) => self.reward_added(event),
            Event::DelegationOpened(event) => self.delegation_opened(event),
            Event::DelegationDeposited(event) => self.delegation_deposited(event),
            Event::DelegationUnbonded(event) => self.delegation_unbonded(event),
            Event::DelegationUnbondingCancelled(event) => self.delegation_unbonding_cancelled(event),
            Event::DelegationWithdrawn(event) => self.delegation_withdrawn(event),
            Event::MarketConfigured(event) => self.market_configured(event),
            Event::MintConfigured(event) => self.mint_configured(event),
            Event::ClassConfigured(event) => self.class_configured(event),
            Event::PriceRangeConfigured(event) => self.price_range_configured(event),
            Event::DeviceRegistered(event) => self.device_registered(event),
            Event::DeviceMoved(event) => self.device_moved(event),
            Event::DeviceRetired(event) => self.device_retired(event),
            Event::ProviderConfigured(event) => self.provider_configured(event),
            Event::NodeRegistered(event) => self.node_registered(event),
            Event::NodeUpdated(event) => self.node_updated(event),
            Event::NodePriced(event) => self.node_priced(event),
            Event::NodeHeartbeaten(event) => self.node_heartbeaten(event),
            Event::BalanceOpened(event) => self.balance_opened(event),
            Event::BalanceDeposited(event) => self.set_balance(&event.owner, &event.mint, event.balance),
            Event::BalanceWithdrawn(event) => self.balance_withdrawn(event),
            Event::WithdrawalRequested(event) => self.withdrawal_requested(event),
            Event::WithdrawalCancelled(event) => self.withdrawal_cancelled(event),
            Event::WithdrawalPaid(event) => self.withdrawal_paid(event),
            Event::JobOpened(event) => self.job_opened(event),
            Event::JobExtended(event) => self.job_extended(event),
            Event::JobStarted(event) => self.job_started(event),
            Event::JobSettled(event) => self.job_settled(event),
            Event::JobStopped(event) => self.job_stopped(event),
            Event::JobRekeyed(event) => self.job_rekeyed(event),
            Event::SessionRotated(event) => self.session_rotated(event),
            Event::JobExitAnnounced(event) => self.job_exit_announced(event),
            Event::JobFailedOver(event) => self.job_failed_over(event),
            Event::JobClosed(event) => self.job_closed(event),
            Event::JobCancelled(event) => self.job_cancelled(event),
            Event::ClaimOpened(event) => self.claim_opened(event),
            Event::ClaimSettled(event) => self.claim_settled(event),
            Event::ClaimRefuted(event) => self.claim_refuted(event),
            Event::FaultProven(event) => self.fault_proven(event),
            Event::FeeShardOpened(event) => self.fee_shard_opened(event),
            Event::FeesSwept(event) => self.fees_swept(event),
            Event::OrderOpened(event) => self.order_opened(event),
            Event::BidPlaced(event) => self.bid_placed(event),
            Event::BidWithdrawn(event) => self.bid_withdrawn(event),
            Event::BidDropped(event) => self.bid_dropped(event),
            Event::BidRefunded(event) => self.bid_refunded(event),
            Event::OrderAccepted(event) => self.order_accepted(event),
            Event::OrderCancelled(event) => self.order_cancelled(event),
            Event::MintReferenceSet(event) => self.mint_reference_set(event),
            Event::TenantOpened(event) => self.tenant_opened(event),
            Event::ProviderRecorded(event) => self.provider_recorded(event),
            Event::TenantRecorded(event) => self.tenant_recorded(event),
        }
    }
}

/// The bump of a derived address, which no event needs to say.
fn bump(program: &Pubkey, seeds: &[&[u8]]) -> u8 {
    Pubkey::find_program_address(seeds, program).1
}

/// A number that an event carries in a wider field than its account.
fn narrow<T: TryFrom<u64>>(number: impl Into<u64>) -> Result<T, String> {
    let number = number.into();
    T::try_from(number).map_err(|_| format!("{number} does not fit its account"))
}
