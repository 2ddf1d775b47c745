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

/// The original plugin's limits, so that what is accepted here is accepted there: conditions per filter, bytes to compare with, and
/// those bytes as text.
const MAX_CONDITIONS: usize = 4;
const MAX_MEMCMP_BYTES: usize = 128;
const MAX_MEMCMP_BASE58: usize = 175;
const MAX_MEMCMP_BASE64: usize = 172;

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
    TokenAccount,
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
            conditions: Condition::parse_all(&filter.filters)?,
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
    fn parse_all(filters: &[SubscribeRequestFilterAccountsFilter]) -> Result<Vec<Self>, Status> {
        if filters.len() > MAX_CONDITIONS {
            return refuse(format!("Too many filters provided; max {MAX_CONDITIONS}"));
        }
        let conditions = filters.iter().map(Self::parse).collect::<Result<Vec<_>, _>>()?;
        let lengths = conditions
            .iter()
            .filter(|condition| matches!(condition, Self::Length(_)));
        if lengths.count() > 1 {
            return refuse("datasize used more than once");
        }
        Ok(conditions)
    }

    fn parse(filter: &SubscribeRequestFilterAccountsFilter) -> Result<Self, Status> {
        match &filter.filter {
            Some(Filter::Memcmp(memcmp)) => {
                let bytes = memcmp_bytes(memcmp.data.as_ref())?;
                let offset = usize::try_from(memcmp.offset)
                    .map_err(|_| Status::invalid_argument("memcmp: the offset is larger than any account"))?;
                Ok(Self::Bytes { offset, bytes })
            }
            Some(Filter::Datasize(length)) => Ok(Self::Length(*length)),
            Some(Filter::TokenAccountState(true)) => Ok(Self::TokenAccount),
            Some(Filter::TokenAccountState(false)) => refuse("token_account_state only allowed to be true"),
            Some(Filter::Lamports(lamports)) => match lamports.cmp {
                Some(cmp) => Ok(Self::Lamports(cmp)),
                None => refuse("cmp for lamports should be defined"),
            },
            None => refuse("filter should be defined"),
        }
    }

    fn holds(&self, account: &SubscribeUpdateAccountInfo) -> bool {
        match self {
            Self::Bytes { offset, bytes } => account.data.get(*offset..).is_some_and(|rest| rest.starts_with(bytes)),
            Self::Length(length) => u64::try_from(account.data.len()).is_ok_and(|actual| actual == *length),
            Self::TokenAccount => is_token_account(&account.data),
            Self::Lamports(Cmp::Eq(amount)) => account.lamports == *amount,
            Self::Lamports(Cmp::Ne(amount)) => account.lamports != *amount,
            Self::Lamports(Cmp::Lt(amount)) => account.lamports < *amount,
            Self::Lamports(Cmp::Gt(amount)) => account.lamports > *amount,
        }
    }
}

/// The bytes to compare with, in whichever encoding they came.
fn memcmp_bytes(data: Option<&Data>) -> Result<Vec<u8>, Status> {
    let longest = match data {
        Some(Data::Bytes(_)) | None => usize::MAX,
        Some(Data::Base58(_)) => MAX_MEMCMP_BASE58,
        Some(Data::Base64(_)) => MAX_MEMCMP_BASE64,
    };
    let bytes = match data {
        Some(Data::Base58(text) | Data::Base64(text)) if text.len() > longest => return refuse("data too large"),
        Some(Data::Bytes(bytes)) => bytes.clone(),
        Some(Data::Base58(text)) => bs58::decode(text).into_vec().or_else(|_| refuse("invalid base58"))?,
        Some(Data::Base64(text)) => BASE64_STANDARD.decode(text).or_else(|_| refuse("invalid base64"))?,
        None => return refuse("data for memcmp should be defined"),
    };
    if bytes.len() > MAX_MEMCMP_BYTES {
        return refuse("data too large");
    }
    Ok(bytes)
}

/// The original plugin's words, so that a client meets the same ones here and there.
fn refuse<T>(reason: impl Into<String>) -> Result<T, Status> {
    Err(Status::invalid_argument(reason))
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
        let slices = slices
            .iter()
            .map(|slice| {
                parse(slice).ok_or_else(|| Status::invalid_argument("accounts_data_slice reaches past any account"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        if !slices.is_sorted_by_key(|slice| slice.start) {
            return refuse("failed to create filter: data slices out of order");
        }
        // In order, so only the next one can begin too early.
        if slices.windows(2).any(|pair| pair[1].start < pair[0].end) {
            return refuse("failed to create filter: data slices overlapped");
        }
        Ok(slices)
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
    fn data_slices_out_of_order_or_over_each_other_are_refused_as_the_plugin_does() {
        let slice = |offset, length| SubscribeRequestAccountsDataSlice { offset, length };
        let refused = |slices: &[_]| DataSlice::parse(slices).unwrap_err().message().to_owned();
        assert_eq!(
            refused(&[slice(4, 1), slice(0, 2)]),
            "failed to create filter: data slices out of order"
        );
        assert_eq!(
            refused(&[slice(0, 3), slice(2, 1)]),
            "failed to create filter: data slices overlapped"
        );
        assert!(DataSlice::parse(&[slice(0, 2), slice(2, 1)]).is_ok());
    }

    #[test]
    fn what_the_plugin_does_not_take_is_refused_in_its_words() {
        let refused = |filters: Vec<Filter>| {
            let filters = filters
                .into_iter()
                .map(|filter| SubscribeRequestFilterAccountsFilter { filter: Some(filter) })
                .collect();
            let filter = SubscribeRequestFilterAccounts {
                filters,
                ..Default::default()
            };
            let status = AccountFilter::parse(&filter).unwrap_err();
            assert_eq!(status.code(), tonic::Code::InvalidArgument);
            status.message().to_owned()
        };
        let byte = || memcmp(0, Data::Bytes(vec![1]));
        assert_eq!(
            refused(vec![byte(), byte(), byte(), byte(), byte()]),
            "Too many filters provided; max 4"
        );
        for data in [
            Data::Bytes(vec![1; 129]),
            Data::Base58("1".repeat(129)),
            Data::Base58("2".repeat(176)),
            Data::Base64("A".repeat(176)),
        ] {
            assert_eq!(refused(vec![memcmp(0, data)]), "data too large");
        }
        assert_eq!(refused(vec![memcmp(0, Data::Base58("0".into()))]), "invalid base58");
        assert_eq!(refused(vec![memcmp(0, Data::Base64("!".into()))]), "invalid base64");
        assert_eq!(
            refused(vec![Filter::Datasize(1), Filter::Datasize(1)]),
            "datasize used more than once"
        );
        assert_eq!(
            refused(vec![Filter::TokenAccountState(false)]),
            "token_account_state only allowed to be true"
        );
        let no_comparison = SubscribeRequestFilterAccountsFilterLamports { cmp: None };
        assert_eq!(
            refused(vec![Filter::Lamports(no_comparison)]),
            "cmp for lamports should be defined"
        );
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
