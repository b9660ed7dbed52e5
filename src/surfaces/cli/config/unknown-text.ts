import { nearNames } from "../../../registry/near.ts";

/** That a document may not have this, and what was likely meant. */
export function unknownText(name: string, names: readonly string[]): string {
  const [near] = nearNames(name, names);
  return `Unknown field "${name.slice(0, 100)}". ${near === undefined ? `There are ${names.join(", ")}.` : `Did you mean "${near}"?`}`;
}
