import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { imports } from "../../../../test/fuzz/archives.ts";
import { archiveOf } from "./archive.ts";
import { archiveParts } from "./archive-parts.ts";
import { readEntry } from "./read-entry.ts";
import { smallerEntry } from "./smaller-entry.ts";

const at = "2026-11-20T11:59:00.250Z";
const long = "a".repeat(9_000);

function entry(url: string, more: object = {}): object {
  const request = { method: "GET", url, headers: [] };
  return { startedDateTime: at, time: 1, request, response: { status: 200, headers: [] }, ...more };
}

const unanswered = (error: string): object => ({ response: { status: 0, _error: error } });
const posted = (postData: object, bodySize: number): object => ({
  request: { method: "post", url: "https://a.example/", headers: [], postData, bodySize },
});

/** Each is something that an entry could lose by being made smaller. */
const odd: Readonly<Record<string, unknown>> = {
  nothing: null,
  "a text": "x",
  "no address": {},
  "a long image": entry(`data:image/png;base64,${long}`),
  "a scheme without end": entry(`${"x".repeat(200)}:y`),
  "no moment": entry("https://a.example/", { startedDateTime: "soon" }),
  "a moment far off": entry("https://a.example/", { startedDateTime: "+275760-09-13T00:00:00.000Z" }),
  "an address that is cut": entry(`https://u:p@a.example:8443/${long}?q=%20#part`),
  "a part of the address that is another once it is cut": entry(
    `https://a.example/${"b".repeat(8_188)}/..${long}`,
  ),
  "a socket": entry("wss://a.example/live"),
  "a name of another alphabet": entry("https://bücher.example/ü?é=\ud83d"),
  "more time than there is": entry("https://a.example/", { time: -1, timings: { send: 1e308, wait: 1e308 } }),
  "time by its parts": entry("https://a.example/", { time: null, timings: { send: 1, wait: 2.5 } }),
  "an abortion that is said late": entry("https://a.example/", unanswered(`${long} ABORTED`)),
  "no reason": entry("https://a.example/", unanswered("")),
  "a body that is cut": entry(
    "https://a.example/",
    posted({ mimeType: "text/plain", text: "é".repeat(100_000) }, 7),
  ),
  "a type that finds no room": entry("https://a.example/", {
    request: {
      url: "https://a.example/",
      headers: Array.from({ length: 100 }, (_, n) => ({ name: `x-${n}`, value: "1" })),
      postData: { mimeType: "application/json", text: "{}" },
    },
  }),
  "a body of no bytes": entry("https://a.example/", posted({ text: "?", encoding: "base64" }, -1)),
  "a form": entry(
    "https://a.example/",
    posted({ mimeType: "application/x-www-form-urlencoded", params: [{ name: "a b", value: "1&2" }] }, -1),
  ),
  "a size alone": entry("https://a.example/", {
    response: { status: 204, bodySize: 7.5, content: { size: 0 } },
  }),
  "a size no body has": entry("https://a.example/", {
    response: { status: 200, content: { size: 1e308, text: "x" } },
  }),
  "half a pair": entry("https://a.example/", {
    response: { status: 200, headers: [{ name: "x", value: "\ud83d" }] },
  }),
  "one that was made smaller before": entry("https://a.example/", {
    ...posted({ text: "x" }, 1),
    _sluice: { at: 3, before: 2, sentBytes: 100_000 },
  }),
};

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

for (const [what, given] of Object.entries(odd))
  test(`made smaller it is read as before: ${what}`, () => {
    const original = throughJson(given);
    const read = readEntry(original);
    const smaller = throughJson(smallerEntry(original, read, { at: 0, before: 0 }));
    assert.deepEqual(readEntry(smaller), read);
    assert.ok(JSON.stringify(smaller).length < 120_000);
  });

test("parts of any archive are read as the whole is, ids and places too", () => {
  fc.assert(
    fc.property(imports, ({ har }) => {
      const whole = archiveOr(har);
      if (whole === undefined) return;
      const parts = archiveParts.split({ har }).map(({ input }) => archiveOf(input["har"]));
      const entries = parts.flatMap((part) => part.entries);
      assert.deepEqual(entries, whole.entries);
      for (const { creator } of parts) assert.equal(creator, whole.creator);
    }),
    { numRuns: 400 },
  );
});

function archiveOr(har: unknown): ReturnType<typeof archiveOf> | undefined {
  try {
    return archiveOf(har);
  } catch {
    return undefined;
  }
}

test("what says of itself that it was cut and lies is read all the same", () => {
  for (const said of [null, 7, "x", { at: -1, before: 1.5, sentBytes: "9" }, { at: 1e308, before: null }]) {
    const { entries } = archiveOf({ log: { entries: [entry("https://a.example/", { _sluice: said })] } });
    assert.deepEqual(entries, archiveOf({ log: { entries: [entry("https://a.example/")] } }).entries);
  }
});

test("an address or error that is too large to be sent is named", () => {
  const address = `https://a.example/${"b".repeat(8_188)}/..${"a".repeat(4 * 1024 * 1024)}`;
  const har = { log: { entries: [entry("https://a.example/"), entry(address)] } };
  assert.throws(() => archiveParts.split({ har }), {
    kind: "too_large",
    detail: { pointer: "/har/log/entries/1", hint: "Take it out of the archive." },
  });
});
