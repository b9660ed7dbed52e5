import assert from "node:assert/strict";
import { test } from "node:test";
import { Script } from "node:vm";
import { z } from "zod";
import { planes } from "../../src/planes/planes.ts";
import { html, htmlText } from "../../src/registry/html.ts";
import { publicInput, publicOutput, read, type Operation } from "../../src/registry/operation.ts";
import { parseInput } from "../../src/registry/parse.ts";
import { membersOf } from "../../src/surfaces/rest/reference/member.ts";
import { reference, referenceApp } from "../../src/surfaces/rest/reference/reference.ts";
import { curlOf, exampleAnswer, exampleInput, hintsOf } from "../../src/surfaces/rest/reference/sample.ts";
import { referenceScript } from "../../src/surfaces/rest/reference/style.ts";
import { addressOf } from "../../src/surfaces/rest/unknown-path.ts";
import { crateOperations, createCrate } from "./crates.ts";

const about = { publicUrl: "https://sluice.example", version: "1.2.3" };
const operations: readonly Operation[] = planes.flatMap((plane) => plane.operations);
const { text, headers } = reference(operations, about);

function sectionOf(it: Operation): string {
  const section = text.split('<section class="operation"').find((each) => each.includes(`id="${it.name}"`));
  assert.ok(section !== undefined, it.name);
  return section;
}

test("every operation is on the page with its address, scope, fields, answer and a call to copy", () => {
  for (const it of operations) {
    const section = sectionOf(it);
    for (const said of [
      htmlText(html`${it.title}`),
      addressOf(it),
      `<code>${it.scope}</code>`,
      about.publicUrl,
    ])
      assert.ok(section.includes(said), `${it.name}: ${said}`);
    for (const name of [...Object.keys(it.input.shape), ...Object.keys(it.output.shape)])
      assert.ok(section.includes(`<code class="name">${name}</code>`), `${it.name}: ${name}`);
  }
});

test("what a call shows is an input that the operation takes", () => {
  for (const it of [...operations, ...crateOperations]) parseInput(publicInput(it), exampleInput(it));
});

test("a call to copy is one command for a shell, its body in single quotes", () => {
  assert.equal(
    curlOf(createCrate, "https://sluice.example"),
    `curl 'https://sluice.example/api/v1/crates' \\
  -H "Authorization: Bearer $SLUICE_API_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"label":"…"}'`,
  );
});

test("an answer that is shown has the shape of the real ones", () => {
  const hints = hintsOf(operations);
  for (const it of operations) {
    const shape = z.toJSONSchema(publicOutput(it), { io: "output" });
    const answer = z.record(z.string(), z.json()).parse(JSON.parse(exampleAnswer(shape, hints)));
    assert.deepEqual(Object.keys(answer), Object.keys(it.output.shape), it.name);
  }
});

test("every link of the page leads to a place on it, or to the description for programs", () => {
  const places = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => `#${id}`));
  const links = [...text.matchAll(/<a\b[^>]*\shref="([^"]+)"/g)].map(([, href]) => href ?? "");
  assert.ok(links.length > 2 * operations.length);
  assert.deepEqual(
    links.filter((href) => !places.has(href) && href !== "/openapi.json"),
    [],
  );
});

test("the page loads nothing, and its policy would not let it", () => {
  assert.doesNotMatch(text, /<(img|iframe|object|embed|video|audio)\b|\ssrc=|@import|url\(/);
  assert.match(
    headers["content-security-policy"] ?? "",
    /^default-src 'none'; style-src 'sha256-\S+'; script-src 'sha256-/,
  );
});

test("its script is a program", () => {
  assert.doesNotThrow(() => new Script(referenceScript));
});

test("what an operation says is text, however it reads as HTML", () => {
  const odd = read({
    name: "odd",
    title: "<script>alert(1)</script>",
    does: 'Says `<b>` and "quotes".',
    verb: "GET",
    path: "/odd",
    scope: "odd:read",
    input: z.object({ field: z.enum(["</pre><img onerror=x>"]).describe("</code><script>") }),
    output: z.object({}),
    run: async () => ({}),
  });
  const page = reference([odd], { ...about, planeOf: () => "<i>" }).text;
  const body = page.slice(page.indexOf("<body>"), page.lastIndexOf("<script>"));
  assert.doesNotMatch(body, /<script|<img|<b>|<i>/);
  assert.match(body, /<code>&lt;b&gt;<\/code>/);
});

test("members within members are shown to a depth, and a shape that refers to itself has an end", () => {
  const Node: z.ZodType = z.lazy(() => z.object({ name: z.string(), below: z.array(Node).optional() }));
  const tree = membersOf(z.toJSONSchema(z.object({ tree: Node, any: z.json() })));
  const [root, any] = tree;
  assert.deepEqual(
    root?.within.map(({ name, type }) => [name, type]),
    [
      ["name", "text"],
      ["below", "list of object"],
    ],
  );
  assert.equal(any?.type, "anything");
});

test("kinds, values, bounds and defaults are said in words", () => {
  const told = (name: string) => {
    const found = membersOf(z.toJSONSchema(publicInput(createCrate), { io: "input" })).find(
      (it) => it.name === name,
    );
    return found && [found.type, ...found.facts];
  };
  assert.deepEqual(told("label"), ["text", "1 to 40 characters"]);
  assert.deepEqual(told("note"), ["text or null", "default `null`"]);
  assert.deepEqual(told("weight"), ["number", "0 to 1000", "default `1`"]);
  assert.deepEqual(told("codes"), ["list of integer", "at most 5 items"]);
  assert.deepEqual(told("lining"), ["text or null", 'one of `"straw"`, `"foam"`', "default `null`"]);
  assert.deepEqual(told("seal"), ["text", "at most 100 characters", "secret: never logged, never answered"]);
});

test("it is made once the address is known, and not sent again to whoever has it", async () => {
  let publicUrl = "";
  const app = referenceApp(crateOperations, {
    version: "1",
    get publicUrl() {
      return publicUrl;
    },
  });
  publicUrl = "http://127.0.0.1:8080";
  const first = await app.request("/reference");
  assert.equal(first.headers.get("content-type"), "text/html; charset=utf-8");
  assert.ok((await first.text()).includes("&#39;http://127.0.0.1:8080/api/v1/crates&#39;"));
  const tag = first.headers.get("etag") ?? "";
  const again = await app.request("/reference", { headers: { "if-none-match": tag } });
  assert.deepEqual([again.status, await again.text()], [304, ""]);
});
