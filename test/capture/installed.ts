import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const folder = fileURLToPath(new URL("../clients/capture/", import.meta.url));
const resolver = createRequire(join(folder, "package.json"));

/** Why what needs this package of test/clients/capture/package.json cannot run here, or null. */
export function missing(name: string): string | null {
  try {
    resolver.resolve(name);
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    return `${name} is not installed: (cd test/clients/capture && npm ci --ignore-scripts)`;
  }
}

/** What the package exports; it is absent on many machines, so that nothing can know its types. */
export const load: (name: string) => unknown = resolver;
