import { openConfiguration } from "../engines/configuration.ts";
import { folderHolder } from "../engines/sqlite/data-folder.ts";
import type { Store } from "../engines/store/store.ts";
import { Failure } from "../kernel/failure.ts";
import { member } from "../planes/account/people/member.ts";
import { linkHours, newSignInLink } from "../planes/account/people/sign-in-link.ts";
import { user, type UserRow } from "../planes/account/people/user.ts";
import { decodedRow } from "../registry/unit.ts";
import { serverScope } from "../registry/workspace.ts";
import { commandArguments, type Command, type Surroundings } from "./command.ts";

const usage = "sluice sign-in-link <email> | --owner";
const membersMax = 1_000;

/** For whoever has what is stored: they could do worse, and an owner who lost the password has nobody else to ask. */
export const signInLinkCommand: Command = {
  name: "sign-in-link",
  does: `Makes a link that signs in once, within ${linkHours} hours, of whom the email is or, with --owner, of an owner, where everything is stored, beside running servers or without: sign-in-link <email> | --owner.`,
  async run(args, surroundings) {
    const { words, flags } = commandArguments(args, {
      usage,
      words: args.includes("--owner") ? 0 : 1,
      flags: ["--owner"],
    });
    const { database: url, folder, clock, print } = surroundings;
    const store = await openConfiguration({ url, folder, clock, log: print });
    try {
      const person = flags.has("--owner") ? await anOwner(store) : await byEmail(store, words[0] ?? "");
      const settings = { publicUrl: addressOf(surroundings), echoUrl: "", ingestRate: 0, replayTargets: [] };
      const by = { actor: { kind: "system", id: "sign-in-link" }, membership: null } as const;
      const { link } = await newSignInLink({ store, clock, settings }, person, by);
      print(link.reveal());
      return 0;
    } finally {
      await store.close();
    }
  },
};

/** As people reach the server: by its public address, where it listens, or where commands expect it. */
function addressOf({ publicUrl, folder, server }: Surroundings): string {
  return publicUrl ?? folderHolder(folder)?.address ?? server.url;
}

async function byEmail({ records }: Pick<Store, "records">, email: string): Promise<UserRow> {
  const stored = await records.byGlobalKey(user.kind, "email", email.toLowerCase());
  if (stored !== undefined) return decodedRow(user, stored);
  throw new Failure("not_found", "Nobody has this email.", {
    hint: "--owner is for an owner, whoever it is.",
  });
}

async function anOwner({ records }: Pick<Store, "records">): Promise<UserRow> {
  for (const stored of await records.every(member.kind, { limit: membersMax })) {
    const { value } = decodedRow(member, stored);
    const found = value.role === "owner" ? await records.get(serverScope, user.kind, value.user) : undefined;
    if (found !== undefined) return decodedRow(user, found);
  }
  throw new Failure("not_found", "No workspace has an owner yet.", { hint: "Start the server once." });
}
