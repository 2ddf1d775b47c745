import { createDecoder, createEncoder, type FixedSizeDecoder, type FixedSizeEncoder } from '@solana/kit';

/** ASCII in a place of this size, zero-padded on chain. Refuses what does not fit, instead of cutting it off. */
export function textEncoder<const Size extends number>(size: Size): FixedSizeEncoder<string, Size> {
    return createEncoder({
        fixedSize: size,
        write(value, bytes, offset) {
            if (!/^[\x01-\x7f]*$/.test(value)) throw new RangeError(`only ASCII is possible, not ${JSON.stringify(value)}`);
            if (value.length > size) {
                throw new RangeError(`at most ${size} characters are possible, ${JSON.stringify(value)} has ${value.length}`);
            }
            bytes.set(new TextEncoder().encode(value.padEnd(size, '\0')), offset);
            return offset + size;
        },
    });
}

export function textDecoder<const Size extends number>(size: Size): FixedSizeDecoder<string, Size> {
    return createDecoder({
        fixedSize: size,
        read(bytes, offset) {
            if (bytes.length < offset + size) {
                throw new RangeError(`${size} bytes of text are needed, there are ${bytes.length - offset}`);
            }
            const text = new TextDecoder().decode(bytes.slice(offset, offset + size));
            return [text.replace(/\0+$/, ''), offset + size];
        },
    });
}
