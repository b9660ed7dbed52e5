import assert from "node:assert/strict";
import { test } from "node:test";
import { signInLinkCommand } from "../../src/commands/sign-in-link.ts";
import { browser } from "../browser.ts";
import { sharedPostgres } from "../postgres-server.ts";
import { commandHere } from "./command-here.ts";
import { freshFolder, startServer } from "./server-process.ts";

const vaultKeys = "ExampleExampleExampleExampleExampleExample0";

for (const [on, newDatabase] of [
  ["files", async () => null],
  ["PostgreSQL", async () => (await sharedPostgres()).newDatabase()],
] as const)
  test(`an owner who lost the password gets back in by a command beside the server, over ${on}`, async (t) => {
    const folder = await freshFolder(t);
    const database = await newDatabase();
    const environment = {
      SLUICE_VAULT_KEYS: vaultKeys,
      ...(database !== null && { SLUICE_DATABASE_URL: database }),
    };
    const server = await startServer(t, { folder, environment });
    const first = /(\/sign-in\/link\/\S+)$/m.exec(server.output())?.[1] ?? "";
    const lost = { name: "Olga", email: "olga@example.com", password: "EXAMPLE correct horse" };
    await browser(server.url).submit(first, lost);

    for (const args of [["--owner"], ["Olga@example.com"]]) {
      const { code, output } = await commandHere(signInLinkCommand, args, { folder, database });
      assert.equal(code, 0);
      assert.match(output, new RegExp(`^${server.url}/sign-in/link/[\\w-]{43}\n$`));
      const password = `EXAMPLE kettle ${args[0] ?? ""}`;
      const path = new URL(output.trim()).pathname;
      const shown = await browser(server.url).submit(path, { name: "Olga", password });
      assert.match(shown.text, /A one-time sign-in link was used/);
      const again = await browser(server.url).submit("/sign-in", { email: lost.email, password });
      assert.equal(again.path, "/account");
    }

    const unknown = await commandHere(signInLinkCommand, ["nobody@example.com"], { folder, database });
    assert.equal(unknown.failure?.kind, "not_found");
    assert.equal(unknown.output, "");
  });

test("where nothing is stored no link is made, and nothing else either", async (t) => {
  const folder = await freshFolder(t);
  const { failure } = await commandHere(signInLinkCommand, ["--owner"], { folder, database: null });
  assert.equal(failure?.kind, "not_found");
});
