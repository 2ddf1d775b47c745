//! Which account writes a subscriber sees, and how much of their data.

use std::collections::HashSet;

use base64::{Engine, prelude::BASE64_STANDARD};
use tonic::Status;
use yellowstone_grpc_proto::prelude::{
    SubscribeRequestAccountsDataSlice, SubscribeRequestFilterAccounts, SubscribeRequestFilterAccountsFilter,
    SubscribeUpdateAccountInfo, subscribe_request_filter_accounts_filter::Filter,
    subscribe_request_filter_accounts_filter_lamports::Cmp, subscribe_request_filter_accounts_filter_memcmp::Data,
};

use super::public_key;

/// The length of a token account without extensions, the offset of its state, and Token-2022's account type behind it.
const TOKEN_ACCOUNT_LEN: usize = 165;
const TOKEN_STATE_OFFSET: usize = 108;
const TOKEN_ACCOUNT_TYPE: u8 = 2;
/// A multisignature account has this length and must not be taken for a token account.
const MULTISIG_LEN: usize = 355;

/// All the conditions of one named filter; an update must meet every one that is given.
#[derive(Debug)]
pub(super) struct AccountFilter {
    keys: HashSet<[u8; 32]>,
    owners: HashSet<[u8; 32]>,
    conditions: Vec<Condition>,
    by_transaction: Option<bool>,
}

#[derive(Debug)]
enum Condition {
    Bytes { offset: usize, bytes: Vec<u8> },
    Length(u64),
    TokenAccount(bool),
    Lamports(Cmp),
}

impl AccountFilter {
    pub(super) fn parse(filter: &SubscribeRequestFilterAccounts) -> Result<Self, Status> {
        if filter.cuckoo_accounts_filter.is_some() {
            return Err(Status::unimplemented(
                "the local network has no cuckoo filters; list the accounts instead",
            ));
        }
        Ok(Self {
            keys: filter
                .account
                .iter()
                .map(|key| public_key(key))
                .collect::<Result<_, _>>()?,
            owners: filter
                .owner
                .iter()
                .map(|key| public_key(key))
                .collect::<Result<_, _>>()?,
            conditions: filter.filters.iter().map(Condition::parse).collect::<Result<_, _>>()?,
            by_transaction: filter.nonempty_txn_signature,
        })
    }

    pub(super) fn matches(&self, account: &SubscribeUpdateAccountInfo) -> bool {
        any_of(&self.keys, &account.pubkey)
            && any_of(&self.owners, &account.owner)
            && self
                .by_transaction
                .is_none_or(|wanted| wanted == account.txn_signature.is_some())
            && self.conditions.iter().all(|condition| condition.holds(account))
    }
}

fn any_of(wanted: &HashSet<[u8; 32]>, key: &[u8]) -> bool {
    wanted.is_empty() || <[u8; 32]>::try_from(key).is_ok_and(|key| wanted.contains(&key))
}

impl Condition {
    fn parse(filter: &SubscribeRequestFilterAccountsFilter) -> Result<Self, Status> {
        match &filter.filter {
            Some(Filter::Memcmp(memcmp)) => {
                let bytes = match &memcmp.data {
                    Some(Data::Bytes(bytes)) => bytes.clone(),
                    Some(Data::Base58(text)) => bs58::decode(text).into_vec().map_err(|error| {
                        Status::invalid_argument(format!("memcmp: {text:?} is not base58: {error}"))
                    })?,
                    Some(Data::Base64(text)) => BASE64_STANDARD.decode(text).map_err(|error| {
                        Status::invalid_argument(format!("memcmp: {text:?} is not base64: {error}"))
                    })?,
                    None => {
                        return Err(Status::invalid_argument(
                            "memcmp: the bytes to compare with are missing",
                        ));
                    }
                };
                let offset = usize::try_from(memcmp.offset)
                    .map_err(|_| Status::invalid_argument("memcmp: the offset is larger than any account"))?;
                Ok(Self::Bytes { offset, bytes })
            }
            Some(Filter::Datasize(length)) => Ok(Self::Length(*length)),
            Some(Filter::TokenAccountState(wanted)) => Ok(Self::TokenAccount(*wanted)),
            Some(Filter::Lamports(lamports)) => lamports
                .cmp
                .map(Self::Lamports)
                .ok_or_else(|| Status::invalid_argument("lamports: the comparison is missing")),
            None => Err(Status::invalid_argument("an entry of `filters` is empty")),
        }
    }

