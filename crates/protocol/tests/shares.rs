//! Shares of delegated stake, compared with big-integer arithmetic, and what no sequence of moves can bring about.

use gantry_protocol::{
    Atoms, Bps,
    shares::{Pool, Refusal, Reward, Shares, VIRTUAL, share_out},
};
use num_bigint::BigUint;
use proptest::prelude::*;

/// Amounts of every length.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(VIRTUAL),
        Just(u64::MAX),
        (0..64u32, any::<u64>()).prop_map(|(shift, word)| word >> shift),
    ]
}

/// Amounts that a network token's supply leaves room for, of every length: up to some 10¹⁵ base units.
fn amount() -> impl Strategy<Value = u64> {
    (14..64u32, any::<u64>()).prop_map(|(shift, word)| word >> shift)
}

fn bps() -> impl Strategy<Value = Bps> {
    prop_oneof![Just(0), Just(Bps::ONE), 0..=Bps::ONE].prop_map(|bps| Bps::new(bps).expect("at most 100 %"))
}

const fn pool(assets: u64, shares: u64) -> Pool {
    Pool {
        assets: Atoms(assets),
        shares: Shares(shares),
    }
}

/// The price as a fraction, by the definition.
fn price(pool: &Pool) -> (BigUint, BigUint) {
    let (assets, shares) = (BigUint::from(pool.assets.0), BigUint::from(pool.shares.0));
    if assets < shares {
        (assets, shares)
    } else {
        (assets + VIRTUAL, shares + VIRTUAL)
    }
}

/// Whether the price of `after` is at least that of `before`.
fn is_no_cheaper(after: &Pool, before: &Pool) -> bool {
    let ((assets_after, shares_after), (assets_before, shares_before)) = (price(after), price(before));
    assets_after * shares_before >= assets_before * shares_after
}

fn worth(pool: &Pool, shares: Shares) -> u64 {
    pool.worth(shares).expect("the pool has these shares").0
}

proptest! {
    #[test]
    fn worth_and_shares_are_what_big_integers_say(assets in word(), outstanding in word(), asked in word(), offered in word()) {
        let before = pool(assets, outstanding);
        let (over, under) = price(&before);
        if asked <= outstanding && before.is_sound() {
            let expected = u64::try_from(BigUint::from(asked) * &over / &under).expect("at most the assets");
            prop_assert_eq!(before.worth(Shares(asked)), Ok(Atoms(expected)));
            prop_assert!(expected <= assets);
        } else if asked > outstanding {
            prop_assert_eq!(before.worth(Shares(asked)), Err(Refusal::NotEnoughShares));
        }
        let mut after = before;
        match after.deposit(Atoms(offered)) {
            Ok(Shares(bought)) => {
                prop_assert_eq!(BigUint::from(bought), BigUint::from(offered) * &under / &over);
                prop_assert_eq!(after, pool(assets + offered, outstanding + bought));
                prop_assert!(after.is_sound());
            }
            Err(refusal) => {
                let expected = if before.is_wiped() {
                    Refusal::Wiped
                } else if (assets < outstanding || before.is_sound()) && BigUint::from(offered) * &under < over {
                    Refusal::Nothing
                } else {
                    Refusal::Overflow
                };
                prop_assert_eq!(refusal, expected);
                prop_assert_eq!(after, before);
            }
        }
    }

    #[test]
    fn the_fewest_shares_worth_an_amount_are_worth_it_and_one_fewer_is_not(assets in amount(), outstanding in amount(), wanted in amount()) {
        let pool = pool(assets, outstanding);
        let Ok(Shares(shares)) = pool.shares_worth(Atoms(wanted)) else {
            prop_assert!(pool.is_wiped() || assets < outstanding);
            return Ok(());
        };
        if shares > outstanding {
            prop_assert!(worth(&pool, Shares(outstanding)) < wanted);
            return Ok(());
        }
        prop_assert!(worth(&pool, Shares(shares)) >= wanted);
        prop_assert!(shares == 0 || worth(&pool, Shares(shares - 1)) < wanted);
    }

    #[test]
    fn a_reward_is_shared_out_without_remainder(reward in word(), own in word(), delegated in word(), commission in bps()) {
        let shared = share_out(Atoms(reward), Atoms(own), Atoms(delegated), commission);
        let stake = BigUint::from(own) + delegated;
        if stake == BigUint::ZERO || stake > BigUint::from(u64::MAX) {
            prop_assert_eq!(shared, None);
        } else {
            let of_delegated = BigUint::from(reward) * delegated / stake;
            let part = &of_delegated * commission.get() / 10_000u32;
            let atoms = |exact: BigUint| Atoms(u64::try_from(exact).expect("a part of 64 bits"));
            let expected = Reward {
                own: atoms(BigUint::from(reward) - &of_delegated),
                commission: atoms(part.clone()),
                delegators: atoms(of_delegated - part),
            };
            prop_assert_eq!(shared, Some(expected));
        }
    }
}

