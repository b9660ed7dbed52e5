import { resolve } from "node:path";
import { makeBackup } from "../engines/sqlite/backup.ts";
import { commandArguments, type Command } from "./command.ts";
import { contents } from "./contents.ts";
import { databaseSchemas, keyFile } from "./stored-files.ts";

export const backup: Command = {
  name: "backup",
  does: "Copies SLUICE_DATA_DIR to a new folder and verifies the copy, beside a running server or without: backup <folder> [--without-keys] [--json].",
  async run(args, { folder, version, clock, print, progress }) {
    const { words, flags } = commandArguments(args, {
      usage: "sluice backup <folder> [--without-keys] [--json]",
      words: 1,
      flags: ["--without-keys", "--json"],
    });
    const to = resolve(words[0] ?? "");
    const withKeys = !flags.has("--without-keys");
    const plan = { folder, to, databases: Object.keys(databaseSchemas), others: withKeys ? [keyFile] : [] };
    const stamp = { sluice: version, at: new Date(clock.now()).toISOString() };
    const manifest = await makeBackup(plan, stamp, (name, copied, total) =>
      progress(`${name}: ${Math.floor((100 * copied) / Math.max(total, 1))} %`),
    ).finally(() => progress(""));
    if (flags.has("--json")) print(JSON.stringify({ folder: to, ...manifest }, null, 2));
    else {
      print(`Backed up ${resolve(folder)} to ${to}, verified: ${contents(manifest)}.`);
      print(
        withKeys
          ? `It holds the key file: whoever has ${to} can open every stored secret. --without-keys leaves it out.`
          : "It holds no keys: keep a copy of the key file elsewhere, for without it no stored secret can be opened.",
      );
    }
    return 0;
  },
};
