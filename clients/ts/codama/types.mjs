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

/**
 * The program with types that say what they mean.
 *
 * The second value names the types whose codecs refuse what does not fit, where Codama's own would cut it off or pad it: `text16`,
 * `bytes32`… They are not generated with the program: `tables.mjs` writes them.
 */
export function withMeaning(program, declared) {
    const used = new Set();
    const sized = new Set();
    const field = owner => node => meaningOf(owner, node, declared, used, sized);
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
    const sizes = [...[...sized].map(name => [name, Number(name.match(/\d+$/)[0])]), ...Object.keys(declared.enums).map(name => [name, 1])];
    const elsewhere = sizes.map(([name, size]) => definedTypeNode({ name, type: fixedSizeTypeNode(bytesTypeNode(), size) }));
    // What is text as an argument is text as a seed.
    const pdas = program.pdas.map(pda => mapNodes(pda, node => (node.kind === 'variablePdaSeedNode' ? field(pda.name)(node) : node)));
    requireKnown('fields', Object.keys(declared.enumFields), [...used]);
    requireKnown('enumerations', Object.values(declared.enumFields), Object.keys(declared.enums));
    return [{ ...program, pdas, accounts, instructions, events: [], definedTypes: [...nested, ...events, ...elsewhere] }, [...sized]];
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
function meaningOf(owner, field, declared, used, sized) {
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
        sized.add(name);
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
