// Where accounts live: program-derived addresses that the IDLs do not derive, and which account of an instruction is at which.

import {
    accountValueNode,
    argumentValueNode,
    constantPdaSeedNode,
    definedTypeLinkNode,
    instructionArgumentNode,
    numberTypeNode,
    pdaNode,
    pdaSeedValueNode,
    pdaValueNode,
    publicKeyTypeNode,
    publicKeyValueNode,
    resolverValueNode,
    stringTypeNode,
    stringValueNode,
    variablePdaSeedNode,
} from '@codama/nodes';

import { requireKnown } from './nodes.mjs';

/** The program with the declared addresses, and with each declared account of an instruction found by itself. */
export function withAddresses(program, declared, addresses) {
    const added = Object.entries(declared.pdas).map(([name, { of, seeds }]) =>
        pdaNode({ name, ...(of && { programId: addresses[of] ?? of }), seeds: seeds.map(seed => seedNode(seed, addresses)) }),
    );
    const pdas = [...program.pdas, ...added];
    const names = pdas.map(pda => pda.name);
    const twice = names.filter((name, at) => names.indexOf(name) !== at);
    if (twice.length > 0) throw new Error(`the IDL derives ${twice.join(', ')} already: remove that from codama/declarations.mjs`);
    requireKnown('instructions', Object.keys(declared.accounts), program.instructions.map(instruction => instruction.name));

    const accounts = program.accounts.map(account => {
        if (!names.includes(account.name)) {
            console.warn(`generate: no address of the account ${account.name} is known: add its seeds to codama/declarations.mjs`);
            return account;
        }
        return { ...account, pda: { kind: 'pdaLinkNode', name: account.name } };
    });
    const instructions = program.instructions.map(instruction => found(instruction, declared.accounts[instruction.name] ?? {}, pdas));
    return { ...program, pdas, accounts, instructions };
}

function seedNode(seed, addresses) {
    if (typeof seed === 'string') return constantPdaSeedNode(stringTypeNode('utf8'), stringValueNode(seed));
    if (seed.program) return constantPdaSeedNode(publicKeyTypeNode(), publicKeyValueNode(addresses[seed.program]));
    if (seed.type === 'key') return variablePdaSeedNode(seed.name, publicKeyTypeNode());
    const isText = seed.type.startsWith('text');
    return variablePdaSeedNode(seed.name, isText ? definedTypeLinkNode(seed.type) : numberTypeNode(seed.type));
}

/** The instruction with default values for the accounts that `rules` names, and with the inputs that those need. */
function found(instruction, rules, pdas) {
    requireKnown(`inputs of ${instruction.name}`, Object.keys(rules), [...instruction.accounts, ...instruction.arguments].map(input => input.name));
    const accounts = instruction.accounts.map(account => account.name);
    const args = instruction.arguments.map(argument => argument.name);
    const extra = new Map();

    const valueOf = (name, type) => {
        if (accounts.includes(name)) return accountValueNode(name);
        if (!args.includes(name)) extra.set(name, type);
        return argumentValueNode(name);
    };
    const located = (account, rule) => {
        if (rule.address) return publicKeyValueNode(rule.address);
        if (rule.resolver) {
            return resolverValueNode(rule.resolver, { dependsOn: rule.needs.map(name => valueOf(name, publicKeyTypeNode())) });
        }
        const { pda: name, seeds } = Array.isArray(rule) ? { pda: account, seeds: rule } : rule;
        requireKnown(`an address for ${instruction.name}.${account}`, [name], pdas.map(pda => pda.name));
        const pda = pdas.find(pda => pda.name === name);
        const varying = pda.seeds.filter(seed => seed.kind === 'variablePdaSeedNode');
        if (varying.length !== seeds.length) {
            throw new Error(`${instruction.name}.${account}: ${name} has the seeds ${varying.map(seed => seed.name).join(', ')}`);
        }
        return pdaValueNode(name, varying.map((seed, at) => pdaSeedValueNode(seed.name, valueOf(seeds[at], seed.type))));
    };

    const complete = instruction.accounts.map(account =>
        rules[account.name] === undefined ? account : { ...account, defaultValue: located(account.name, rules[account.name]) },
    );
    const completeArguments = instruction.arguments.map(argument =>
        rules[argument.name] === undefined ? argument : { ...argument, defaultValue: located(argument.name, rules[argument.name]) },
    );
    const inputs = [...extra].map(([name, type]) => instructionArgumentNode({ name, type, docs: [INPUTS[name] ?? 'Only to find accounts.'] }));
    return { ...instruction, accounts: complete, arguments: completeArguments, ...(inputs.length > 0 && { extraArguments: inputs }) };
}

/** What the inputs are that only serve to find accounts. */
const INPUTS = {
    mint: 'The mint of the balance; only to find accounts.',
    number: "The shard's number; only to find accounts.",
    owner: "The provider's wallet; only to find accounts.",
    delegator: "The delegator's wallet; only to find accounts.",
    providerOwner: "The provider's wallet, which a job's account calls `provider`; only to find accounts.",
    tenant: "The tenant's wallet; only to find accounts.",
};