/// One thing that happens to a pool.
#[derive(Clone, Debug)]
enum Move {
    /// A holder, by number, adds an amount.
    Deposit(usize, u64),
    /// A holder redeems this part of its shares.
    Redeem(usize, Bps),
    /// A reward.
    Earn(u64),
    /// A penalty.
    Slash(Bps),
}

const HOLDERS: usize = 4;

fn deposit_or_redeem() -> impl Strategy<Value = Move> {
    prop_oneof![
        (0..HOLDERS, amount()).prop_map(|(who, amount)| Move::Deposit(who, amount)),
        (0..HOLDERS, bps()).prop_map(|(who, part)| Move::Redeem(who, part)),
    ]
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => deposit_or_redeem(),
        1 => amount().prop_map(Move::Earn),
        1 => bps().prop_map(Move::Slash),
    ]
}

/// A pool, its holders, and all that ever came and went.
#[derive(Default)]
struct Books {
    pool: Pool,
    held: [u64; HOLDERS],
    came: u128,
    went: u128,
}

impl Books {
    /// Makes the move, unless the pool refuses it, and checks what must hold after each.
    fn make(&mut self, next: &Move) {
        let before = self.pool;
        match *next {
            Move::Deposit(who, amount) => {
                if let Ok(Shares(shares)) = self.pool.deposit(Atoms(amount)) {
                    self.held[who] += shares;
                    self.came += u128::from(amount);
                }
            }
            Move::Redeem(who, part) => {
                let shares = part.of(Atoms(self.held[who])).0;
                let redeemed = self.pool.redeem(Shares(shares)).expect("the holder has them");
                self.held[who] -= shares;
                self.went += u128::from(redeemed.0);
            }
            Move::Earn(amount) => {
                if self.pool.earn(Atoms(amount)).is_ok() {
                    self.came += u128::from(amount);
                }
            }
            Move::Slash(penalty) => self.went += u128::from(self.pool.slash(penalty).0),
        }
        if !matches!(next, Move::Slash(_)) && self.pool.shares.0 > 0 && before.shares.0 > 0 {
            assert!(
                is_no_cheaper(&self.pool, &before),
                "{next:?}: {before:?} became {:?}",
                self.pool
            );
        }
        self.check();
    }

    fn check(&self) {
        assert_eq!(self.came, self.went + u128::from(self.pool.assets.0));
        assert_eq!(self.held.iter().sum::<u64>(), self.pool.shares.0);
        let owned: u128 = self
            .held
            .iter()
            .map(|shares| u128::from(worth(&self.pool, Shares(*shares))))
            .sum();
        assert!(owned <= u128::from(self.pool.assets.0));
        assert!(self.pool.is_sound());
    }

    fn everyone_leaves(&mut self) {
        for who in 0..HOLDERS {
            self.make(&Move::Redeem(who, Bps::new(Bps::ONE).expect("the whole")));
        }
    }
}

