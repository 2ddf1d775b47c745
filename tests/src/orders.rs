//! Orders and bids of a world, one line for each thing that somebody does.

use gantry_protocol::class;
use gantry_sdk::{Keypair, Pubkey, Signer, address, instruction::market as instruction};
use market::{
    OrderTerms,
    state::{Bid, Order},
};

use crate::{
    key,
    outcome::Outcome,
    parties::{DURATION_S, Provider, RATE, Tenant},
    world::World,
};

/// Seconds in which bids are taken; shorter than a heartbeat is believed.
pub const BID_WINDOW_S: u32 = 40;
/// Seconds after that in which one can be accepted.
pub const ACCEPT_WINDOW_S: u32 = 600;
/// What a bidder has for deposits: 100 USDC.
pub const BIDDERS_DEPOSIT: u64 = 100_000_000;
/// The most that the order pays: twice the ordinary rate.
pub const MAX_RATE: u64 = 2 * RATE;

impl World {
    /// What the tenant needs: `gpus` GPUs of the ordinary class, wherever they are, for the ordinary time.
    ///
    /// # Panics
    /// Never: the name is valid.
    #[must_use]
    pub fn order_terms(&self, gpus: u16) -> OrderTerms {
        OrderTerms {
            session_key: self.tenant.session.pubkey(),
            bundle_hash: [7; 32],
            class: class::pack("h100-sxm").expect("a class"),
            region: [0; 16],
            max_rate: MAX_RATE,
            max_duration_s: DURATION_S,
            min_memory_mib: 40_000,
            bid_window_s: BID_WINDOW_S,
            accept_window_s: ACCEPT_WINDOW_S,
            gpus,
            min_score: 0,
            simulated: false,
        }
    }

    /// The tenant posts its next order on these terms.
    pub fn post(&mut self, terms: OrderTerms) -> Outcome {
        let open = instruction::order_open(self.tenant.owner(), self.nonce, self.usdc.address, terms);
        self.chain.send(&[open], &[&self.tenant.wallet])
    }

    /// The tenant posts an order on these terms and gets its address.
    pub fn post_with(&mut self, terms: OrderTerms) -> Pubkey {
        let order = address::order(&self.tenant.owner(), self.nonce);
        self.post(terms).succeeds();
        self.nonce += 1;
        order
    }