    fn holds(&self, account: &SubscribeUpdateAccountInfo) -> bool {
        match self {
            Self::Bytes { offset, bytes } => account.data.get(*offset..).is_some_and(|rest| rest.starts_with(bytes)),
            Self::Length(length) => u64::try_from(account.data.len()).is_ok_and(|actual| actual == *length),
            Self::TokenAccount(wanted) => *wanted == is_token_account(&account.data),
            Self::Lamports(Cmp::Eq(amount)) => account.lamports == *amount,
            Self::Lamports(Cmp::Ne(amount)) => account.lamports != *amount,
            Self::Lamports(Cmp::Lt(amount)) => account.lamports < *amount,
            Self::Lamports(Cmp::Gt(amount)) => account.lamports > *amount,
        }
    }
}

fn is_token_account(data: &[u8]) -> bool {
    let initialised = data.get(TOKEN_STATE_OFFSET).is_some_and(|state| *state != 0);
    let extended = data.get(TOKEN_ACCOUNT_LEN) == Some(&TOKEN_ACCOUNT_TYPE) && data.len() != MULTISIG_LEN;
    initialised && (data.len() == TOKEN_ACCOUNT_LEN || extended)
}

/// A part of an account's data.
#[derive(Debug)]
pub(super) struct DataSlice {
    start: usize,
    end: usize,
}

impl DataSlice {
    pub(super) fn parse(slices: &[SubscribeRequestAccountsDataSlice]) -> Result<Vec<Self>, Status> {
        let parse = |slice: &SubscribeRequestAccountsDataSlice| {
            let start = usize::try_from(slice.offset).ok()?;
            Some(Self {
                start,
                end: start.checked_add(usize::try_from(slice.length).ok()?)?,
            })
        };
        slices
            .iter()
            .map(|slice| {
                parse(slice).ok_or_else(|| Status::invalid_argument("accounts_data_slice reaches past any account"))
            })
            .collect()
    }

