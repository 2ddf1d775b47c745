// Anchor's IDLs as Codama's nodes, completed by what `declarations.mjs` knows.

import { readFileSync } from 'node:fs';
import { rootNodeFromAnchor } from '@codama/nodes-from-anchor';

import { declarations } from './declarations.mjs';
import { withAddresses } from './addresses.mjs';
import { withMeaning } from './types.mjs';

const IDLS = new URL('../../../idl/', import.meta.url);

/** Each program's name, the text of its IDL, its nodes, and the names of its types of a fixed size. */
export function readPrograms() {
    const programs = Object.keys(declarations).map(name => {
        const text = readFileSync(new URL(`${name}.json`, IDLS), 'utf8');
        return { name, text, idl: JSON.parse(text) };
    });
    const addresses = Object.fromEntries(programs.map(({ name, idl }) => [name, idl.address]));
    const { staking } = Object.fromEntries(programs.map(({ name, idl }) => [name, idl]));
    return programs.map(({ name, text, idl }) => {
        const foreign = name === 'staking' ? [] : staking.types.map(type => type.name);
        const own = withoutForeign(idl, foreign);
        let program = rootNodeFromAnchor(own).program;
        const [meaningful, sized] = withMeaning(program, declarations[name]);
        program = withAddresses(meaningful, declarations[name], addresses);
        return { name, text, idl: own, program, sized };
    });
}

/** The market's IDL repeats the accounts that it reads of the staking program; those belong to that program's client. */
function withoutForeign(idl, foreign) {
    const own = entry => !foreign.includes(entry.name);
    return { ...idl, accounts: idl.accounts.filter(own), types: idl.types.filter(own) };
}