    /// The same world once more, to see what becomes of it otherwise.
    #[must_use]
    pub fn clone_with_chain(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            deployer: self.deployer.insecure_clone(),
            authority: self.authority.insecure_clone(),
            gnt: self.gnt.clone(),
            usdc: self.usdc.clone(),
            provider: self.provider.copy(),
            tenant: Tenant {
                wallet: self.tenant.wallet.insecure_clone(),
                session: self.tenant.session.insecure_clone(),
            },
            nonce: self.nonce,
        }
    }

    /// Lets the tenant use its last number again.
    pub const fn nonce_back(&mut self) {
        self.nonce -= 1;
    }

    /// An order for two GPUs, with the provider able to pay deposits.
    pub fn order(&mut self) -> Pubkey {
        let provider = self.provider.wallet.insecure_clone();
        self.give(&provider, BIDDERS_DEPOSIT);
        let terms = self.order_terms(2);
        self.post_with(terms)
    }

    /// Another provider on the market with a living node, able to pay deposits.
    pub fn bidder(&mut self) -> Provider {
        let provider = Provider::new();
        self.admit(&provider);
        self.give(&provider.wallet.insecure_clone(), BIDDERS_DEPOSIT);
        provider
    }

    /// A wallet deposits newly minted USDC.
    pub fn give(&mut self, wallet: &Keypair, amount: u64) {
        let usdc = self.usdc.clone();
        let source = usdc.mint_to(&mut self.chain, &wallet.pubkey(), amount);
        let deposit = instruction::balance_deposit(wallet.pubkey(), usdc.address, source, usdc.token_program, amount);
        self.chain.send(&[deposit], &[wallet]).succeeds();
    }

    /// A provider bids with its first node.
    pub fn bid(&mut self, provider: &Provider, order: &Pubkey, rate: u64) -> Outcome {
        let bid = instruction::bid_place(provider.owner(), provider.node(0), *order, &self.order_at(order), rate);
        self.chain.send(&[bid], &[&provider.wallet])
    }

    /// The world's own provider bids.
    pub fn own_bid(&mut self, order: &Pubkey, rate: u64) -> Outcome {
        let provider = self.provider.copy();
        self.bid(&provider, order, rate)
    }

    /// A provider takes its first node's bid back; `to` is who gets the deposit.
    pub fn withdraw_bid(&mut self, provider: &Provider, order: &Pubkey, to: &Pubkey) -> Outcome {
        let account = self.order_at(order);
        let (place, _) = bid_of(&account, &provider.node(0));
        let withdraw = instruction::bid_withdraw(*order, &account, place, provider.owner(), to);
        self.chain.send(&[withdraw], &[&provider.wallet])
    }

    /// `caller` accepts the bid of a provider's first node, whatever it is.
    pub fn accept_by(&mut self, caller: &Keypair, order: &Pubkey, provider: &Provider) -> Outcome {
        let account = self.order_at(order);
        let (_, bid) = bid_of(&account, &provider.node(0));
        let accept = instruction::order_accept(caller.pubkey(), *order, &account, &bid, u64::MAX);
        self.chain.send(&[accept], &[caller])
    }

    /// The tenant accepts the bid of a provider's first node.
    pub fn accept(&mut self, order: &Pubkey, provider: &Provider) -> Outcome {
        let tenant = self.tenant.wallet.insecure_clone();
        self.accept_by(&tenant, order, provider)
    }

    /// Someone with lamports and nothing else.
    pub fn passer_by(&mut self) -> Keypair {
        let key = key::fresh();
        self.chain.fund(&key.pubkey());
        key
    }

    /// Anyone drops the bid of a provider's first node; `to` is who gets the deposit.
    pub fn drop_bid(&mut self, order: &Pubkey, provider: &Provider, to: &Pubkey) -> Outcome {
        let account = self.order_at(order);
        let (_, bid) = bid_of(&account, &provider.node(0));
        self.chain
            .send(&[instruction::bid_drop(*order, &account, &bid, to)], &[])
    }

    /// The tenant ends an order.
    pub fn cancel_order(&mut self, order: &Pubkey) -> Outcome {
        let cancel = instruction::order_cancel(*order, &self.order_at(order));
        self.chain.send(&[cancel], &[&self.tenant.wallet])
    }

    /// Anyone ends an order.
    pub fn expire_order(&mut self, order: &Pubkey) -> Outcome {
        let expire = instruction::order_expire(*order, &self.order_at(order));
        self.chain.send(&[expire], &[])
    }

    /// Anyone has all deposits of an order that is over returned, one transaction each.
    pub fn refund_all(&mut self, order: &Pubkey) {
        for refund in instruction::bid_refunds(*order, &self.order_at(order)) {
            self.chain.send(&[refund], &[]).succeeds();
        }
    }

    /// Lets `seconds` pass while these providers' nodes, and the world's own, stay alive.
    pub fn pass(&mut self, seconds: i64, alive: &[&Provider]) {
        self.chain.advance(seconds);
        let own = self.provider.copy();
        for provider in alive.iter().copied().chain([&own]) {
            let key = &provider.attestation;
            let heartbeat = instruction::node_heartbeat(key.pubkey(), provider.account(), provider.node(0));
            self.chain.send(&[heartbeat], &[key]).succeeds();
        }
    }

    /// Lets the time for bids pass, as [`Self::pass`].
    pub fn end_bidding(&mut self, alive: &[&Provider]) {
        self.pass(i64::from(BID_WINDOW_S) + 1, alive);
    }

    /// An order.
    #[must_use]
    pub fn order_at(&self, address: &Pubkey) -> Order {
        self.chain.get(address)
    }

    /// Whether an order's account is closed.
    #[must_use]
    pub fn is_gone(&self, order: &Pubkey) -> bool {
        self.chain.account(order).is_none_or(|account| account.lamports == 0)
    }
}

impl Provider {
    /// The same provider again, for whoever acts while the world is borrowed.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self {
            wallet: self.wallet.insecure_clone(),
            attestation: self.attestation.insecure_clone(),
        }
    }
}

/// A node's bid and its place.
///
/// # Panics
/// When it has none.
#[must_use]
pub fn bid_of(order: &Order, node: &Pubkey) -> (u8, Bid) {
    let (place, bid) = order.bid_of(node).expect("the node has bid");
    (u8::try_from(place).expect("few"), bid)
}