    /// The wanted parts, one after the other; all of it when none are named. A part that the data does not fill is left out.
    pub(super) fn cut(slices: &[Self], data: Vec<u8>) -> Vec<u8> {
        if slices.is_empty() {
            return data;
        }
        slices
            .iter()
            .filter_map(|slice| data.get(slice.start..slice.end))
            .flatten()
            .copied()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use yellowstone_grpc_proto::prelude::{
        SubscribeRequestFilterAccountsFilterLamports, SubscribeRequestFilterAccountsFilterMemcmp,
    };

    use super::*;

    fn account(key: u8, owner: u8, data: &[u8]) -> SubscribeUpdateAccountInfo {
        SubscribeUpdateAccountInfo {
            pubkey: vec![key; 32],
            owner: vec![owner; 32],
            data: data.to_vec(),
            lamports: 100,
            ..Default::default()
        }
    }

    fn key(byte: u8) -> String {
        bs58::encode([byte; 32]).into_string()
    }

    fn only(condition: Filter) -> AccountFilter {
        let filters = vec![SubscribeRequestFilterAccountsFilter {
            filter: Some(condition),
        }];
        AccountFilter::parse(&SubscribeRequestFilterAccounts {
            filters,
            ..Default::default()
        })
        .unwrap()
    }

    fn memcmp(offset: u64, data: Data) -> Filter {
        Filter::Memcmp(SubscribeRequestFilterAccountsFilterMemcmp {
            offset,
            data: Some(data),
        })
    }

    #[test]
    fn an_empty_filter_matches_every_account() {
        let filter = AccountFilter::parse(&SubscribeRequestFilterAccounts::default()).unwrap();
        assert!(filter.matches(&account(1, 2, b"")));
    }

    #[test]
    fn keys_and_owners_must_both_match_when_both_are_given() {
        let filter = AccountFilter::parse(&SubscribeRequestFilterAccounts {
            account: vec![key(1), key(2)],
            owner: vec![key(9)],
            ..Default::default()
        })
        .unwrap();
        assert!(filter.matches(&account(1, 9, b"")));
        assert!(filter.matches(&account(2, 9, b"")));
        assert!(!filter.matches(&account(3, 9, b"")));
        assert!(!filter.matches(&account(1, 8, b"")));
    }

    #[test]
    fn memcmp_compares_at_its_offset_in_all_three_encodings() {
        for data in [
            Data::Bytes(b"bc".to_vec()),
            Data::Base58(bs58::encode(b"bc").into_string()),
            Data::Base64("YmM=".into()),
        ] {
            let filter = only(memcmp(1, data));
            assert!(filter.matches(&account(1, 2, b"abcd")));
            assert!(!filter.matches(&account(1, 2, b"bcd")));
            assert!(!filter.matches(&account(1, 2, b"ab")));
            assert!(!filter.matches(&account(1, 2, b"")));
        }
    }

    #[test]
    fn datasize_and_lamports_compare_exactly() {
        assert!(only(Filter::Datasize(3)).matches(&account(1, 2, b"abc")));
        assert!(!only(Filter::Datasize(3)).matches(&account(1, 2, b"abcd")));
        let lamports = |cmp| {
            only(Filter::Lamports(SubscribeRequestFilterAccountsFilterLamports {
                cmp: Some(cmp),
            }))
        };
        assert!(lamports(Cmp::Eq(100)).matches(&account(1, 2, b"")));
        assert!(lamports(Cmp::Gt(99)).matches(&account(1, 2, b"")));
        assert!(!lamports(Cmp::Lt(100)).matches(&account(1, 2, b"")));
        assert!(!lamports(Cmp::Ne(100)).matches(&account(1, 2, b"")));
    }

    #[test]
    fn token_accounts_are_told_from_mints_and_multisignature_accounts() {
        let mut plain = vec![0; TOKEN_ACCOUNT_LEN];
        plain[TOKEN_STATE_OFFSET] = 1;
        let mut extended = [plain.clone(), vec![TOKEN_ACCOUNT_TYPE, 0]].concat();
        let wanted = only(Filter::TokenAccountState(true));
        assert!(wanted.matches(&account(1, 2, &plain)));
        assert!(wanted.matches(&account(1, 2, &extended)));
        assert!(!wanted.matches(&account(1, 2, &[0; 82])));
        extended.resize(MULTISIG_LEN, 0);
        assert!(!wanted.matches(&account(1, 2, &extended)));
    }

    #[test]
    fn data_slices_are_joined_and_those_past_the_end_left_out() {
        let slice = |offset, length| SubscribeRequestAccountsDataSlice { offset, length };
        let slices = DataSlice::parse(&[slice(0, 2), slice(4, 1), slice(5, 9)]).unwrap();
        assert_eq!(DataSlice::cut(&slices, b"abcdef".to_vec()), b"abe");
        assert_eq!(DataSlice::cut(&[], b"abcdef".to_vec()), b"abcdef");
        assert!(DataSlice::parse(&[slice(u64::MAX, 1)]).is_err());
    }

    #[test]
    fn what_means_nothing_is_refused_with_what_is_wrong() {
        let owner = SubscribeRequestFilterAccounts {
            owner: vec!["nonsense!".into()],
            ..Default::default()
        };
        let refused = AccountFilter::parse(&owner).unwrap_err();
        assert_eq!(refused.code(), tonic::Code::InvalidArgument);
        assert!(
            refused.message().contains("\"nonsense!\" is not a public key"),
            "{refused}"
        );
        assert!(Condition::parse(&SubscribeRequestFilterAccountsFilter { filter: None }).is_err());
    }
}
