//! Shares over whole small domains: whoever buys and redeems never gets more than it brought, and those who stay never lose by it.

use gantry_protocol::{
    Atoms, Bps,
    shares::{Pool, Shares, VIRTUAL},
};

/// Prices below one, at one and above it: assets and shares as they are, and with enough assets behind each share that the virtual ones
/// matter.
fn pools() -> impl Iterator<Item = Pool> {
    let small = (0..=90).flat_map(|assets| (0..=90).map(move |shares| (assets, shares)));
    let dear = (1..=30).flat_map(|times| (1..=30).map(move |shares| (times * VIRTUAL / 3, shares)));
    small.chain(dear).map(|(assets, shares)| Pool {
        assets: Atoms(assets),
        shares: Shares(shares),
    })
}

/// Whether a share of `after` is worth at least as much as one of `before`.
fn is_no_cheaper(after: &Pool, before: &Pool) -> bool {
    let price = |pool: &Pool| {
        let (assets, shares) = (u128::from(pool.assets.0), u128::from(pool.shares.0));
        if assets < shares {
            (assets, shares)
        } else {
            (assets + u128::from(VIRTUAL), shares + u128::from(VIRTUAL))
        }
    };
    let ((assets, shares), (assets_before, shares_before)) = (price(after), price(before));
    assets * shares_before >= assets_before * shares
}

#[test]
fn buying_and_redeeming_at_once_never_pays_out_more_than_came_in() {
    for before in pools() {
        for amount in (1..=90).chain((1..=8).map(|part| part * VIRTUAL / 4)) {
            let mut pool = before;
            let Ok(bought) = pool.deposit(Atoms(amount)) else {
                assert_eq!(pool, before);
                continue;
            };
            assert!(is_no_cheaper(&pool, &before), "{before:?} and {amount}");
            let left = pool;
            let back = pool.redeem(bought).unwrap();
            assert!(back.0 <= amount, "{before:?}: {amount} came back as {back:?}");
            assert!(
                pool.shares == Shares(0) || is_no_cheaper(&pool, &left),
                "{before:?} and {amount}"
            );
        }
    }
}

#[test]
fn all_shares_one_after_the_other_in_any_two_parts_are_worth_no_more_than_the_assets() {
    for before in pools() {
        let Shares(all) = before.shares;
        for first in 0..=all {
            let mut pool = before;
            let one = pool.redeem(Shares(first)).unwrap();
            let two = pool.redeem(Shares(all - first)).unwrap();
            assert!(one.0 + two.0 <= before.assets.0, "{before:?}: {first} first");
            assert_eq!(pool.assets.0, before.assets.0 - one.0 - two.0);
        }
    }
}

#[test]
fn a_slash_of_every_size_takes_its_part_rounded_down_and_the_rest_is_still_shared() {
    for before in pools().step_by(23) {
        for bps in 0..=Bps::ONE {
            let mut pool = before;
            let taken = pool.slash(Bps::new(bps).unwrap());
            assert_eq!(taken.0, before.assets.0 * u64::from(bps) / 10_000);
            assert_eq!((pool.assets.0 + taken.0, pool.shares), (before.assets.0, before.shares));
            let rest = pool.worth(pool.shares).unwrap();
            assert!(rest <= pool.assets, "{before:?} less {bps}");
        }
    }
}
