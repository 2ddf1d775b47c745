import { fileURLToPath } from 'node:url';

/** A file of the repository, from the compiled test's place in `clients/ts/dist/test`. */
export function repository(path: string): string {
    return fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
}
