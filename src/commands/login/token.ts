import { Failure } from "../../kernel/failure.ts";
import { createApiKey } from "../../planes/account/operations/create-api-key.ts";
import { createManagementToken } from "../../planes/account/operations/create-management-token.ts";
import { createMcpToken } from "../../planes/account/operations/create-mcp-token.ts";
import { createPersonalKey } from "../../planes/account/operations/create-personal-key.ts";
import { listCredentials } from "../../planes/account/operations/list-credentials.ts";
import { listPersonalKeys } from "../../planes/account/operations/list-personal-keys.ts";
import { revokeCredential } from "../../planes/account/operations/revoke-credential.ts";
import { revokePersonalKey } from "../../planes/account/operations/revoke-personal-key.ts";
import { commandArguments } from "../command.ts";
import type { LoginCommand } from "./login-command.ts";
import { freshLogin } from "./renewal.ts";

/** `sluice token`: the access token of the login, for scripts; and short ways to what deals with other credentials. */
export const token = {
  name: "token",
  does: "Prints an access token of your login, good for a minute at least; or lists, creates and revokes credentials.",
  flags: [{ name: "json", does: "Prints it with when it ends, as JSON.", bare: true }],
  shortFor: [
    { words: ["list"], operation: listCredentials.name },
    { words: ["list", "personal-keys"], operation: listPersonalKeys.name },
    { words: ["create", "api-key"], operation: createApiKey.name },
    { words: ["create", "mcp-token"], operation: createMcpToken.name },
    { words: ["create", "management-token"], operation: createManagementToken.name },
    { words: ["create", "personal-key"], operation: createPersonalKey.name },
    { words: ["revoke"], operation: revokeCredential.name },
    { words: ["revoke", "personal-key"], operation: revokePersonalKey.name },
  ],
  async run(args, surroundings) {
    const { flags } = commandArguments(args, { usage: "sluice token [--json]", words: 0, flags: ["--json"] });
    const login = await freshLogin(surroundings);
    if (login === undefined)
      throw new Failure("unauthenticated", `Nobody is logged in at ${surroundings.url}.`, {
        hint: "Run `sluice login`.",
      });
    const accessToken = login.accessToken.reveal();
    const expiresAt = new Date(login.expiresAt).toISOString();
    surroundings.print(
      flags.has("--json") ? JSON.stringify({ accessToken, expiresAt }, null, 2) : accessToken,
    );
    return 0;
  },
} as const satisfies LoginCommand & { readonly shortFor: readonly unknown[] };
