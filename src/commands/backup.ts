import { resolve } from "node:path";
import { storageOf } from "./chosen-storage.ts";
import { commandArguments, type Command } from "./command.ts";
import { contents, hasKeys } from "./contents.ts";

export const backup: Command = {
  name: "backup",
  does: "Copies SLUICE_DATA_DIR, or the database of SLUICE_DATABASE_URL, to a new folder and verifies the copy, beside running servers or without: backup <folder> [--without-keys] [--json].",
  async run(args, surroundings) {
    const { print, progress } = surroundings;
    const { words, flags } = commandArguments(args, {
      usage: "sluice backup <folder> [--without-keys] [--json]",
      words: 1,
      flags: ["--without-keys", "--json"],
    });
    const to = resolve(words[0] ?? "");
    const copied = await storageOf(surroundings)
      .backUp(to, !surroundings.hasOwnKeys && !flags.has("--without-keys"))
      .finally(() => progress(""));
    if (flags.has("--json")) print(JSON.stringify({ folder: to, ...copied.manifest }, null, 2));
    else {
      print(`Backed up ${copied.place} to ${to}, verified: ${contents(copied)}.`);
      print(
        hasKeys(copied)
          ? `It holds the key file: whoever has ${to} can open every stored secret. --without-keys leaves it out.`
          : "It holds no keys: keep a copy of them elsewhere, for without it no stored secret can be opened.",
      );
    }
    return 0;
  },
};
