import {
    createDecoder,
    createEncoder,
    type FixedSizeDecoder,
    type FixedSizeEncoder,
} from '@solana/kit';

/** ASCII in 16 bytes, zero-padded on chain: a GPU class, a region. */
export type Text16 = string;
export type Text16Args = string;
/** ASCII in 96 bytes, zero-padded on chain: an endpoint. */
export type Text96 = string;
export type Text96Args = string;

/** Refuses what does not fit, instead of cutting it off. */
function encoder<const Size extends number>(size: Size): FixedSizeEncoder<string, Size> {
    return createEncoder({
        fixedSize: size,
        write(value, bytes, offset) {
            if (!/^[\x01-\x7f]*$/.test(value)) throw new RangeError(`only ASCII is possible, not ${JSON.stringify(value)}`);
            if (value.length > size) throw new RangeError(`at most ${size} characters are possible, ${JSON.stringify(value)} has ${value.length}`);
            bytes.set(new TextEncoder().encode(value.padEnd(size, '\0')), offset);
            return offset + size;
        },
    });
}

function decoder<const Size extends number>(size: Size): FixedSizeDecoder<string, Size> {
    return createDecoder({
        fixedSize: size,
        read(bytes, offset) {
            if (bytes.length < offset + size) throw new RangeError(`${size} bytes of text are needed, there are ${bytes.length - offset}`);
            const text = new TextDecoder().decode(bytes.slice(offset, offset + size));
            return [text.replace(/\0+$/, ''), offset + size];
        },
    });
}

export const getText16Encoder = () => encoder(16);
export const getText16Decoder = () => decoder(16);
export const getText96Encoder = () => encoder(96);
export const getText96Decoder = () => decoder(96);
