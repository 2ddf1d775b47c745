import {
    createEncoder,
    fixDecoderSize,
    getBytesDecoder,
    type FixedSizeDecoder,
    type FixedSizeEncoder,
    type ReadonlyUint8Array,
} from '@solana/kit';

/** Exactly 32 bytes: a hash, or a key that is none of Solana's. */
export type Bytes32 = ReadonlyUint8Array;
export type Bytes32Args = ReadonlyUint8Array;

/** Refuses what is shorter or longer: padding a hash or cutting it off makes another one of it. */
export function getBytes32Encoder(): FixedSizeEncoder<Bytes32Args, 32> {
    return createEncoder({
        fixedSize: 32,
        write(value, bytes, offset) {
            if (value.length !== 32) throw new RangeError(`exactly 32 bytes are needed, there are ${value.length}`);
            bytes.set(value, offset);
            return offset + 32;
        },
    });
}

export function getBytes32Decoder(): FixedSizeDecoder<Bytes32, 32> {
    return fixDecoderSize(getBytesDecoder(), 32);
}
