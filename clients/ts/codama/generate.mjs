// Writes `src/generated`: one client per program, and the tables of events and refusals.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderVisitor } from '@codama/renderers-js';
import { rootNode } from '@codama/nodes';
import { visit } from '@codama/visitors-core';

import { declarations } from './declarations.mjs';
import { readPrograms } from './read.mjs';
import { enumsModule, eventsModule, refusalsModule, sizedModule } from './tables.mjs';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const GENERATED = join(PACKAGE, 'src/generated');

/** The renderer writes `from "../types"`, which bundlers understand and Node does not. */
function completeImports(folder) {
    for (const entry of readdirSync(folder, { recursive: true })) {
        const path = join(folder, entry);
        if (!path.endsWith('.ts')) continue;
        const text = readFileSync(path, 'utf8');
        const complete = text.replace(/( from "|import\(")(\.{1,2}[^"]*)"/g, (_, before, target) => {
            const at = join(dirname(path), target);
            const isFolder = existsSync(at) && statSync(at).isDirectory();
            return `${before}${target}${isFolder ? '/index' : ''}.js"`;
        });
        writeFileSync(path, complete);
    }
}

/** Kit says more exactly than the renderer what a client has once a program's plugin is added: the compiler may find out. */
function inferPluginType(name) {
    const path = join(GENERATED, name, 'programs', `${name}.ts`);
    const text = readFileSync(path, 'utf8');
    const inferred = text.replace(/\): Omit<T, "\w+"> & \{ \w+: \w+Plugin \} => \{/, ') => {');
    if (inferred === text) throw new Error(`${path} has no plugin of the form that is expected`);
    writeFileSync(path, inferred);
}

const programs = readPrograms();
for (const { name, program, sized } of programs) {
    const elsewhere = [...sized, ...Object.keys(declarations[name].enums)];
    await visit(
        rootNode(program),
        renderVisitor(PACKAGE, {
            generatedFolder: `src/generated/${name}`,
            syncPackageJson: false,
            kitImportStrategy: 'rootOnly',
            asyncResolvers: ['resolveFeeShardOfJob'],
            linkOverrides: { definedTypes: Object.fromEntries(elsewhere.map(type => [type, 'hooked'])) },
            dependencyMap: { hooked: '../../../hooked' },
            internalNodes: elsewhere,
        }),
    );
}
for (const { name } of programs) {
    inferPluginType(name);
    completeImports(join(GENERATED, name));
}
for (const { name } of programs) writeFileSync(join(GENERATED, name, 'enums.ts'), enumsModule(declarations[name].enums));
writeFileSync(join(GENERATED, 'sized.ts'), sizedModule([...new Set(programs.flatMap(({ sized }) => sized))].sort()));
writeFileSync(join(GENERATED, 'events.ts'), eventsModule(programs));
writeFileSync(join(GENERATED, 'refusals.ts'), refusalsModule(programs));
const hashes = programs.map(({ name, text }) => `    ${name}: '${createHash('sha256').update(text).digest('hex')}',\n`);
writeFileSync(
    join(GENERATED, 'idl.ts'),
    `/** SHA-256 of the IDLs that this client was generated from. */\nexport const IDL_SHA256 = {\n${hashes.join('')}} as const;\n`,
);
