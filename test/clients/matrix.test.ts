// Clients from npm, as they are, against a running server: what each of them does, with a key and by signing in.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { seat } from "../../src/config.ts";
import { browser as pageBrowser } from "../browser.ts";
import { exampleKey, freshFolder, startServer, type ServerProcess } from "../journeys/server-process.ts";
import { Browser, type Person } from "../surfaces/oauth-world.ts";
import { authorities, steps, type Authority, type Client, type Connection, type Step } from "./client.ts";
import { clients } from "./clients.ts";
import { skipOf } from "./presence.ts";

const notOffered = "not offered by the client";
const notInstalled = "not installed";

type Cell = "ok" | typeof notOffered | typeof notInstalled | "failed";
type Row = { readonly title: string; readonly cells: Record<Step, Cell> };

const asked: Readonly<Record<Exclude<Step, "connect">, (to: Connection) => Promise<void>>> = {
  async list(connection) {
    const names = await connection.list();
    assert.deepEqual(names.slice(0, 2), ["list_endpoints", "create_endpoint"]);
  },
  async call(connection) {
    const answer = await connection.call("list_endpoints", {});
    assert.partialDeepStrictEqual(answer, { endpoints: [{ slug: "for-clients" }], total: 1 });
  },
  async read(connection) {
    const text = await connection.read("sluice://endpoints/for-clients");
    assert.partialDeepStrictEqual(JSON.parse(text), { slug: "for-clients" });
  },
  async prompt(connection) {
    assert.match(await connection.prompt("setup_webhook", { provider: "Stripe" }), /whsec_/);
  },
};

test("every client does all that it has a way to do", async (t) => {
  const server = await startServer(t, {
    folder: await freshFolder(t),
    environment: { SLUICE_BOOTSTRAP_API_KEY: exampleKey },
  });
  const person = await owner(server);
  const [first] = clients;
  assert.ok(first, "there are clients");
  const setup = await first.connects(new URL(first.path, server.url), { kind: "key", key: exampleKey });
  await setup.call("create_endpoint", { name: "For clients", targetUrl: server.echoUrl });
  await setup.close();

  const rows: Row[] = [];
  for (const client of clients)
    for (const kind of authorities) {
      const by: Authority = kind === "key" ? { kind, key: exampleKey } : { kind, person };
      rows.push(await row(t, client, by, new URL(client.path, server.url)));
    }
  t.diagnostic(`\n${tableOf(rows)}`);

  const unrun = rows.flatMap(({ title, cells }) =>
    steps.filter((step) => cells[step] === "failed").map((step) => `${title}: ${step}`),
  );
  assert.deepEqual(unrun, []);
});

/** One client with one authority: a subtest, whose steps are done in order. */
async function row(t: TestContext, client: Client, by: Authority, url: URL): Promise<Row> {
  const title = `${client.name}, at ${client.path}, ${by.kind === "key" ? "with a key" : "by signing in"}`;
  const lacksAll = client.lacks.includes(by.kind);
  const skip = lacksAll ? notOffered : skipOf(client.missing, seat());
  const start: Cell = lacksAll ? notOffered : skip === false ? "failed" : notInstalled;
  const cells = Object.fromEntries(steps.map((step) => [step, start])) as Record<Step, Cell>;
  if (lacksAll) return { title, cells };
  await t.test(title, { skip }, async () => {
    assert.equal(client.missing, null);
    const connection = await client.connects(url, by);
    cells.connect = "ok";
    try {
      for (const [step, check] of Object.entries(asked) as [keyof typeof asked, (typeof asked)["list"]][])
        if (client.lacks.includes(step)) cells[step] = notOffered;
        else {
          await check(connection);
          cells[step] = "ok";
        }
    } finally {
      await connection.close();
    }
  });
  return { title, cells };
}

/** Signs in by the link that the first start prints. */
async function owner(server: ServerProcess): Promise<Person> {
  const link = /^ {2}http\S+(\/sign-in\/link\/\S+)$/m.exec(server.output())?.[1];
  assert.ok(link, "the first start prints a link");
  const pages = pageBrowser(server.url);
  const password = "EXAMPLE correct horse";
  await pages.submit(link, { name: "Olga", email: "olga@example.com", password });
  const session = pages.cookies.get("sluice_session");
  assert.ok(session, "whoever signs in has a session");
  return { id: "olga", browser: new Browser(server.url, `sluice_session=${session}`) };
}

function tableOf(rows: readonly Row[]): string {
  const lines = [["", ...steps], ...rows.map(({ title, cells }) => [title, ...steps.map((it) => cells[it])])];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
