import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const largeFolder = fileURLToPath(new URL("large/", import.meta.url));
const resolver = createRequire(join(largeFolder, "package.json"));

/** Where a package of sdk/test/large/package.json begins, or undefined where they were not installed. */
function entryOf(name: string): string | undefined {
  try {
    return resolver.resolve(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Why a framework of that package cannot run here, or null. */
export function missing(name: string): string | null {
  return entryOf(name) === undefined
    ? `${name} is not installed: (cd sdk/test/large && npm ci --ignore-scripts)`
    : null;
}

/** What the package exports. The large frameworks are absent on most machines, so nothing can know their types. */
export async function load(name: string): Promise<unknown> {
  return import(pathToFileURL(entryOf(name) ?? name).href);
}

export function fileOf(name: string, path: string): string {
  return join(dirname(entryOf(`${name}/package.json`) ?? largeFolder), path);
}
