import {
    createEncoder,
    fixDecoderSize,
    getBytesDecoder,
    type FixedSizeDecoder,
    type FixedSizeEncoder,
    type ReadonlyUint8Array,
} from '@solana/kit';

/** Refuses what is shorter or longer: padding a hash or cutting it off makes another one of it. */
export function bytesEncoder<const Size extends number>(size: Size): FixedSizeEncoder<ReadonlyUint8Array, Size> {
    return createEncoder({
        fixedSize: size,
        write(value, bytes, offset) {
            if (value.length !== size) throw new RangeError(`exactly ${size} bytes are needed, there are ${value.length}`);
            bytes.set(value, offset);
            return offset + size;
        },
    });
}

export function bytesDecoder<const Size extends number>(size: Size): FixedSizeDecoder<ReadonlyUint8Array, Size> {
    return fixDecoderSize(getBytesDecoder(), size);
}
