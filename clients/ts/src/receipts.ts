import {
    address,
    getAddressDecoder,
    getAddressEncoder,
    getI64Encoder,
    getI64Decoder,
    getStructDecoder,
    getStructEncoder,
    getU64Decoder,
    getU64Encoder,
    signatureBytes,
    type Address,
    type Instruction,
    type ReadonlyUint8Array,
} from '@solana/kit';

import { bytesDecoder, bytesEncoder } from './hooked/bytes.js';

/** The Ed25519 precompile, which checks the signatures of receipts. */
export const ED25519_PROGRAM_ADDRESS = address('Ed25519SigVerify111111111111111111111111111');

/** Usage of one job, cumulative: the latest receipt replaces all before it. `docs/PROTOCOL.md` has the bytes. */
export type Receipt = {
    /** Genesis hash of the cluster. */
    genesisHash: ReadonlyUint8Array;
    /** The job's account. */
    job: Address;
    /** Counts the receipts of this job, from 1. */
    sequence: bigint;
    /** Metered milliseconds since the job started. */
    meteredMs: bigint;
    /** Unix time in milliseconds at which the provider made it. Informative. */
    timeMs: bigint;
    /** Whether both sides agree that nothing more will be metered. */
    isFinal: boolean;
    /** Merkle root of all samples so far. */
    samplesRoot: ReadonlyUint8Array;
};

/** A key and its signature of a receipt. */
export type ReceiptSignature = { key: Address; signature: ReadonlyUint8Array };

/** Bytes of a receipt. */
export const RECEIPT_BYTES = 144;

const DOMAIN = new TextEncoder().encode('gantry:receipt\0\x01');
const FLAG_FINAL = 1n;
/** In an instruction of the precompile: the bytes are in this very instruction. */
const THIS_INSTRUCTION = 0xffff;

const fieldsEncoder = getStructEncoder([
    ['genesisHash', bytesEncoder(32)],
    ['job', getAddressEncoder()],
    ['sequence', getU64Encoder()],
    ['meteredMs', getU64Encoder()],
    ['timeMs', getI64Encoder()],
    ['flags', getU64Encoder()],
    ['samplesRoot', bytesEncoder(32)],
]);
const fieldsDecoder = getStructDecoder([
    ['genesisHash', bytesDecoder(32)],
    ['job', getAddressDecoder()],
    ['sequence', getU64Decoder()],
    ['meteredMs', getU64Decoder()],
    ['timeMs', getI64Decoder()],
    ['flags', getU64Decoder()],
    ['samplesRoot', bytesDecoder(32)],
]);

/** The bytes that both keys sign. */
export function encodeReceipt({ isFinal, ...fields }: Receipt): Uint8Array {
    const encoded = fieldsEncoder.encode({ ...fields, flags: isFinal ? FLAG_FINAL : 0n });
    return concatenated([DOMAIN, encoded]);
}

/** Reads the bytes of a receipt; accepts exactly what {@link encodeReceipt} can produce, and throws otherwise. */
export function decodeReceipt(bytes: ReadonlyUint8Array): Receipt {
    if (bytes.length !== RECEIPT_BYTES) throw new RangeError(`a receipt has ${RECEIPT_BYTES} bytes, not ${bytes.length}`);
    if (DOMAIN.some((byte, at) => bytes[at] !== byte)) {
        throw new RangeError("the bytes do not begin with the receipt's domain tag and version 1");
    }
    const { flags, ...fields } = fieldsDecoder.decode(bytes, DOMAIN.length);
    if (flags > FLAG_FINAL) throw new RangeError('the receipt has flags that version 1 does not know');
    return { ...fields, isFinal: flags === FLAG_FINAL };
}

/** The instruction that must stand directly before `jobSettle`: both signatures of one receipt. */
export function coSignedReceiptInstruction(receipt: Receipt, provider: ReceiptSignature, tenant: ReceiptSignature): Instruction {
    return precompile([provider, tenant], [encodeReceipt(receipt)]);
}

/** The instruction that must stand directly before `claimOpen`: the provider's signature alone. */
export function providerReceiptInstruction(receipt: Receipt, provider: ReceiptSignature): Instruction {
    return precompile([provider], [encodeReceipt(receipt)]);
}

/** The instruction that must stand directly before `faultProve` and `claimRefute`: two receipts that one key signed. */
export function evidenceInstruction(
    key: Address,
    first: { receipt: Receipt; signature: ReadonlyUint8Array },
    second: { receipt: Receipt; signature: ReadonlyUint8Array },
): Instruction {
    const signatures = [first, second].map(({ signature }) => ({ key, signature }));
    return precompile(signatures, [encodeReceipt(first.receipt), encodeReceipt(second.receipt)]);
}

/**
 * The one layout that the market accepts: header, each key once, signatures, each message once.
 *
 * Messages are one per signature, or one for all.
 */
function precompile(signatures: readonly ReceiptSignature[], messages: readonly Uint8Array[]): Instruction {
    const keys = [...new Set(signatures.map(({ key }) => key))];
    const keysAt = 2 + 14 * signatures.length;
    const signaturesAt = keysAt + 32 * keys.length;
    const messagesAt = signaturesAt + 64 * signatures.length;
    const header = new DataView(new ArrayBuffer(keysAt));
    header.setUint8(0, signatures.length);
    signatures.forEach(({ key }, at) => {
        const message = messages.length === 1 ? 0 : at;
        const record = [
            signaturesAt + 64 * at,
            THIS_INSTRUCTION,
            keysAt + 32 * keys.indexOf(key),
            THIS_INSTRUCTION,
            messagesAt + RECEIPT_BYTES * message,
            RECEIPT_BYTES,
            THIS_INSTRUCTION,
        ];
        record.forEach((value, place) => header.setUint16(2 + 14 * at + 2 * place, value, true));
    });
    const data = concatenated([
        new Uint8Array(header.buffer),
        ...keys.map(key => getAddressEncoder().encode(key)),
        ...signatures.map(({ signature }) => signatureBytes(new Uint8Array(signature))),
        ...messages,
    ]);
    return { programAddress: ED25519_PROGRAM_ADDRESS, data };
}

function concatenated(parts: readonly ReadonlyUint8Array[]): Uint8Array {
    const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
    }
    return bytes;
}
