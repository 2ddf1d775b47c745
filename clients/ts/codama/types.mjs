// What bytes mean: verified discriminators, text, hashes, truth values, enumerations; padding disappears.

import {
    booleanTypeNode,
    bytesTypeNode,
    constantDiscriminatorNode,
    constantValueNode,
    definedTypeLinkNode,
    definedTypeNode,
    fixedSizeTypeNode,
    hiddenPrefixTypeNode,
    instructionArgumentNode,
    structTypeNode,
} from '@codama/nodes';

import { mapNodes, requireKnown } from './nodes.mjs';

const NUMBER_BYTES = { u8: 1, u16: 2, u32: 4, u64: 8 };

/** Sizes for which `src/hooked` has a codec that refuses what does not fit, instead of cutting it off. */
export const TEXT_SIZES = [16, 96];
export const BYTES_SIZES = [32];

/** Types that are written by hand: the generated code imports them from `src/hooked`. */
export const HOOKED_TYPES = [...TEXT_SIZES.map(size => `text${size}`), ...BYTES_SIZES.map(size => `bytes${size}`)];

/** The program with types that say what they mean. */
export function withMeaning(program, declared) {
    const used = new Set();
    const field = owner => node => meaningOf(owner, node, declared, used);
    const inside = node => mapNodes(node, child => (child.kind === 'structFieldTypeNode' ? field(node.name)(child) : child));

    const instructions = program.instructions.map(instruction => {
        const renamed = declared.renamedArguments[instruction.name] ?? {};
        const args = instruction.arguments
            .flatMap(argument => flattened(argument, program.definedTypes))
            .map(argument => field(instruction.name)(argument))
            .map(argument => ({ ...argument, name: renamed[argument.name] ?? argument.name }));
        return { ...instruction, arguments: args };
    });
    const events = (program.events ?? []).map(event => definedTypeNode({ ...inside(event), type: inside(event).data }));
    const accounts = program.accounts.map(inside).map(verified);
    const nested = program.definedTypes.filter(type => linked([accounts, events], type.name)).map(inside);
    // Written elsewhere; the renderer must know their sizes.
    const sizes = [...HOOKED_TYPES.map(name => [name, Number(name.match(/\d+$/)[0])]), ...Object.keys(declared.enums).map(name => [name, 1])];
    const elsewhere = sizes.map(([name, size]) => definedTypeNode({ name, type: fixedSizeTypeNode(bytesTypeNode(), size) }));
    requireKnown('fields', Object.keys(declared.enumFields), [...used]);
    requireKnown('enumerations', Object.values(declared.enumFields), Object.keys(declared.enums));
    return { ...program, accounts, instructions, events: [], definedTypes: [...nested, ...events, ...elsewhere] };
}

/** An argument that is a struct of arguments becomes these. */
function flattened(argument, definedTypes) {
    const linkedType = argument.type.kind === 'definedTypeLinkNode' && definedTypes.find(type => type.name === argument.type.name);
    const type = linkedType ? linkedType.type : argument.type;
    if (type.kind !== 'structTypeNode') return [argument];
    return type.fields.map(({ name, docs, type }) => instructionArgumentNode({ name, docs, type }));
}

function linked(nodes, name) {
    let found = false;
    mapNodes(nodes, node => {
        found ||= node.kind === 'definedTypeLinkNode' && node.name === name;
        return node;
    });
    return found;
}

/** A field or an argument, with the type that its name, its size and its description imply. */
function meaningOf(owner, field, declared, used) {
    if (field.name === 'discriminator') return field;
    const { type } = field;
    const enumeration = declared.enumFields[`${owner}.${field.name}`];
    used.add(`${owner}.${field.name}`);
    if (enumeration !== undefined) {
        const bytes = NUMBER_BYTES[type.format];
        const link = definedTypeLinkNode(enumeration);
        // Little-endian: behind the one byte that counts are zeros.
        return { ...field, type: bytes === 1 ? link : fixedSizeTypeNode(link, bytes) };
    }
    if (type.kind === 'numberTypeNode' && /^1 (while|when|once) /.test(field.docs?.[0] ?? '')) {
        return { ...field, type: booleanTypeNode(type), docs: field.docs.map(line => line.replace(/^1 /, 'True ')) };
    }
    if (type.kind === 'fixedSizeTypeNode' && type.type.kind === 'bytesTypeNode' && field.name !== 'padding') {
        const kind = declared.texts.includes(field.name) ? 'text' : 'bytes';
        const name = `${kind}${type.size}`;
        requireKnown(`a size of ${owner}.${field.name} (see src/hooked)`, [name], HOOKED_TYPES);
        return { ...field, type: definedTypeLinkNode(name) };
    }
    return field;
}

/** An account whose decoder refuses another type of account, and that shows neither discriminator nor padding. */
function verified(account) {
    const [discriminator, ...fields] = account.data.fields;
    const constant = constantValueNode(discriminator.type, discriminator.defaultValue);
    const visible = fields.filter(field => field.name !== 'padding');
    return {
        ...account,
        data: fixedSizeTypeNode(hiddenPrefixTypeNode(structTypeNode(visible), [constant]), account.size),
        discriminators: [constantDiscriminatorNode(constant, 0)],
    };
}
