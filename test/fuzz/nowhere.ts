import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../world.ts";
import { searchedFor } from "./plants.ts";

/** No part of a secret is stored: in no row, unpacked, and in no file as it is. */
export function assertNowhere({ folder, dump }: Pick<World, "folder" | "dump">): void {
  const stored = dump();
  for (const part of searchedFor) assert.ok(!stored.includes(part), `stored: ${around(stored, part)}`);
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = readFileSync(join(file.parentPath, file.name)).toString("latin1");
    for (const part of searchedFor) assert.ok(!bytes.includes(part), `${part} is in ${file.name}`);
  }
}

function around(text: string, part: string): string {
  const at = text.indexOf(part);
  return JSON.stringify(text.slice(Math.max(0, at - 200), at + 100));
}
