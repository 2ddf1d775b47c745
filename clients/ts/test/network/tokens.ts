// What the local network's other programs need to be told, so that this test needs no package for them.

import {
    AccountRole,
    address,
    getU64Encoder,
    type Address,
    type Instruction,
    type TransactionSigner,
} from '@solana/kit';

import { market } from '../../src/index.js';

const SYSTEM_PROGRAM = address('11111111111111111111111111111111');
const ASSOCIATED_TOKEN_PROGRAM = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
export const TOKEN_PROGRAM = address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');

export async function tokenAccount(owner: Address, mint: Address): Promise<Address> {
    const [found] = await market.findAssociatedTokenPda({ owner, tokenProgram: TOKEN_PROGRAM, mint });
    return found;
}

export function transferLamports(from: TransactionSigner, to: Address, lamports: bigint): Instruction {
    return {
        programAddress: SYSTEM_PROGRAM,
        accounts: [
            { address: from.address, role: AccountRole.WRITABLE_SIGNER, signer: from } as never,
            { address: to, role: AccountRole.WRITABLE },
        ],
        data: Uint8Array.of(2, 0, 0, 0, ...getU64Encoder().encode(lamports)),
    };
}

export async function openTokenAccount(payer: TransactionSigner, owner: Address, mint: Address): Promise<Instruction> {
    return {
        programAddress: ASSOCIATED_TOKEN_PROGRAM,
        accounts: [
            { address: payer.address, role: AccountRole.WRITABLE_SIGNER, signer: payer } as never,
            { address: await tokenAccount(owner, mint), role: AccountRole.WRITABLE },
            { address: owner, role: AccountRole.READONLY },
            { address: mint, role: AccountRole.READONLY },
            { address: SYSTEM_PROGRAM, role: AccountRole.READONLY },
            { address: TOKEN_PROGRAM, role: AccountRole.READONLY },
        ],
        data: Uint8Array.of(1),
    };
}

/** Mints tokens; on the local network the admin may. */
export async function mintTokens(admin: TransactionSigner, owner: Address, mint: Address, amount: bigint): Promise<Instruction> {
    return {
        programAddress: TOKEN_PROGRAM,
        accounts: [
            { address: mint, role: AccountRole.WRITABLE },
            { address: await tokenAccount(owner, mint), role: AccountRole.WRITABLE },
            { address: admin.address, role: AccountRole.READONLY_SIGNER, signer: admin } as never,
        ],
        data: Uint8Array.of(7, ...getU64Encoder().encode(amount)),
    };
}
