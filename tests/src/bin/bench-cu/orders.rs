//! Compute units of orders and bids, in a world of their own: a full list of bids is the dearest.

use gantry_protocol::limits::MAX_BIDS;
use gantry_sdk::{Instruction, Keypair, Signer, instruction::market};
use gantry_tests::{
    orders::{ACCEPT_WINDOW_S, BID_WINDOW_S, BIDDERS_DEPOSIT},
    parties::{Provider, RATE},
    world::World,
};

/// Compute units by instruction.
pub(crate) fn units_of_orders() -> Vec<(String, u64)> {
    let mut tour = Tour {
        world: World::new(),
        units: Vec::new(),
    };
    tour.all();
    tour.units
}

struct Tour {
    world: World,
    units: Vec<(String, u64)>,
}

impl Tour {
    fn send(&mut self, name: &str, instruction: Instruction, signers: &[&Keypair]) {
        let done = self.world.chain.send(&[instruction], signers).succeeds();
        self.units.push((name.to_owned(), done.compute_units));
    }

    fn all(&mut self) {
        let tenant = self.world.tenant.wallet.insecure_clone();
        let own = self.world.provider.copy();
        self.world.give(&own.wallet, BIDDERS_DEPOSIT);
        let crowd: Vec<Provider> = (0..MAX_BIDS).map(|_| self.world.bidder()).collect();
        let all: Vec<&Provider> = crowd.iter().collect();
        self.world.pass(0, &all);

        let terms = self.world.order_terms(2);
        let (owner, usdc) = (tenant.pubkey(), self.world.usdc.address);
        let order = gantry_sdk::address::order(&owner, 1_000);
        self.send(
            "market.order_open",
            market::order_open(owner, 1_000, usdc, terms),
            &[&tenant],
        );
        for bidder in &crowd {
            self.world.bid(bidder, &order, RATE).succeeds();
        }
        let account = self.world.order_at(&order);
        let bid = market::bid_place(own.owner(), own.node(0), order, &account, RATE - 1);
        self.send("market.bid_place", bid, &[&own.wallet]);
        let account = self.world.order_at(&order);
        let first = &crowd[0];
        let withdraw = market::bid_withdraw(order, &account, 0, first.owner(), &first.owner());
        self.send("market.bid_withdraw", withdraw, &[&first.wallet]);

        self.world.pass(i64::from(BID_WINDOW_S) + 1, &all);
        let retire = market::node_update(own.owner(), own.node(0), 1, 86_400, false);
        self.world.chain.send(&[retire], &[&own.wallet]).succeeds();
        let account = self.world.order_at(&order);
        let best = account.best().map(|place| account.bids[place]).expect("a bid");
        self.send(
            "market.bid_drop",
            market::bid_drop(order, &account, &best, &account.tenant),
            &[],
        );
        let account = self.world.order_at(&order);
        let best = account.best().map(|place| account.bids[place]).expect("a bid");
        let accept = market::order_accept(first.owner(), order, &account, &best, u64::MAX);
        self.send("market.order_accept", accept, &[&first.wallet]);
        let refunds = market::bid_refunds(order, &self.world.order_at(&order));
        let (last, others) = refunds.split_last().expect("bids");
        self.world.chain.send(others, &[]).succeeds();
        self.send("market.bid_refund", last.clone(), &[]);

        let order = self.world.post_with(terms);
        let cancel = market::order_cancel(order, &self.world.order_at(&order));
        self.send("market.order_cancel", cancel, &[&tenant]);
        let order = self.world.post_with(terms);
        self.world.chain.advance(i64::from(BID_WINDOW_S + ACCEPT_WINDOW_S) + 1);
        let expire = market::order_expire(order, &self.world.order_at(&order));
        self.send("market.order_expire", expire, &[]);
    }
}
