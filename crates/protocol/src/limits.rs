//! Bounds that are part of the protocol, each with its reason.

/// Most mints that a node may be priced in: the list lives inside the node's account, which every job open reads.
pub const MAX_PRICES: usize = 4;

/// Most unbonding requests that a stake or a delegation may have at once: the queue lives inside the account, and slashing walks that of
/// the stake.
pub const MAX_UNBONDINGS: usize = 8;

/// Most bytes of a provider's endpoint URL: a DNS name (253) would not be worth the rent; 96 fits `https://host:port` in practice.
pub const MAX_ENDPOINT_BYTES: usize = 96;

/// Most GPUs that one node offers: the densest servers sold have 16; racks are several nodes.
pub const MAX_GPUS_PER_NODE: u16 = 64;

/// Shortest grace window, in seconds: below it an ordinary network hiccup would look like silence.
pub const MIN_GRACE_WINDOW_S: u32 = 5;

/// Longest grace window, in seconds: it bounds what either side can lose, so governance may not stretch it at will.
pub const MAX_GRACE_WINDOW_S: u32 = 3_600;

/// Seconds in which a provider's claim against a silent tenant can be refuted before it is paid: time for a proof to land on a congested
/// chain, and no more, for it is also how long a claim can delay a tenant's refund.
pub const CHALLENGE_WINDOW_S: u32 = 60;

/// Shortest notice of a provider's planned exit, in seconds (ten minutes): time for a tenant to write a checkpoint and to rent elsewhere, also
/// one that looks at its job every few minutes.
pub const EXIT_NOTICE_S: u32 = 600;

/// Seconds after a job's end in which its session key may re-open it on another node (one hour): time to notice that a node is lost, to wait
/// for the grace window and to choose another; later a key that lies about disposes of nothing.
pub const FAILOVER_WINDOW_S: u32 = 3_600;

/// Longest start deadline, in seconds: a tenant's escrow must not be parked for longer by a provider that never starts.
pub const MAX_START_DEADLINE_S: u32 = 3_600;

/// Longest job, in seconds (one year): keeps `rate × metered` and the escrow far from the edge of 64 bits.
pub const MAX_JOB_DURATION_S: u32 = 31_536_000;

/// Highest fee, in basis points (20 %): a bound on what a captured governance could take.
pub const MAX_FEE_BPS: u16 = 2_000;

/// Fee shards per mint: jobs that close at once write the same account only when they share a shard, and a sweep empties one; more would
/// be more rent and more sweeps for collisions that eight already make rare. A power of two, so that every shard is as likely.
pub const FEE_SHARDS: u8 = 8;

/// Window of a mint's cap on withdrawals, in seconds (one hour): the cap comes back evenly in it. Long enough that a bug which empties
/// balances is seen before much has left, short enough that a cap speaks in sums that people know.
pub const WITHDRAW_WINDOW_S: u32 = 3_600;

/// Longest wait of a withdrawal that was asked for, in seconds (one day), whatever a mint's cap says: a bound on how long governance can
/// keep anyone's money, and time in which people can look at what is leaving.
pub const WITHDRAW_MAX_WAIT_S: u32 = 86_400;

/// Most withdrawals of one balance that wait at once: one would do, for it can hold everything; a few let people ask again meanwhile.
pub const MAX_WITHDRAWALS: u8 = 4;

/// Shortest unbonding period, in seconds (one day): longer than every window in which evidence may be shown.
pub const MIN_UNBONDING_PERIOD_S: u32 = 86_400;

/// Longest unbonding period, in seconds (90 days): a bound on how long governance can hold a provider's bond.
pub const MAX_UNBONDING_PERIOD_S: u32 = 7_776_000;

/// Highest commission on what delegated stake earns, in basis points (50 %): delegators carry the whole risk of their stake, so at
/// least half of its rewards is theirs, whoever gets hold of the provider's wallet.
pub const MAX_COMMISSION_BPS: u16 = 5_000;

/// Shortest notice of a higher commission, in seconds (seven days): a delegator who looks once a week can leave before it counts. The
/// unbonding period counts instead where it is longer.
pub const MIN_COMMISSION_NOTICE_S: u32 = 604_800;

/// Most bids that an order holds: the list lies inside the account, and finding the best walks it. When it is full a cheaper bid displaces
/// the dearest, so it never keeps a better one out.
pub const MAX_BIDS: usize = 8;

/// Shortest time for bids, in seconds: an agent has to see the order and land a transaction; below, only who knew of it beforehand could bid.
pub const MIN_BID_WINDOW_S: u32 = 10;

/// Longest time for bids, in seconds (one day): deposits and escrow lie still meanwhile, and a node's offer does not stay true for longer.
pub const MAX_BID_WINDOW_S: u32 = 86_400;

/// Shortest time to accept a bid after the last one could be placed, in seconds: bids whose nodes fell silent have to be dropped first, one
/// transaction each, and the best of the others accepted.
pub const MIN_ACCEPT_WINDOW_S: u32 = 30;

/// Longest time to accept a bid after the last one could be placed, in seconds (one day): how long a bid can bind whoever placed it.
pub const MAX_ACCEPT_WINDOW_S: u32 = 86_400;

/// What a bid deposits, in basis points of the order's escrow (1 %): enough that crowding an order out costs money that lies still, and that
/// leaving it after the deadline is noticed; little enough that a provider can bid for many orders at once.
pub const BID_DEPOSIT_BPS: u16 = 100;
