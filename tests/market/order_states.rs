//! Every instruction on orders in every state of one: what is not allowed there is refused for the state.

use gantry_sdk::{Instruction, Keypair, Pubkey, Signer, instruction::market as instruction};
use gantry_tests::{
    orders::{ACCEPT_WINDOW_S, BID_WINDOW_S},
    parties::{Provider, RATE},
    world::World,
};
use market::{MarketError, state::Order};

/// Where an order stands, with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Bidding,
    Accepting,
    Expired,
    Accepted,
    Cancelled,
}

const STAGES: [Stage; 5] = [
    Stage::Bidding,
    Stage::Accepting,
    Stage::Expired,
    Stage::Accepted,
    Stage::Cancelled,
];

/// A world with an order in this stage, which holds the bid of the world's own provider; the rival has not bid.
fn at(stage: Stage) -> (World, Pubkey, Provider) {
    let mut world = World::new();
    let (order, rival) = (world.order(), world.bidder());
    world.own_bid(&order, RATE).succeeds();
    let own = world.provider.copy();
    match stage {
        Stage::Bidding => {}
        Stage::Accepting => world.end_bidding(&[&rival]),
        Stage::Expired => world.pass(i64::from(BID_WINDOW_S + ACCEPT_WINDOW_S) + 1, &[&rival]),
        Stage::Accepted => drop(world.accept(&order, &own).succeeds()),
        Stage::Cancelled => drop(world.cancel_order(&order).succeeds()),
    }
    (world, order, rival)
}

/// An instruction with its signers, made out of a world with an order.
type Make = fn(&World, Pubkey, &Order, &Provider) -> (Instruction, Vec<Keypair>);

fn wallet(key: &Keypair) -> Vec<Keypair> {
    vec![key.insecure_clone()]
}

const PLACE: Make = |_, order, account, rival| {
    let bid = instruction::bid_place(rival.owner(), rival.node(0), order, account, RATE - 1);
    (bid, wallet(&rival.wallet))
};
const WITHDRAW: Make = |world, order, account, _| {
    let owner = world.provider.owner();
    let is_relied_on = account.bids_until < world.chain.now() && world.chain.now() <= account.accept_until;
    let to = if is_relied_on { account.tenant } else { owner };
    let withdraw = instruction::bid_withdraw(order, account, 0, owner, &to);
    (withdraw, wallet(&world.provider.wallet))
};
const DROP: Make = |_, order, account, _| {
    (
        instruction::bid_drop(order, account, &account.bids[0], &account.tenant),
        vec![],
    )
};
const CANCEL: Make =
    |world, order, account, _| (instruction::order_cancel(order, account), wallet(&world.tenant.wallet));
const EXPIRE: Make = |_, order, account, _| (instruction::order_expire(order, account), vec![]);
const REFUND: Make = |_, order, account, _| (instruction::bid_refund(order, account, 0, &account.bids[0]), vec![]);
/// By a stranger.
const ACCEPT: Make = |world, order, account, _| {
    let accept = instruction::order_accept(world.deployer.pubkey(), order, account, &account.bids[0], u64::MAX);
    (accept, wallet(&world.deployer))
};

fn refuses(make: Make, expected: [Option<MarketError>; 5]) {
    for (stage, expected) in STAGES.into_iter().zip(expected) {
        let (world, order, rival) = at(stage);
        let account = world.order_at(&order);
        let (instruction, signers) = make(&world, order, &account, &rival);
        let outcome = world
            .chain
            .simulate(&[instruction], &signers.iter().collect::<Vec<_>>());
        match expected {
            Some(error) => outcome.is_refused(error),
            None => drop(outcome.succeeds()),
        }
    }
}

#[test]
fn bids_are_placed_while_bids_are_taken() {
    use MarketError::{BiddingOver, WrongOrderState};
    refuses(
        PLACE,
        [
            None,
            Some(BiddingOver),
            Some(BiddingOver),
            Some(WrongOrderState),
            Some(WrongOrderState),
        ],
    );
}

#[test]
fn bids_are_withdrawn_from_open_orders() {
    use MarketError::WrongOrderState;
    refuses(
        WITHDRAW,
        [None, None, None, Some(WrongOrderState), Some(WrongOrderState)],
    );
}

#[test]
fn bids_are_dropped_between_both_deadlines_and_only_when_they_are_bad() {
    use MarketError::{BidStillGood, BiddingOpen, OrderExpired, WrongOrderState};
    refuses(
        DROP,
        [
            Some(BiddingOpen),
            Some(BidStillGood),
            Some(OrderExpired),
            Some(WrongOrderState),
            Some(WrongOrderState),
        ],
    );
}

#[test]
fn the_tenant_ends_an_open_order() {
    use MarketError::WrongOrderState;
    refuses(CANCEL, [None, None, None, Some(WrongOrderState), Some(WrongOrderState)]);
}

#[test]
fn anyone_ends_an_expired_order() {
    use MarketError::{OrderNotExpired, WrongOrderState};
    refuses(
        EXPIRE,
        [
            Some(OrderNotExpired),
            Some(OrderNotExpired),
            None,
            Some(WrongOrderState),
            Some(WrongOrderState),
        ],
    );
}

#[test]
fn deposits_are_taken_out_of_orders_that_are_over() {
    use MarketError::WrongOrderState;
    refuses(
        REFUND,
        [
            Some(WrongOrderState),
            Some(WrongOrderState),
            Some(WrongOrderState),
            None,
            None,
        ],
    );
}

#[test]
fn a_stranger_accepts_between_both_deadlines() {
    use MarketError::{BiddingOpen, OrderExpired, WrongOrderState};
    for (stage, expected) in [
        (Stage::Bidding, Some(BiddingOpen)),
        (Stage::Accepting, None),
        (Stage::Expired, Some(OrderExpired)),
        (Stage::Cancelled, Some(WrongOrderState)),
    ] {
        let (world, order, rival) = at(stage);
        let (accept, signers) = ACCEPT(&world, order, &world.order_at(&order), &rival);
        let outcome = world.chain.simulate(&[accept], &signers.iter().collect::<Vec<_>>());
        match expected {
            Some(error) => outcome.is_refused(error),
            None => drop(outcome.succeeds()),
        }
    }
    // The job of an accepted order is there, so that there is nothing to open again.
    let (world, order, rival) = at(Stage::Accepted);
    let (accept, signers) = ACCEPT(&world, order, &world.order_at(&order), &rival);
    world
        .chain
        .simulate(&[accept], &signers.iter().collect::<Vec<_>>())
        .is_refused(solana_instruction::error::InstructionError::Custom(0));
}
