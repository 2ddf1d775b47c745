// Modules that Codama's renderer does not write: which event a payload is, what an error's number says, and enumerations whose numbers
// are not places.

const pascal = name => name[0].toUpperCase() + name.slice(1);

/** A decoder for each event of each program, by its discriminator. */
export function eventsModule(programs) {
    const of = ({ name, idl, program }) => {
        const types = idl.events.map(event => program.definedTypes.find(type => pascal(type.name) === event.name)?.name ?? missing(event.name));
        return { name, address: program.publicKey, types };
    };
    const all = programs.map(of);
    const lines = ['import type { Address, Decoder } from "@solana/kit";', ''];
    for (const { name } of all) lines.push(`import * as ${name} from "./${name}/index.js";`);
    lines.push('', '/** An event of one of the programs. */', 'export type GantryEvent =');
    for (const { name, types } of all) {
        for (const type of types) lines.push(`  | { program: "${name}"; name: "${pascal(type)}"; data: ${name}.${pascal(type)} }`);
    }
    lines[lines.length - 1] += ';';
    lines.push('', '/** An event\'s name and decoder. The decoder refuses other discriminators. */');
    lines.push('export type EventDecoder = { program: GantryEvent["program"]; name: GantryEvent["name"]; discriminator: string; decoder: () => Decoder<unknown> };');
    lines.push('', '/** By the program that logs them. */', 'export const EVENT_DECODERS: ReadonlyMap<Address, readonly EventDecoder[]> = new Map<Address, EventDecoder[]>([');
    for (const { name, types } of all) {
        const idl = programs.find(program => program.name === name).idl;
        lines.push(`  [${name}.${name.toUpperCase()}_PROGRAM_ADDRESS, [`);
        for (const type of types) {
            const { discriminator } = idl.events.find(event => event.name === pascal(type));
            const hex = Buffer.from(discriminator).toString('hex');
            lines.push(`    { program: "${name}", name: "${pascal(type)}", discriminator: "${hex}", decoder: ${name}.get${pascal(type)}Decoder },`);
        }
        lines.push('  ]],');
    }
    lines.push(']);', '');
    return lines.join('\n');
}

function missing(event) {
    throw new Error(`the IDL lists the event ${event} without its type`);
}

/** Name and sentence of each error, by the number on chain. */
export function refusalsModule(programs) {
    const lines = [];
    for (const { name, idl } of programs) {
        lines.push(`/** What the ${name} program refuses, by the number on chain. */`, `export const ${name.toUpperCase()}_REFUSALS = {`);
        for (const { code, name, msg } of idl.errors) lines.push(`  ${code}: { name: ${JSON.stringify(name)}, message: ${JSON.stringify(msg)} },`);
        lines.push('} as const;', '');
    }
    return lines.join('\n');
}

/** Types of a fixed size that refuse what does not fit; `src/hooked` has their codecs. */
export function sizedModule(names) {
    const lines = ['import { bytesDecoder, bytesEncoder } from "../hooked/bytes.js";', 'import { textDecoder, textEncoder } from "../hooked/text.js";'];
    lines.push('import type { ReadonlyUint8Array } from "@solana/kit";');
    for (const name of names) {
        const [, kind, size] = /^(bytes|text)(\d+)$/.exec(name);
        const type = pascal(name);
        const value = kind === 'text' ? 'string' : 'ReadonlyUint8Array';
        lines.push('', kind === 'text' ? `/** ASCII, at most ${size} characters. */` : `/** Exactly ${size} bytes. */`);
        lines.push(`export type ${type} = ${value};`, `export type ${type}Args = ${value};`);
        lines.push(`export const get${type}Encoder = () => ${kind}Encoder(${size});`, `export const get${type}Decoder = () => ${kind}Decoder(${size});`);
    }
    lines.push('');
    return lines.join('\n');
}

/** Enumerations of one byte, by the programs' own numbers: Codama's renderer counts from 0 whatever the number is. */
export function enumsModule(enums) {
    const names = Object.keys(enums);
    if (names.length === 0) return 'export {};\n';
    const lines = [
        'import {',
        '  getEnumDecoder,',
        '  getEnumEncoder,',
        '  type FixedSizeDecoder,',
        '  type FixedSizeEncoder,',
        '} from "@solana/kit";',
    ];
    for (const [enumeration, variants] of Object.entries(enums)) {
        const type = pascal(enumeration);
        lines.push('', `export enum ${type} {`);
        for (const [variant, number] of Object.entries(variants)) lines.push(`  ${pascal(variant)} = ${number},`);
        lines.push('}', `export type ${type}Args = ${type};`, '');
        lines.push(`export const get${type}Encoder = (): FixedSizeEncoder<${type}Args, 1> =>`);
        lines.push(`  getEnumEncoder(${type}, { useValuesAsDiscriminators: true });`);
        lines.push(`export const get${type}Decoder = (): FixedSizeDecoder<${type}, 1> =>`);
        lines.push(`  getEnumDecoder(${type}, { useValuesAsDiscriminators: true });`);
    }
    lines.push('');
    return lines.join('\n');
}
