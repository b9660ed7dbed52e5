import { join, resolve } from "node:path";
import { restoreBackup } from "../engines/sqlite/restore.ts";
import { commandArguments, type Command } from "./command.ts";
import { contents } from "./contents.ts";
import { databaseSchemas, keyFile } from "./stored-files.ts";

export const restore: Command = {
  name: "restore",
  does: "Verifies a backup and puts it into SLUICE_DATA_DIR, which must be absent or empty: restore <backup folder> [--json].",
  async run(args, { folder, clock, print }) {
    const { words, flags } = commandArguments(args, {
      usage: "sluice restore <backup folder> [--json]",
      words: 1,
      flags: ["--json"],
    });
    const plan = { from: resolve(words[0] ?? ""), folder, databases: databaseSchemas, others: [keyFile] };
    const manifest = await restoreBackup(plan, clock);
    const path = resolve(folder);
    if (flags.has("--json")) {
      print(JSON.stringify({ folder: path, ...manifest }, null, 2));
      return 0;
    }
    print(`Restored ${path} as it was on ${manifest.at} (Sluice ${manifest.sluice}): ${contents(manifest)}.`);
    print(
      "What was not yet delivered then is delivered once the server starts, and may reach its target twice.",
    );
    if (manifest.files.every(({ name }) => name !== keyFile))
      print(
        `It has no keys: put the key file in ${join(path, keyFile)} (mode 0600) before the server starts.`,
      );
    return 0;
  },
};