proptest! {
    #[test]
    fn no_sequence_of_moves_pays_out_more_than_came_in(moves in prop::collection::vec(any_move(), 1..60)) {
        let mut books = Books::default();
        for next in &moves {
            books.make(next);
        }
        books.everyone_leaves();
        prop_assert!(books.went <= books.came);
        prop_assert_eq!(books.pool.shares, Shares(0));
    }

    #[test]
    fn without_rewards_and_slashes_everyone_gets_back_what_it_gave(moves in prop::collection::vec(deposit_or_redeem(), 1..60)) {
        let mut books = Books::default();
        for next in &moves {
            books.make(next);
        }
        prop_assert_eq!(books.pool.assets.0, books.pool.shares.0);
        books.everyone_leaves();
        prop_assert_eq!((books.went, books.pool), (books.came, Pool::default()));
    }

    /// The bound that the module states, with one more base unit for the rounding of the victim's own redemption.
    #[test]
    fn whoever_makes_a_deposit_lose_to_rounding_loses_about_a_million_times_as_much(
        start in 1..10_000_000u64,
        moves in prop::collection::vec(prop_oneof![
            (0..10_000_000u64).prop_map(|amount| Move::Deposit(0, amount)),
            bps().prop_map(|part| Move::Redeem(0, part)),
            amount().prop_map(Move::Earn),
        ], 1..12),
        victims in amount(),
    ) {
        let mut books = Books::default();
        books.make(&Move::Deposit(0, start));
        for next in &moves {
            books.make(next);
        }
        let Ok(bought) = books.pool.deposit(Atoms(victims)) else {
            return Ok(()); // A deposit that would buy nothing is refused and loses nothing.
        };
        let loss = i128::from(victims) - i128::from(worth(&books.pool, bought));
        let regained = worth(&books.pool, Shares(books.held[0]));
        let spent = books.came.cast_signed() - books.went.cast_signed() - i128::from(regained);
        let virtual_shares = i128::from(VIRTUAL);
        prop_assert!(spent >= (virtual_shares - 1) * loss - 2 * virtual_shares, "{spent} for {loss}");
    }

    #[test]
    fn two_who_give_the_same_at_once_get_the_same_but_for_one_share(moves in prop::collection::vec(any_move(), 0..30), amount in amount()) {
        let mut books = Books::default();
        for next in &moves {
            books.make(next);
        }
        let Ok(first) = books.pool.deposit(Atoms(amount)) else { return Ok(()) };
        let second = books.pool.deposit(Atoms(amount)).map_or(0, |shares| shares.0);
        prop_assert!(first.0 - second <= 1, "{first:?} and {second}");
    }

    #[test]
    fn two_who_give_the_same_while_a_share_costs_at_most_one_differ_by_at_most_one_atom(
        others in amount(), penalty in bps(), amount in amount(),
    ) {
        let mut books = Books::default();
        books.make(&Move::Deposit(0, others));
        books.make(&Move::Slash(penalty));
        let Ok(first) = books.pool.deposit(Atoms(amount)) else { return Ok(()) };
        let second = books.pool.deposit(Atoms(amount)).expect("as the first");
        prop_assert!(worth(&books.pool, first).abs_diff(worth(&books.pool, second)) <= 1);
    }

    #[test]
    fn who_has_asked_to_leave_loses_what_who_stays_loses(
        others in amount(), earned in amount(), leaving in amount(), penalty in bps(),
    ) {
        let (mut stays, mut leaves) = (Pool::default(), Pool::default());
        let bond = stays.deposit(Atoms(others + 1)).unwrap();
        stays.earn(Atoms(earned)).unwrap();
        let moved = worth(&stays, bond).min(leaving);
        if moved == 0 {
            return Ok(());
        }
        let (of_stayers, of_leavers) = (worth(&stays, bond), leaves.deposit(Atoms(moved)).unwrap());
        stays.slash(penalty);
        leaves.slash(penalty);
        // What a stayer with as much has left.
        let left = u64::try_from(BigUint::from(worth(&stays, bond)) * moved / of_stayers).unwrap();
        let of_leaver = worth(&leaves, of_leavers);
        prop_assert!(of_leaver <= left + 3, "{of_leaver} instead of {left}");
        // The virtual shares of the stayers' pool had a part of its gains, so they bear that part of the loss.
        prop_assert!(left <= of_leaver + VIRTUAL + 3, "{of_leaver} instead of {left}");
    }
}

