import assert from "node:assert/strict";
import { test } from "node:test";
import { compose } from "../../src/compose.ts";
import { config } from "../../src/config.ts";
import { startProvider } from "../../src/engines/federation/conformance/provider.ts";
import { browser } from "../browser.ts";
import { addPerson } from "../people.ts";
import { freshFolder } from "./server-process.ts";

test("a server that is configured with a provider signs people in by it", async (t) => {
  let url = "";
  const provider = await startProvider(() => `${url}/sign-in/external/callback`);
  t.after(() => provider.stop());
  const sluice = await compose({
    config: config({
      SLUICE_DATA_DIR: await freshFolder(t),
      SLUICE_PORT: "0",
      SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
      SLUICE_OIDC_ISSUER: provider.issuer,
      SLUICE_OIDC_CLIENT_ID: provider.client.id,
      SLUICE_OIDC_CLIENT_SECRET: provider.client.secret,
    }),
    version: "0.0.0",
    log: (line) => t.diagnostic(line),
  });
  t.after(() => sluice.close());
  ({ url } = sluice);
  await addPerson(sluice.engines, "Ada");
  provider.signsIn({ sub: "ada-1", email: "ada@example.com", email_verified: true });
  const own = browser(url);
  const away = await own.submit("/sign-in", {}, "/sign-in/external");
  const back = await browser(provider.issuer).open(pathOf(away.elsewhere));
  const shown = await own.open(pathOf(back.elsewhere));
  assert.equal(shown.path, "/account", shown.text);
});

function pathOf(address: string | null): string {
  assert.ok(address !== null, "it leads nowhere else");
  const { pathname, search } = new URL(address);
  return pathname + search;
}
