import { getBase64Encoder, type Address } from '@solana/kit';

import { EVENT_DECODERS, type GantryEvent } from './generated/events.js';

export type { GantryEvent } from './generated/events.js';

/** A payload that one of our programs logged and that this client cannot read: a newer program's event, perhaps. */
export type UnreadableEvent = { program: Address; payload: Uint8Array; reason: string };

const DISCRIMINATOR_BYTES = 8;
// Only an address: what a program says itself stands behind `Program log:`, and must not look like the runtime's own lines.
const INVOKED = /^Program ([1-9A-HJ-NP-Za-km-z]+) invoke \[\d+\]$/;
const RETURNED = /^Program ([1-9A-HJ-NP-Za-km-z]+) (?:success$|failed)/;

/** Reads one event's payload: discriminator and fields. Throws for what is no event of `program`. */
export function decodeEvent(program: Address, payload: Uint8Array): GantryEvent {
    const known = EVENT_DECODERS.get(program);
    if (known === undefined) throw new Error(`program ${program} is neither market nor staking`);
    const discriminator = hex(payload.subarray(0, DISCRIMINATOR_BYTES));
    const event = known.find(event => event.discriminator === discriminator);
    if (event === undefined) throw new Error(`no event of program ${program} has the discriminator ${discriminator}`);
    const [data, end] = event.decoder().read(payload, 0);
    if (end !== payload.length) throw new Error(`${event.name} has ${end} bytes, not ${payload.length}`);
    return { program: event.program, name: event.name, data } as GantryEvent;
}

/**
 * Reads the events of our programs from a transaction's logs, in order.
 *
 * Lines are attributed to the program that runs when they are written: what another program logs is left out, whatever it looks like.
 * Logs that the validator truncated lack events.
 */
export function eventsFromLogs(logs: readonly string[]): (GantryEvent | UnreadableEvent)[] {
    const running: string[] = [];
    const found: (GantryEvent | UnreadableEvent)[] = [];
    for (const line of logs) {
        const invoked = INVOKED.exec(line);
        const returned = RETURNED.exec(line);
        if (line.startsWith('Program data: ')) {
            const program = running.at(-1) as Address | undefined;
            if (program !== undefined && EVENT_DECODERS.has(program)) found.push(read(program, line.slice('Program data: '.length)));
        } else if (invoked) {
            running.push(invoked[1]!);
        } else if (returned && returned[1] === running.at(-1)) {
            running.pop();
        }
    }
    return found;
}

function read(program: Address, data: string): GantryEvent | UnreadableEvent {
    // Anchor logs one slice per event; the runtime joins several with spaces.
    const payload = new Uint8Array(getBase64Encoder().encode(data.replaceAll(' ', '')));
    try {
        return decodeEvent(program, payload);
    } catch (error) {
        return { program, payload, reason: error instanceof Error ? error.message : String(error) };
    }
}

function hex(bytes: Uint8Array): string {
    return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}