#[test]
fn the_first_share_costs_one_base_unit() {
    let mut fresh = Pool::default();
    assert_eq!(fresh.deposit(Atoms(1)), Ok(Shares(1)));
    assert_eq!(fresh.deposit(Atoms(1_000)), Ok(Shares(1_000)));
    assert_eq!(fresh, pool(1_001, 1_001));
}

#[test]
fn a_first_depositor_that_gives_a_fortune_away_gains_none_of_the_next_deposit() {
    let mut attacked = Pool::default();
    let one = attacked.deposit(Atoms(1)).unwrap();
    attacked.earn(Atoms(1_000_000_000_000)).unwrap(); // 1,000 GNT
    let bought = attacked.deposit(Atoms(1_000_000_000_000)).unwrap();
    let lost = 1_000_000_000_000 - attacked.worth(bought).unwrap().0;
    assert!(lost < 1_000_001, "{lost}"); // 0.001 GNT
    assert!(attacked.redeem(one).unwrap() <= Atoms(1_000_001));
}

#[test]
fn after_a_loss_the_last_to_leave_finds_its_part() {
    let mut slashed = Pool::default();
    let (first, last) = (
        slashed.deposit(Atoms(1_000)).unwrap(),
        slashed.deposit(Atoms(500)).unwrap(),
    );
    assert_eq!(slashed.slash(Bps::new(3_000).unwrap()), Atoms(450));
    assert_eq!(slashed.redeem(first), Ok(Atoms(700)));
    assert_eq!(slashed.redeem(last), Ok(Atoms(350)));
    assert_eq!(slashed, Pool::default());
}

#[test]
fn a_pool_that_lost_everything_takes_nothing_in_until_its_shares_are_gone() {
    let mut wiped = Pool::default();
    let shares = wiped.deposit(Atoms(1_000)).unwrap();
    assert_eq!(wiped.slash(Bps::new(10_000).unwrap()), Atoms(1_000));
    assert!(wiped.is_wiped());
    assert_eq!(wiped.deposit(Atoms(1_000)), Err(Refusal::Wiped));
    assert_eq!(wiped.earn(Atoms(1_000)), Err(Refusal::Wiped));
    assert_eq!(wiped.redeem(shares), Ok(Atoms(0)));
    assert_eq!(wiped.deposit(Atoms(1_000)), Ok(Shares(1_000)));
}

#[test]
fn a_gain_that_nobody_would_own_is_refused() {
    assert_eq!(Pool::default().earn(Atoms(1)), Err(Refusal::Nothing));
}

#[test]
fn a_deposit_that_does_not_buy_a_share_is_refused() {
    let mut dear = Pool::default();
    dear.deposit(Atoms(1)).unwrap();
    dear.earn(Atoms(VIRTUAL * 5)).unwrap();
    assert_eq!(dear.deposit(Atoms(5)), Err(Refusal::Nothing));
    assert_eq!(dear.deposit(Atoms(0)), Err(Refusal::Nothing));
    assert!(dear.deposit(Atoms(6)).is_ok());
}

#[test]
fn no_sum_leaves_64_bits() {
    let most = u64::MAX - VIRTUAL;
    let mut full = Pool::default();
    assert_eq!(full.deposit(Atoms(most + 1)), Err(Refusal::Overflow));
    assert_eq!(full.deposit(Atoms(most)), Ok(Shares(most)));
    assert_eq!(full.deposit(Atoms(1)), Err(Refusal::Overflow));
    assert_eq!(full.earn(Atoms(1)), Err(Refusal::Overflow));
    assert_eq!(full.redeem(Shares(most)), Ok(Atoms(most)));
}

#[test]
fn own_stake_earns_its_part_and_commission_comes_out_of_the_delegators() {
    let shared = share_out(Atoms(1_000), Atoms(250), Atoms(750), Bps::new(1_000).unwrap());
    let expected = Reward {
        own: Atoms(250),
        commission: Atoms(75),
        delegators: Atoms(675),
    };
    assert_eq!(shared, Some(expected));
    assert_eq!(share_out(Atoms(1_000), Atoms(0), Atoms(0), Bps::new(0).unwrap()), None);
}
