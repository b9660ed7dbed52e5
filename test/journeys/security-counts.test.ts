import assert from "node:assert/strict";
import { test } from "node:test";
import { compose, type Sluice } from "../../src/compose.ts";
import { config } from "../../src/config.ts";
import { createApiKey } from "../../src/planes/account/operations/create-api-key.ts";
import { revokeCredential } from "../../src/planes/account/operations/revoke-credential.ts";
import { whoami } from "../../src/planes/account/operations/whoami.ts";
import { serverScope } from "../../src/registry/workspace.ts";
import { asking, restAnswer } from "./asking.ts";
import { engines } from "./engines.ts";
import { exampleKey } from "./server-process.ts";

for (const engine of engines)
  test(`${engine.name}: what a server has counted of security events is written when it stops`, async (t) => {
    const { folder, environment } = await engine.prepare(t);
    const open = async (): Promise<Sluice> =>
      compose({
        config: config({
          ...environment,
          SLUICE_DATA_DIR: folder,
          SLUICE_PORT: "0",
          SLUICE_BOOTSTRAP_API_KEY: exampleKey,
        }),
        version: "0.0.0",
        log: (line) => t.diagnostic(line),
      });
    const first = await open();
    const ask = asking(first.url, exampleKey);
    const { id, secret } = await ask(createApiKey, { name: "over" });
    await ask(revokeCredential, { credentialId: id });
    const workspace = first.first?.workspace ?? "";
    for (let n = 0; n < 4; n++) {
      const { status } = await restAnswer({ url: first.url, key: secret }, whoami, {});
      assert.equal(status, 401);
      const client = { client_name: "Fake Agent", redirect_uris: ["http://127.0.0.1/callback"] };
      const registered = await fetch(`${first.url}/oauth/register`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(client),
      });
      assert.equal(registered.status, 201);
    }
    await first.close();

    const second = await open();
    t.after(() => second.close());
    const noted = async (scope: string, operation: string) => {
      const rows = await second.engines.store.audit.list(scope, { limit: 10, where: { operation } });
      return rows.map(({ subjects, detail: { more, remoteAddress } }) => [subjects, more, remoteAddress]);
    };
    const from = "127.0.0.1";
    assert.deepEqual(await noted(workspace, "credential_refused"), [
      [[id], 3, from],
      [[id], undefined, from],
    ]);
    assert.deepEqual(await noted(serverScope, "client_accepted"), [
      [[], 3, from],
      [[], undefined, from],
    ]);
  });
