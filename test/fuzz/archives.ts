import fc from "fast-check";
import { excludedPath, noon } from "./captured-records.ts";
import { nasty, nearly } from "./nasty.ts";
import { plants, type Plant } from "./plants.ts";

/** An entry of an archive, and whether it can be stored; `either`: it was changed in one place. */
export type Entry = { readonly entry: unknown; readonly meant: "taken" | "refused" | "either" };

/** What is imported: an archive of these entries, or something else that may be none. */
export type Imported =
  | { readonly har: unknown; readonly bucket: string; readonly entries: readonly Entry[] }
  | { readonly har: unknown; readonly bucket: string; readonly entries: undefined };

const texts = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom("", "\u0000", "\ud800", "é".repeat(300), "x".repeat(70_000), '{"__proto__":{"a":1}}'),
);

const fields = fc.array(
  fc.record({ name: fc.constantFrom("X-A", "x-b", ":authority", "", "n".repeat(300)), value: texts }),
  { maxLength: 4 },
);

const urls = fc.oneof(
  fc.stringMatching(/^https:\/\/shop\.example\/(orders|users)\/[0-9a-z]{1,5}(\?a=[0-9]{1,3})?$/),
  fc.constantFrom(
    `http://shop.example${excludedPath}?deep=1`,
    "wss://user:fake@shop.example:8443/live#part",
    `https://shop.example/${"a".repeat(20_000)}`,
    `https://shop.example${`/${"b".repeat(150)}`.repeat(40)}`,
    "https://xn--nxasmq6b.example/%ff%00",
  ),
);

const moments = fc.constantFrom(
  new Date(noon).toISOString(),
  "2026-11-20T11:59:00.123456789Z",
  "2026-11-20T12:30:00+01:00",
  "Fri, 20 Nov 2026 11:00:00 GMT",
  "2026-11-20",
);

const sizes = fc.constantFrom(-1, 0, 7, 1.5, 2 ** 40, undefined);
const types = fc.constantFrom(
  "",
  "application/json",
  "application/x-www-form-urlencoded",
  "\u0000",
  "t".repeat(3_000),
);

const requests = fc.record({
  method: fc.constantFrom("GET", "post", "M-SEARCH"),
  url: urls,
  headers: fields,
  cookies: fc.constant([{ name: "session", value: "fake" }]),
  bodySize: sizes,
  postData: fc.oneof(
    fc.constant(undefined),
    fc.record({ mimeType: types, text: texts, encoding: fc.constantFrom(undefined, "base64") }),
    fc.record({ mimeType: types, params: fields }),
  ),
});

const responses = fc.record({
  status: fc.constantFrom(200, 204, 301, 404, 503, 0, -1),
  statusText: fc.constantFrom("", "OK", "net::ERR_ABORTED", "s".repeat(500)),
  _error: fc.constantFrom(undefined, null, "net::ERR_FAILED"),
  headers: fields,
  bodySize: sizes,
  content: fc.record({
    size: sizes,
    mimeType: types,
    text: texts,
    encoding: fc.constantFrom(undefined, "base64"),
  }),
});

const whole = fc
  .record({
    startedDateTime: moments,
    time: fc.constantFrom(0, 12.5, -1, undefined, null, 86_400_000),
    request: requests,
    response: responses,
    timings: fc.constantFrom(undefined, {}, { wait: 5, receive: -1, send: "1" }),
    pageref: fc.string({ maxLength: 5 }),
  })
  .map((entry) => JSON.parse(JSON.stringify(entry)) as Whole);

type Members = { readonly [name: string]: unknown };
type Whole = Members & { readonly request: Members; readonly response: Members };

const planting = fc
  .tuple(whole, plants, fc.boolean())
  .map(([entry, plant, packed]) => planted(entry, plant, packed));

/** Of what is cut off only an answer says so. */
function planted(entry: Whole, plant: Plant, packed: boolean): Whole {
  const { headers, target = "/", text, truncated, message } = plant;
  const side = truncated === true ? "response" : plant.side;
  const content = {
    size: truncated === true ? 100_000 : 0,
    mimeType: "text/plain",
    text: packed ? Buffer.from(text ?? "").toString("base64") : text,
    ...(packed && { encoding: "base64" }),
  };
  const { postData: _, ...request } = entry.request;
  const more = { headers: headers.map(([name, value]) => ({ name, value })) };
  const body = side === "request" ? { postData: content } : { content };
  return {
    ...entry,
    request: {
      ...request,
      url: `https://shop.example${target}`,
      headers: [],
      ...(side === "request" && { ...more, ...body }),
    },
    response: {
      ...entry.response,
      headers: [],
      content: {},
      ...(side === "response" && { ...more, ...body }),
      ...(message !== undefined && { status: 0, _error: message }),
    },
  };
}

