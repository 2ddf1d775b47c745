//! Which transactions a subscriber sees.

use std::collections::HashSet;

use tonic::Status;
use yellowstone_grpc_proto::prelude::{SubscribeRequestFilterTransactions, SubscribeUpdateTransactionInfo};

use super::public_key;

/// All the conditions of one named filter; a transaction must meet every one that is given.
#[derive(Debug)]
pub(super) struct TransactionFilter {
    vote: Option<bool>,
    failed: Option<bool>,
    signature: Option<Vec<u8>>,
    any_of: HashSet<[u8; 32]>,
    none_of: HashSet<[u8; 32]>,
    all_of: HashSet<[u8; 32]>,
}

impl TransactionFilter {
    pub(super) fn parse(filter: &SubscribeRequestFilterTransactions) -> Result<Self, Status> {
        if filter.cuckoo_account_include.is_some() || filter.token_accounts.is_some() {
            return Err(Status::unimplemented(
                "the local network has no cuckoo filters and no token account expansion; list the accounts instead",
            ));
        }
        let keys = |keys: &[String]| {
            keys.iter()
                .map(|key| public_key(key))
                .collect::<Result<HashSet<_>, _>>()
        };
        Ok(Self {
            vote: filter.vote,
            failed: filter.failed,
            signature: filter.signature.as_deref().map(signature).transpose()?,
            any_of: keys(&filter.account_include)?,
            none_of: keys(&filter.account_exclude)?,
            all_of: keys(&filter.account_required)?,
        })
    }

    pub(super) fn matches(&self, transaction: &SubscribeUpdateTransactionInfo) -> bool {
        let failed = transaction.meta.as_ref().is_some_and(|meta| meta.err.is_some());
        if self.vote.is_some_and(|wanted| wanted != transaction.is_vote)
            || self.failed.is_some_and(|wanted| wanted != failed)
            || self
                .signature
                .as_ref()
                .is_some_and(|wanted| *wanted != transaction.signature)
        {
            return false;
        }
        let named: HashSet<[u8; 32]> = keys_of(transaction).collect();
        (self.any_of.is_empty() || !self.any_of.is_disjoint(&named))
            && self.none_of.is_disjoint(&named)
            && self.all_of.is_subset(&named)
    }
}

/// Every account that the transaction names, those from lookup tables included.
fn keys_of(transaction: &SubscribeUpdateTransactionInfo) -> impl Iterator<Item = [u8; 32]> + '_ {
    let message = transaction
        .transaction
        .as_ref()
        .and_then(|signed| signed.message.as_ref());
    let listed = message.into_iter().flat_map(|message| &message.account_keys);
    let loaded = transaction.meta.iter().flat_map(|meta| {
        meta.loaded_writable_addresses
            .iter()
            .chain(&meta.loaded_readonly_addresses)
    });
    listed.chain(loaded).filter_map(|key| key.as_slice().try_into().ok())
}

fn signature(text: &str) -> Result<Vec<u8>, Status> {
    bs58::decode(text)
        .into_vec()
        .ok()
        .filter(|bytes| bytes.len() == 64)
        .ok_or_else(|| Status::invalid_argument(format!("{text:?} is not a signature")))
}

#[cfg(test)]
mod tests {
    use yellowstone_grpc_proto::prelude::{Message, Transaction, TransactionError, TransactionStatusMeta};

    use super::*;

    fn key(byte: u8) -> String {
        bs58::encode([byte; 32]).into_string()
    }

    /// Names accounts 1 and 2 itself and loads 3 and 4 from lookup tables.
    fn transaction(failed: bool) -> SubscribeUpdateTransactionInfo {
        SubscribeUpdateTransactionInfo {
            signature: vec![7; 64],
            transaction: Some(Transaction {
                message: Some(Message {
                    account_keys: vec![vec![1; 32], vec![2; 32]],
                    ..Default::default()
                }),
                ..Default::default()
            }),
            meta: Some(TransactionStatusMeta {
                err: failed.then(TransactionError::default),
                loaded_writable_addresses: vec![vec![3; 32]],
                loaded_readonly_addresses: vec![vec![4; 32]],
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn matches(filter: SubscribeRequestFilterTransactions) -> bool {
        TransactionFilter::parse(&filter).unwrap().matches(&transaction(false))
    }

    #[test]
    fn include_wants_any_required_all_and_exclude_none() {
        let include = |keys: &[u8]| SubscribeRequestFilterTransactions {
            account_include: keys.iter().map(|byte| key(*byte)).collect(),
            ..Default::default()
        };
        let required = |keys: &[u8]| SubscribeRequestFilterTransactions {
            account_required: keys.iter().map(|byte| key(*byte)).collect(),
            ..Default::default()
        };
        assert!(matches(include(&[])));
        assert!(matches(include(&[9, 1])));
        assert!(!matches(include(&[9])));
        assert!(matches(required(&[1, 2])));
        assert!(!matches(required(&[1, 9])));
        assert!(!matches(SubscribeRequestFilterTransactions {
            account_exclude: vec![key(2)],
            ..include(&[1])
        }));
    }

    #[test]
    fn accounts_from_lookup_tables_count() {
        for loaded in [3, 4] {
            assert!(matches(SubscribeRequestFilterTransactions {
                account_required: vec![key(loaded)],
                ..Default::default()
            }));
        }
    }

    #[test]
    fn failed_and_signature_and_vote_narrow_the_choice() {
        let failed = |wanted| SubscribeRequestFilterTransactions {
            failed: Some(wanted),
            ..Default::default()
        };
        assert!(matches(failed(false)));
        assert!(!matches(failed(true)));
        assert!(
            TransactionFilter::parse(&failed(true))
                .unwrap()
                .matches(&transaction(true))
        );
        let signed = |byte| SubscribeRequestFilterTransactions {
            signature: Some(bs58::encode([byte; 64]).into_string()),
            ..Default::default()
        };
        assert!(matches(signed(7)));
        assert!(!matches(signed(8)));
        assert!(!matches(SubscribeRequestFilterTransactions {
            vote: Some(true),
            ..Default::default()
        }));
    }

    #[test]
    fn a_signature_of_the_wrong_length_is_refused() {
        let filter = SubscribeRequestFilterTransactions {
            signature: Some("abc".into()),
            ..Default::default()
        };
        assert_eq!(
            TransactionFilter::parse(&filter).unwrap_err().code(),
            tonic::Code::InvalidArgument
        );
    }
}
