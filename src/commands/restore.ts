import { join, resolve } from "node:path";
import { storageOf } from "./chosen-storage.ts";
import { commandArguments, type Command } from "./command.ts";
import { contents, hasKeys } from "./contents.ts";
import { keyFile } from "./stored-files.ts";

export const restore: Command = {
  name: "restore",
  does: "Verifies a backup and puts it into SLUICE_DATA_DIR, which must be absent or empty, or into the empty database of SLUICE_DATABASE_URL: restore <backup folder> [--json].",
  async run(args, surroundings) {
    const { folder, print, progress } = surroundings;
    const { words, flags } = commandArguments(args, {
      usage: "sluice restore <backup folder> [--json]",
      words: 1,
      flags: ["--json"],
    });
    const copied = await storageOf(surroundings)
      .restore(resolve(words[0] ?? ""))
      .finally(() => progress(""));
    const { manifest, place } = copied;
    const path = resolve(folder);
    if (flags.has("--json")) {
      print(JSON.stringify({ folder: path, ...manifest }, null, 2));
      return 0;
    }
    print(`Restored ${place} as it was on ${manifest.at} (Sluice ${manifest.sluice}): ${contents(copied)}.`);
    print(
      "What was not yet delivered then is delivered once the server starts, and may reach its target twice.",
    );
    if (!hasKeys(copied) && !surroundings.hasOwnKeys)
      print(
        `It has no keys: put the key file in ${join(path, keyFile)} (mode 0600) before the server starts.`,
      );
    return 0;
  },
};