/** In one place as no entry is. */
const faults: readonly Members[] = [
  { startedDateTime: "once" },
  { startedDateTime: 7 },
  { startedDateTime: "1969-12-31T00:00:00Z" },
  { startedDateTime: "2019-01-01T00:00:00Z" },
  { startedDateTime: "2027-01-01T00:00:00Z" },
  { startedDateTime: "+275760-09-13T00:00:00.000Z" },
  { time: 1e308 },
  { request: null },
  { request: { method: "GET", url: "data:image/gif;base64,AA==" } },
  { request: { method: "GET", url: "/relative" } },
  { request: { method: "", url: "https://shop.example/" } },
  { request: { method: "G ET", url: "https://shop.example/" } },
  { request: { method: "GET", url: `https://${"h".repeat(400)}/` } },
  { request: { method: "GET", url: `javascript${":a".repeat(50)}` } },
  { response: { status: 600 } },
  { response: { status: 200.5 } },
];

const entries: fc.Arbitrary<Entry> = fc.oneof(
  { weight: 4, arbitrary: whole.map((entry): Entry => ({ entry, meant: "taken" })) },
  { weight: 3, arbitrary: planting.map((entry): Entry => ({ entry, meant: "taken" })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(whole, fc.constantFrom(...faults))
      .map(([entry, fault]): Entry => ({ entry: { ...entry, ...fault }, meant: "refused" })),
  },
  { weight: 4, arbitrary: nearly(whole).map((entry): Entry => ({ entry, meant: "either" })) },
  { weight: 1, arbitrary: fc.constantFrom(...nasty).map((entry): Entry => ({ entry, meant: "refused" })) },
);

const buckets = fc.constantFrom("default", "shop");

const archives = fc
  .tuple(fc.array(entries, { maxLength: 6 }), buckets, fc.constantFrom("object", "text", "marked"))
  .map(([list, bucket, form]): Imported => {
    const json = JSON.stringify({
      log: {
        version: "1.2",
        creator: { name: "fuzz\u0000", version: "1" },
        entries: list.map(({ entry }) => entry),
      },
    });
    // What calls cannot have in any place is refused before it is looked at; of a text nothing was looked at.
    const isPlain = form === "object" && !/\\ud[89a-f]|__proto__|\[{60}/i.test(json);
    const har: unknown = isPlain ? JSON.parse(json) : form === "marked" ? `\ufeff${json}` : json;
    return { har, bucket, entries: list };
  });

/** Deeper than JSON is written with: in a text, since what is an object was looked through before. */
const nested = fc.constantFrom(1_000, 7_000, 100_000).map((levels): Imported => ({
  har: `{"log":{"entries":[{"startedDateTime":"2026-11-20T11:00:00Z","time":1,"response":{"status":200},
      "request":{"method":"GET","url":"https://deep.example/${levels}"},
      "cache":${"[".repeat(levels)}${"]".repeat(levels)}}]}}`,
  bucket: "default",
  entries: [{ entry: undefined, meant: "taken" }],
}));

const others = fc
  .oneof(
    nearly(fc.constant({ log: { version: "1.2", creator: { name: "fuzz", version: "1" }, entries: [] } })),
    fc.constantFrom<unknown>(
      ...nasty,
      "{",
      "[".repeat(100_000),
      `{"log":{"entries":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`,
      '{"__proto__":{"log":{"entries":[]}}}',
      { log: { entries: Array.from({ length: 5_001 }, () => 0) } },
    ),
  )
  .map((har): Imported => ({
    har: JSON.parse(JSON.stringify(har)) as unknown,
    bucket: "default",
    entries: undefined,
  }));

export const imports: fc.Arbitrary<Imported> = fc.oneof(
  { weight: 12, arbitrary: archives },
  { weight: 1, arbitrary: nested },
  { weight: 3, arbitrary: others },
);
