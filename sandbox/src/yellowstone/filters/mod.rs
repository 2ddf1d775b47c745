//! What a subscriber asked to see, checked and parsed once, then matched against every update.

mod accounts;
mod transactions;

use tonic::Status;
use yellowstone_grpc_proto::prelude::{
    SubscribeRequest, SubscribeRequestFilterSlots, SubscribeUpdate, SubscribeUpdateTransaction,
    SubscribeUpdateTransactionStatus, subscribe_update::UpdateOneof,
};

use self::{
    accounts::{AccountFilter, DataSlice},
    transactions::TransactionFilter,
};
use super::update::{Commitment, Update};

type Named<T> = Vec<(String, T)>;

/// A checked subscription.
#[derive(Debug)]
pub struct Filters {
    level: Commitment,
    accounts: Named<AccountFilter>,
    data_slices: Vec<DataSlice>,
    transactions: Named<TransactionFilter>,
    transaction_statuses: Named<TransactionFilter>,
    slots: Named<SlotFilter>,
    block_metas: Named<()>,
}

#[derive(Debug)]
struct SlotFilter {
    only_at_own_commitment: bool,
}

impl Filters {
    /// Checks a request.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for values that mean nothing, `UNIMPLEMENTED` for parts of the service that this network lacks:
    /// better than a stream that stays silent.
    pub fn parse(request: &SubscribeRequest) -> Result<Self, Status> {
        let level = Commitment::requested(request.commitment).ok_or_else(|| {
            Status::invalid_argument("commitment must be 0 (processed), 1 (confirmed) or 2 (finalized)")
        })?;
        let absent = [
            ("blocks", request.blocks.is_empty()),
            ("entry", request.entry.is_empty()),
            ("block_footer", request.block_footer.is_empty()),
        ];
        if let Some((missing, _)) = absent.iter().find(|(_, unused)| !unused) {
            return Err(Status::unimplemented(format!(
                "the local network does not stream `{missing}`; subscribe to accounts, transactions, slots or blocks_meta"
            )));
        }
        Ok(Self {
            level,
            accounts: named(&request.accounts, AccountFilter::parse)?,
            data_slices: DataSlice::parse(&request.accounts_data_slice)?,
            transactions: named(&request.transactions, TransactionFilter::parse)?,
            transaction_statuses: named(&request.transactions_status, TransactionFilter::parse)?,
            slots: named(&request.slots, |filter| Ok(SlotFilter::from(filter)))?,
            block_metas: named(&request.blocks_meta, |_| Ok(()))?,
        })
    }

    /// The commitment at which updates are to arrive.
    #[must_use]
    pub fn level(&self) -> Commitment {
        self.level
    }

    /// The messages that the update becomes for this subscriber: none, one, or two for a transaction wanted in both forms.
    #[must_use]
    pub fn apply(&self, update: &Update) -> Vec<SubscribeUpdate> {
        match update {
            Update::Account(account) => {
                let Some(info) = &account.account else { return vec![] };
                message(matching(&self.accounts, |filter| filter.matches(info)), || {
                    let mut sliced = (**account).clone();
                    if let Some(info) = &mut sliced.account {
                        info.data = DataSlice::cut(&self.data_slices, std::mem::take(&mut info.data));
                    }
                    UpdateOneof::Account(sliced)
                })
            }
            Update::Transaction(transaction) => {
                let Some(info) = &transaction.transaction else {
                    return vec![];
                };
                let mut messages = message(matching(&self.transactions, |filter| filter.matches(info)), || {
                    update.to_wire()
                });
                messages.extend(message(
                    matching(&self.transaction_statuses, |filter| filter.matches(info)),
                    || status_only(transaction),
                ));
                messages
            }
            Update::BlockMeta(_) => message(matching(&self.block_metas, |()| true), || update.to_wire()),
            Update::Slot(slot) => message(
                matching(&self.slots, |filter| {
                    !filter.only_at_own_commitment || slot.status == self.level.slot_status()
                }),
                || update.to_wire(),
            ),
        }
    }
}

impl From<&SubscribeRequestFilterSlots> for SlotFilter {
    /// `interslot_updates` would add statuses such as "first shred received", which one machine alone never has.
    fn from(filter: &SubscribeRequestFilterSlots) -> Self {
        Self {
            only_at_own_commitment: filter.filter_by_commitment.unwrap_or(false),
        }
    }
}

fn named<F, T>(
    filters: &std::collections::HashMap<String, F>,
    parse: impl Fn(&F) -> Result<T, Status>,
) -> Result<Named<T>, Status> {
    filters
        .iter()
        .map(|(name, filter)| match parse(filter) {
            Ok(parsed) => Ok((name.clone(), parsed)),
            Err(status) => Err(Status::new(
                status.code(),
                format!("filter {name:?}: {}", status.message()),
            )),
        })
        .collect()
}

fn matching<T>(filters: &Named<T>, matches: impl Fn(&T) -> bool) -> Vec<String> {
    filters
        .iter()
        .filter(|(_, filter)| matches(filter))
        .map(|(name, _)| name.clone())
        .collect()
}

fn message(filters: Vec<String>, update: impl FnOnce() -> UpdateOneof) -> Vec<SubscribeUpdate> {
    if filters.is_empty() {
        vec![]
    } else {
        vec![stamped(filters, update())]
    }
}

/// A message as it goes out, with the time at which it does.
pub(super) fn stamped(filters: Vec<String>, update: UpdateOneof) -> SubscribeUpdate {
    SubscribeUpdate {
        filters,
        update_oneof: Some(update),
        created_at: Some(std::time::SystemTime::now().into()),
    }
}

fn status_only(transaction: &SubscribeUpdateTransaction) -> UpdateOneof {
    let info = transaction.transaction.clone().unwrap_or_default();
    UpdateOneof::TransactionStatus(SubscribeUpdateTransactionStatus {
        slot: transaction.slot,
        bank_id: transaction.bank_id,
        signature: info.signature,
        is_vote: info.is_vote,
        index: info.index,
        err: info.meta.and_then(|meta| meta.err),
    })
}

/// A base58 public key of 32 bytes.
fn public_key(text: &str) -> Result<[u8; 32], Status> {
    bs58::decode(text)
        .into_vec()
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Status::invalid_argument(format!("{text:?} is not a public key")))
}
