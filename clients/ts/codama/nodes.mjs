// Walking and checking nodes: they are plain, frozen objects.

/** Rebuilds a tree from its leaves up; `change` gets each node and returns what stands in its place. */
export function mapNodes(node, change) {
    if (Array.isArray(node)) return node.map(child => mapNodes(child, change));
    if (node === null || typeof node !== 'object') return node;
    const rebuilt = Object.fromEntries(Object.entries(node).map(([name, child]) => [name, mapNodes(child, change)]));
    return 'kind' in rebuilt ? change(rebuilt) : rebuilt;
}

/** Fails when a declaration names what the IDL does not have. */
export function requireKnown(what, named, known) {
    const unknown = named.filter(name => !known.includes(name));
    if (unknown.length > 0) {
        throw new Error(`codama/declarations.mjs names ${what} that the IDL lacks: ${unknown.join(', ')}. It has: ${known.join(', ')}.`);
    }
}
