// What an Anchor IDL cannot say, and a caller should not have to know: where accounts live, and what a number means.
//
// The truth is in `programs/*/src/seeds.rs` and in the instructions' checks. A name that an IDL no longer has fails the generation. An
// instruction that is missing here still gets its builder; all that the IDL derives no address for is then a required input.

const ASSOCIATED_TOKEN_PROGRAM = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL';
const LOADER = 'BPFLoaderUpgradeab1e11111111111111111111111';
const CLOCK_SYSVAR = 'SysvarC1ock11111111111111111111111111111111';

/** Seeds that vary: the name is the finder's parameter, the type what is hashed; `text16` and the like are types too. */
const key = name => ({ name, type: 'key' });
const u8 = name => ({ name, type: 'u8' });

/** An associated token account, by its owner. */
const tokenAccountOf = owner => ({ pda: 'associatedToken', seeds: [owner, 'tokenProgram', 'mint'] });

export const declarations = {
    market: {
        // Addresses that the IDL does not derive. `of` is the program they belong to: another one, where it is named.
        pdas: {
            balance: { seeds: ['balance', key('owner'), key('mint')] },
            fault: { seeds: ['fault', key('job'), u8('kind')] },
            feeShard: { seeds: ['fees', key('mint'), u8('number')] },
            withdrawal: { seeds: ['withdrawal', key('balance'), u8('number')] },
            pool: { of: 'staking', seeds: ['pool'] },
            priceRange: { seeds: ['price-range', { name: 'class', type: 'text16' }, key('mint')] },
            stake: { of: 'staking', seeds: ['stake', key('owner')] },
            tenant: { seeds: ['tenant', key('wallet')] },
            stakingVault: { of: 'staking', seeds: ['vault'] },
            associatedToken: {
                of: ASSOCIATED_TOKEN_PROGRAM,
                seeds: [key('owner'), key('tokenProgram'), key('mint')],
            },
            programData: { of: LOADER, seeds: [{ program: 'market' }] },
        },
        // How an instruction's account is found: the values of its address' seeds, each the name of an account or an argument of the
        // instruction. A name that is neither becomes an input of its own.
        accounts: {
            balanceDeposit: {
                registeredMint: ['mint'],
                balance: ['owner', 'mint'],
                vault: ['mint'],
                source: tokenAccountOf('owner'),
            },
            balanceOpen: { registeredMint: ['mint'], balance: ['owner', 'mint'] },
            balanceWithdraw: {
                registeredMint: ['mint'],
                balance: ['owner', 'mint'],
                vault: ['mint'],
                destination: tokenAccountOf('owner'),
            },
            bidDrop: { priceRange: ['class', 'mint'], provider: ['providerOwner'], stake: ['providerOwner'] },
            bidPlace: {
                registeredMint: ['mint'],
                gpuClass: ['class'],
                priceRange: ['class', 'mint'],
                provider: ['owner'],
                stake: ['owner'],
                balance: ['owner', 'mint'],
            },
            bidRefund: { balance: ['providerOwner', 'mint'] },
            claimOpen: { balance: ['providerOwner', 'mint'] },
            claimRefute: { balance: ['tenant', 'mint'] },
            claimSettle: { balance: ['providerOwner', 'mint'] },
            classUpdate: { gpuClass: ['class'] },
            configInitialize: { programData: [] },
            deviceMove: { provider: ['owner'], device: ['identity'] },
            deviceRegister: { provider: ['owner'] },
            deviceRetire: { provider: ['owner'], device: ['identity'] },
            faultProve: {
                provider: ['providerOwner'],
                fault: ['job', 'kind'],
                pool: [],
                stake: ['providerOwner'],
                vault: { pda: 'stakingVault', seeds: [] },
                bountyAccount: tokenAccountOf('reporter'),
            },
            faultProveSample: {
                provider: ['providerOwner'],
                pool: [],
                stake: ['providerOwner'],
                vault: { pda: 'stakingVault', seeds: [] },
                bountyAccount: tokenAccountOf('reporter'),
            },
            feeShardOpen: { registeredMint: ['mint'], feeShard: ['mint', 'number'] },
            feesSweep: { registeredMint: ['mint'], feeShard: ['mint', 'number'], vault: ['mint'] },
            jobCancel: {
                balance: ['tenant', 'mint'],
                pool: [],
                stake: ['providerOwner'],
                provider: ['providerOwner'],
                tenantAccount: { pda: 'tenant', seeds: ['tenant'] },
            },
            jobClose: {
                balance: ['tenant', 'mint'],
                pool: [],
                stake: ['providerOwner'],
                provider: ['providerOwner'],
                tenantAccount: { pda: 'tenant', seeds: ['tenant'] },
                feeShard: { resolver: 'resolveFeeShardOfJob', needs: ['job', 'mint'] },
            },
            jobExtend: { balance: ['tenant', 'mint'] },
            jobFailover: {
                registeredMint: ['mint'],
                gpuClass: ['class'],
                priceRange: ['class', 'mint'],
                tenantAccount: { pda: 'tenant', seeds: ['tenant'] },
                provider: ['providerOwner'],
                balance: ['tenant', 'mint'],
                job: ['tenant', 'nonce'],
                pool: [],
                stake: ['providerOwner'],
            },
            jobOpen: {
                registeredMint: ['mint'],
                gpuClass: ['class'],
                priceRange: ['class', 'mint'],
                tenantAccount: { pda: 'tenant', seeds: ['tenant'] },
                provider: ['providerOwner'],
                balance: ['tenant', 'mint'],
                pool: [],
                stake: ['providerOwner'],
            },
            jobRekey: { provider: ['providerOwner'] },
            jobSettle: { balance: ['providerOwner', 'mint'], clock: { address: CLOCK_SYSVAR } },
            mintCapSet: { registeredMint: ['mint'] },
            mintReferenceSet: { registeredMint: ['mint'] },
            mintUpdate: { registeredMint: ['mint'] },
            nodePriceSet: { registeredMint: ['mint'], priceRange: ['class', 'mint'], balance: ['owner', 'mint'] },
            nodeRegister: { gpuClass: ['class'] },
            nodeUpdate: { provider: ['owner'] },
            orderAccept: {
                registeredMint: ['mint'],
                gpuClass: ['class'],
                priceRange: ['class', 'mint'],
                tenantAccount: { pda: 'tenant', seeds: ['tenant'] },
                provider: ['providerOwner'],
                balance: ['tenant', 'mint'],
                job: ['tenant', 'nonce'],
                pool: [],
                stake: ['providerOwner'],
            },
            orderCancel: { balance: ['tenant', 'mint'] },
            orderExpire: { balance: ['tenant', 'mint'] },
            orderOpen: { registeredMint: ['mint'], gpuClass: ['class'], balance: ['tenant', 'mint'] },
            priceRangeRegister: { gpuClass: ['class'], registeredMint: ['mint'], priceRange: ['class', 'mint'] },
            priceRangeUpdate: { priceRange: ['class', 'mint'] },
            providerRegister: { endpointBytes: { resolver: 'resolveEndpointBytes', needs: ['endpoint'] } },
            providerUpdate: {
                provider: ['owner'],
                endpointBytes: { resolver: 'resolveEndpointBytes', needs: ['endpoint'] },
            },
            withdrawalCancel: { balance: ['owner', 'mint'], withdrawal: ['balance', 'number'] },
            withdrawalPay: {
                registeredMint: ['mint'],
                withdrawal: ['balance', 'number'],
                vault: ['mint'],
                destination: tokenAccountOf('owner'),
            },
            withdrawalRequest: { balance: ['owner', 'mint'], withdrawal: ['balance', 'number'] },
        },
        // Numbers that stand for one of a few things; `crates/protocol/src/fault.rs`, `programs/market/src/state/job.rs`,
        // `programs/market/src/state/order.rs`.
        enums: {
            jobState: { open: 1, running: 2, stopped: 3, closed: 4, cancelled: 5 },
            faultKind: { equivocation: 1, regressingUsage: 2, usageAfterFinal: 3, contradictingSample: 4 },
            orderState: { open: 1, accepted: 2, cancelled: 3 },
        },
        enumFields: {
            'job.state': 'jobState',
            'order.state': 'orderState',
            'fault.kind': 'faultKind',
            'faultProven.kind': 'faultKind',
            'faultProve.kind': 'faultKind',
        },
        // Zero-padded text.
        texts: ['class', 'region', 'endpoint', 'name'],
        // Arguments with the name of one of the instruction's accounts.
        renamedArguments: { configUpdate: { authority: 'successor' } },
    },
    staking: {
        pdas: {
            associatedToken: {
                of: ASSOCIATED_TOKEN_PROGRAM,
                seeds: [key('owner'), key('tokenProgram'), key('mint')],
            },
            programData: { of: LOADER, seeds: [{ program: 'staking' }] },
        },
        accounts: {
            delegationCancel: { stake: ['providerOwner'], delegation: ['stake', 'delegator'] },
            delegationDeposit: {
                stake: ['providerOwner'],
                delegation: ['stake', 'delegator'],
                vault: [],
                source: tokenAccountOf('delegator'),
            },
            delegationOpen: { stake: ['providerOwner'] },
            delegationUnbond: { stake: ['providerOwner'], delegation: ['stake', 'delegator'] },
            delegationWithdraw: {
                stake: ['providerOwner'],
                delegation: ['stake', 'delegator'],
                vault: [],
                destination: tokenAccountOf('delegator'),
            },
            poolInitialize: { programData: [] },
            rewardAdd: { stake: ['providerOwner'], vault: [], source: tokenAccountOf('payer') },
            stakeDeposit: { vault: [], source: tokenAccountOf('owner') },
            stakeRelease: { stake: ['providerOwner'] },
            stakeReserve: { stake: ['providerOwner'] },
            stakeSlash: { stake: ['providerOwner'], vault: [] },
            unbondingWithdraw: { stake: ['owner'], vault: [], destination: tokenAccountOf('owner') },
        },
        enums: {},
        enumFields: {},
        texts: [],
        renamedArguments: { poolConfigure: { authority: 'successor' } },
    },
};
