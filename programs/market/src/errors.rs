//! Everything the market refuses. Append-only: codes are part of the interface.

use anchor_lang::prelude::*;

/// Why the market refused. Codes from 7000.
#[error_code(offset = 7000)]
#[derive(Debug, PartialEq, Eq)]
pub enum MarketError {
    /// The signer did not deploy the program.
    #[msg(
        "Only the program's upgrade authority may initialise the market; sign with the key that deployed the program."
    )]
    NotUpgradeAuthority,
    /// The signer does not govern the market.
    #[msg("Only the market's authority may do this; sign with that key.")]
    NotAuthority,
    /// A parameter outside the protocol's bounds.
    #[msg("A parameter lies outside the protocol's bounds (fee at most 20 %, burned part of it at most 100 %, grace window 5 to 3,600 s, start deadline 1 to 3,600 s, heartbeat age at least 10 s).")]
    ParameterOutOfRange,
    /// The mint has an extension that nobody has judged.
    #[msg("The mint carries a Token-2022 extension that the market does not know; use a mint whose extensions docs/MINTS.md lists as admitted.")]
    MintNotAdmitted,
    /// No new jobs in this mint.
    #[msg("The market takes no new jobs in this mint; choose another registered mint.")]
    MintDisabled,
    /// Floor above ceiling, or a ceiling of zero.
    #[msg("The price range is empty; the ceiling must be above zero and at least the floor.")]
    PriceRangeEmpty,
    /// A rate outside the governed range.
    #[msg("The rate lies outside the range that governance set for this GPU class and mint; choose a rate between its floor and ceiling.")]
    RateOutOfRange,
    /// No place for another mint.
    #[msg("The node is already priced in four mints; withdraw one offer first.")]
    TooManyPrices,
    /// The node has no price in this mint.
    #[msg("The node is not offered in this mint; choose one of the mints that it is priced in.")]
    NotOffered,
    /// The price rose above the tenant's limit.
    #[msg("The node's rate is above the most that you would pay; look at the market again, or raise your limit.")]
    RateAboveLimit,
    /// The signer does not own this account.
    #[msg("The account belongs to another owner; sign with the owner's wallet.")]
    NotOwner,
    /// The signer is not the attestation key.
    #[msg("Only the provider's current attestation key may do this.")]
    NotAttestationKey,
    /// The signer is neither the tenant nor its session key.
    #[msg("Only the job's tenant or its session key may do this.")]
    NotTenant,
    /// The endpoint is malformed.
    #[msg("The endpoint must be 1 to 96 bytes of printable ASCII that begin with https://.")]
    InvalidEndpoint,
    /// A key of all zeros.
    #[msg("The key is all zeros, which nobody can sign for; name a real key.")]
    InvalidKey,
    /// A class or region name in another alphabet.
    #[msg("Class and region must be 1 to 16 characters out of a-z, 0-9 and '-', padded with zeros.")]
    InvalidName,
    /// No memory, or an empty range of durations.
    #[msg("A node's GPUs have memory, and its shortest duration is 1 s up to its longest, at most a year.")]
    InvalidSpecification,
    /// A node number other than the next.
    #[msg("Nodes are numbered from zero without gaps; register the next number.")]
    NodeIdOutOfOrder,
    /// An amount of zero.
    #[msg("The amount is zero; name at least one base unit.")]
    ZeroAmount,
    /// A sum or product that leaves 64 bits.
    #[msg("The amount is too large for 64 bits; use a smaller amount, rate or duration.")]
    AmountOverflow,
    /// Not enough in the balance.
    #[msg("The balance is too small; deposit more, or rent for a shorter time.")]
    InsufficientBalance,
    /// The market is paused.
    #[msg("Governance has paused new jobs; running jobs, settlements and withdrawals go on.")]
    Paused,
    /// The node takes no new jobs.
    #[msg("The node takes no new jobs; choose another one.")]
    NodeInactive,
    /// The last heartbeat is too old.
    #[msg("The node's last heartbeat is too old; choose another node, or wait until its agent is back.")]
    NodeSilent,
    /// Too few free GPUs.
    #[msg("The node has fewer free GPUs than that; choose fewer GPUs or another node.")]
    CapacityExceeded,
    /// A duration outside the node's range.
    #[msg("The duration lies outside what the node offers; choose one between its shortest and longest.")]
    DurationOutOfRange,
    /// An escrow of zero.
    #[msg("At this rate and duration the job would cost nothing; rent for longer.")]
    ZeroEscrow,
    /// The job is not in a state that allows this.
    #[msg("The job is not in a state that allows this; look at its state and at the order open, start, settle, stop, close.")]
    WrongJobState,
    /// Too late to start.
    #[msg("The start deadline has passed; cancel the job to return its escrow.")]
    StartDeadlinePassed,
    /// Too early to cancel.
    #[msg("The provider still has time to start this job; cancel it after the start deadline.")]
    StartDeadlineNotPassed,
    /// Too early to close.
    #[msg("The job cannot be closed yet: settle its final receipt, or wait until the grace window after its stop or expiry has passed.")]
    GraceWindowOpen,
    /// No Ed25519 instruction directly before this one.
    #[msg("The instruction directly before must be the Ed25519 precompile with both signatures.")]
    MissingSignatures,
    /// The Ed25519 instruction is not in the canonical layout.
    #[msg("The Ed25519 instruction is not in the canonical layout; build it as docs/PROTOCOL.md describes.")]
    SignaturesNotCanonical,
    /// Signed by other keys than the job's, or in the other order.
    #[msg("The receipt must be signed by the job's attestation key first and its session key second.")]
    WrongSigner,
    /// The message is not a receipt.
    #[msg("The signed message is not a version 1 receipt.")]
    MalformedReceipt,
    /// A receipt of another cluster.
    #[msg("The receipt names another cluster's genesis hash.")]
    WrongCluster,
    /// A receipt of another job.
    #[msg("The receipt belongs to another job.")]
    WrongJob,
    /// Not newer than the last.
    #[msg("The receipt is not newer than the last one settled; settle a later one.")]
    StaleReceipt,
    /// Less usage than before.
    #[msg("The receipt claims less metered time than an earlier one.")]
    UsageRegressed,
    /// More time than has passed on chain.
    #[msg("The receipt claims more time than has passed since the job started or until it was stopped; settle it later, or make a correct one.")]
    UsageExceedsElapsed,
    /// More than the escrow covers.
    #[msg("The receipt claims more time than the job was rented for.")]
    UsageExceedsDuration,
    /// The provider's balance account belongs to someone else or another mint.
    #[msg("The balance account is not that of the job's provider or tenant in the job's mint.")]
    WrongBalance,
    /// The stake belongs to someone else.
    #[msg("The stake account is not that of the job's provider.")]
    WrongStake,
    /// The signer is neither the job's provider nor its current attestation key.
    #[msg("Only the job's provider may do this: sign with its wallet or its current attestation key.")]
    NotProvider,
    /// A second rekey of one job.
    #[msg("The job has changed its attestation key before; close it, or finish it with the key that it has.")]
    AlreadyRekeyed,
    /// The provider's account is another one's.
    #[msg("The provider account is not that of the job's provider.")]
    WrongProvider,
    /// The two receipts do not contradict each other in the way that was said.
    #[msg("The two receipts do not prove this kind of fault; show two of one sequence that differ (1), a later one with less usage (2), or more usage after the final one (3).")]
    NoFault,
    /// The job ended too long ago.
    #[msg("The job ended too long ago; a fault can be proven until twelve hours after its job's end.")]
    EvidenceTooOld,
    /// The provider has less stake than its offer needs.
    #[msg("The provider's active stake does not cover the GPUs that it offers; it must bond more or take nodes off the market.")]
    StakeBelowOffer,
    /// A claim waits.
    #[msg("A claim of the provider waits; settle or refute it first.")]
    ClaimWaiting,
    /// No claim any more.
    #[msg("A claim is possible from the job's start until the grace window after its end, and not after its final receipt.")]
    ClaimTooLate,
    /// A claim for more than the grace window.
    #[msg("A claim may reach at most the grace window beyond the last receipt that both sides signed.")]
    ClaimExceedsGrace,
    /// Too early to pay a claim.
    #[msg("The claim can still be refuted; settle it after its challenge window.")]
    ChallengeWindowOpen,
    /// Two receipts that can both be true.
    #[msg("The two receipts do not contradict each other, so they refute nothing.")]
    NothingRefuted,
    /// Not longer than before.
    #[msg("The job is rented for as long already; name a longer time in all.")]
    NotLonger,
    /// The rented time is over.
    #[msg("The rented time is over; open a new job.")]
    JobExpired,
    /// The shard collects other fees.
    #[msg("The fee shard is not that of the job, or of another mint; name the shard that the job's address and mint give.")]
    WrongFeeShard,
    /// The shard's number is too high.
    #[msg("A mint has eight fee shards, numbered from zero; name one of them.")]
    NoSuchFeeShard,
    /// A mint without all its shards.
    #[msg("The mint's fee shards are not all open; open them with fee_shard_open, which anyone may, and try again.")]
    FeeShardsMissing,
    /// An empty shard.
    #[msg("The fee shard is empty; sweep it when jobs have closed.")]
    NothingToSweep,
    /// The token account belongs to someone else.
    #[msg("Fees go to the treasury alone; name a token account of the mint that the treasury owns.")]
    WrongTreasury,
    /// The treasury as tenant or provider.
    #[msg("The treasury neither rents nor lets, for its fees would come back to it; use another wallet.")]
    TreasuryMayNotTrade,
    /// A mint that can be closed and made again.
    #[msg("The mint can be closed and made again with other decimals and extensions; use a mint without a close authority.")]
    MintClosable,
    /// A mint with hidden amounts.
    #[msg("The mint allows hidden amounts, which no ledger can add up; use a mint without confidential transfers.")]
    MintConfidential,
    /// A mint that decides how token accounts begin.
    #[msg("The mint decides in which state token accounts begin, so what is withdrawn may arrive frozen; use a mint without a default account state.")]
    MintDefaultState,
    /// A mint whose tokens cannot move.
    #[msg("The mint's tokens cannot be transferred; use another mint.")]
    MintNonTransferable,
    /// A mint that can be paused.
    #[msg("The mint can be paused, which would stop everyone's withdrawals at a stroke; use a mint that cannot.")]
    MintPausable,
    /// A mint with a permanent delegate.
    #[msg(
        "The mint has a permanent delegate, who could take everyone's deposits out of the vault; use a mint without."
    )]
    MintPermanentDelegate,
    /// A mint whose amounts are shown by a changing factor.
    #[msg("The mint's amounts are shown by a factor that changes, so no price would stay what was agreed; use a mint without interest and scaling.")]
    MintRescaled,
    /// A mint that calls another program.
    #[msg("The mint calls another program at each transfer, which could refuse withdrawals; use a mint without a transfer hook.")]
    MintTransferHook,
    /// A deposit of which nothing arrived.
    #[msg("The mint's own transfer fee took the whole deposit; deposit more.")]
    NothingArrived,
    /// More than a mint's cap leaves room for.
    #[msg("More has been withdrawn in this mint than its hourly cap leaves room for; withdraw less, try later, or ask with withdrawal_request: what is asked for is paid after 24 hours, whatever the cap says.")]
    WithdrawalCapped,
    /// Too early to pay a withdrawal.
    #[msg("The withdrawal still waits; pay it from its time on, or cancel it and withdraw as much as the cap leaves room for.")]
    WithdrawalWaiting,
    /// A withdrawal's number is too high.
    #[msg("A balance has four places for withdrawals that wait, numbered from zero; name one of them.")]
    NoSuchWithdrawal,
    /// A withdrawal of another balance or mint.
    #[msg("The withdrawal belongs to another balance or mint; name the accounts that it came from.")]
    WrongWithdrawal,
    /// A sample that the receipt does not commit to.
    #[msg("The sample is not under the receipt's root at this place; show its number, the number of all samples, and the hashes beside its way up.")]
    SampleNotInReceipt,
    /// A sample that can be true.
    #[msg("The sample does not contradict its receipt: it must be of a later moment than the receipt, of a GPU that the job does not have, or simulated where the node is not (or the other way round).")]
    SampleContradictsNothing,
    /// The new session key is the present one.
    #[msg("That is the job's session key already; name another one.")]
    SameKey,
    /// A second rotation within the grace window.
    #[msg("The session key was changed less than a grace window ago, and what the former one signed still counts; try again after it.")]
    SessionJustRotated,
    /// An exit that is too near, too far, or nearer than was announced.
    #[msg("An exit is announced at least ten minutes and at most a year ahead, and never earlier than it was announced before; name a later moment.")]
    InvalidExit,
    /// The tenant's account is another wallet's.
    #[msg(
        "The tenant account is not that of the job's tenant; open it with tenant_open, which anyone may, and name it."
    )]
    WrongTenant,
    /// The class takes nothing new.
    #[msg("Governance takes no new nodes and jobs of this GPU class; choose another class.")]
    ClassDisabled,
    /// Another class's account.
    #[msg("The class account is not that of the node's GPU class; name the account of the class that the node is of.")]
    WrongClass,
    /// The range of another class or mint.
    #[msg("The price range is not that of the node's GPU class in this mint; name the range of both.")]
    WrongPriceRange,
    /// No place for another GPU.
    #[msg("The node has 64 GPUs already; register the GPU for another node.")]
    NodeFull,
    /// No GPU of the node is free.
    #[msg("Jobs hold all GPUs of the node; retire or move a GPU when one of them has ended.")]
    DevicesRented,
    /// A move to a node with other GPUs.
    #[msg("A GPU moves only between nodes of one GPU class, and not between simulated and real ones; retire it and register it anew.")]
    OtherClass,
    /// Times for bidding or accepting outside the protocol's bounds.
    #[msg(
        "Bids are taken for 10 s to a day, and one is accepted within 30 s to a day after that; choose times between."
    )]
    InvalidWindow,
    /// An order for what no node can be.
    #[msg("An order asks for 1 to 64 GPUs for 1 s to a year, at a rate above zero.")]
    InvalidOrder,
    /// The order is not in a state that allows this.
    #[msg("The order is not in a state that allows this: bids are placed, withdrawn, dropped and accepted while it is open, deposits taken out once it is not.")]
    WrongOrderState,
    /// Too late to bid.
    #[msg("The order takes no more bids; look for another one.")]
    BiddingOver,
    /// Too early for anyone but the tenant.
    #[msg("Bids are still taken; until that is over only the order's tenant accepts one, and none is dropped.")]
    BiddingOpen,
    /// Too late to accept.
    #[msg("The time to accept a bid is over; end the order with order_expire, which anyone may, and its deposits go back.")]
    OrderExpired,
    /// Too early for anyone but the tenant.
    #[msg("A bid can still be accepted; until that is over only the order's tenant may end it.")]
    OrderNotExpired,
    /// The order asks for something else than the bidder believed.
    #[msg(
        "The order's GPUs, duration, deposit or last moment are not those that you bid for; look at the order again."
    )]
    OrderChanged,
    /// The node is not what the order asks for.
    #[msg("The node is not what the order asks for: compare class, region, memory, GPUs, and whether simulated GPUs will do.")]
    NodeDoesNotFit,
    /// A bid above what the tenant would pay.
    #[msg("The bid is above the most that the order pays; bid a rate from 1 up to that.")]
    BidAboveLimit,
    /// The node has bid as little before.
    #[msg(
        "The node has bid as little already; a bid is changed by a lower one alone, or withdrawn while bids are taken."
    )]
    BidNotLower,
    /// No place for another bid that is not the cheapest.
    #[msg("The order holds eight bids that are no dearer; bid less than the dearest of them.")]
    OrderFull,
    /// No bid here.
    #[msg("There is no such bid; look at the order again.")]
    NoSuchBid,
    /// Another bid is cheaper or earlier.
    #[msg("Another bid is better: lower, or as low and earlier; this goes for the best bid alone.")]
    NotBestBid,
    /// A bid that can be accepted.
    #[msg("The bid can be fulfilled, so it is not dropped; accept it.")]
    BidStillGood,
    /// The provider's stake is reserved by other jobs.
    #[msg("The provider's jobs reserve so much of its stake that this one would not be covered; it must bond more, or wait until jobs end.")]
    StakeNotFree,
    /// A provider below the score that the tenant asks for.
    #[msg("The provider's score is below what the order asks for; look for another order, or end more jobs well.")]
    ScoreTooLow,
    /// Another mint than the order's.
    #[msg("The mint is not the one that the order pays in; name that one.")]
    WrongMint,
    /// The signer is not the session key.
    #[msg("Only the session key that the job ended with re-opens it; sign with that key.")]
    NotSessionKey,
    /// The job lives, was finished, or has nothing left.
    #[msg("There is nothing to go on with: a job is re-opened after it has ended with a refund, and without a final receipt or with an announced exit.")]
    NothingToFailOver,
    /// A second re-opening.
    #[msg("The job was re-opened before; go on with its successor.")]
    AlreadyFailedOver,
    /// Too long after the end.
    #[msg("The job ended too long ago; it can be re-opened within an hour. Open a new one with the wallet.")]
    FailoverTooLate,
    /// A node of another class.
    #[msg("The other node is of another class than the lost one; choose one of the same class.")]
    FailoverDiffers,
    /// More time or escrow than was left.
    #[msg("The job would be rented for longer than what is left of it; name at most the rented time less the metered time.")]
    FailoverTooLong,
}
