import { randomBytes } from "node:crypto";

type Entry = Readonly<Record<string, unknown>>;

const at = (ms: number): string => new Date(ms).toISOString();

/** As the network panel of Chromium writes one. */
function entry(startedAt: number, n: number, response: object, more: Entry = {}): Entry {
  const url = `https://shop.example.com/items/${n}?page=2`;
  return {
    _initiator: {
      type: "script",
      stack: { callFrames: [{ url, lineNumber: n }], parent: { callFrames: [] } },
    },
    startedDateTime: at(startedAt),
    time: 12.5 + n,
    request: {
      method: "GET",
      url,
      headers: [
        { name: ":method", value: "GET" },
        { name: "Accept", value: "*/*" },
      ],
      cookies: [{ name: "session", value: "x".repeat(100) }],
      queryString: [{ name: "page", value: "2" }],
      bodySize: 0,
      ...more,
    },
    response: {
      status: 200,
      headers: [{ name: "content-type", value: "application/json" }],
      cookies: [],
      bodySize: -1,
      ...response,
    },
    cache: {},
    timings: { blocked: -1, send: 1, wait: 2, receive: 3 },
  };
}

const text = (length: number): string => JSON.stringify({ "a\\b": `"${"é".repeat(length / 2)}"` });
const content = (body: string, size = Buffer.byteLength(body)): object => ({
  content: { size, mimeType: "application/json", text: body },
});

/**
 * An archive of some 20 MiB, of the last minutes before `now`: what a page of a shop loads in a long visit. `entries` is how many
 * there are, `refused` how many of them can be no request.
 */
export function largeArchive(now: number): {
  readonly text: string;
  readonly entries: number;
  readonly refused: number;
} {
  const begun = now - 600_000;
  const same = entry(begun, 0, content(text(200)));
  const image = randomBytes(150_000).toString("base64");
  const plain = Array.from({ length: 1_400 }, (_, n) =>
    entry(begun + 10 * n, n, content(text(n % 50 === 0 ? 80_000 : 1_500))),
  );
  const images = Array.from({ length: 20 }, (_, n) =>
    entry(begun + n, 10_000 + n, {
      content: { size: 150_000, mimeType: "image/png", encoding: "base64", text: image },
    }),
  );
  const odd = [
    entry(begun, 1, content(text(6_000_000), 1_000)),
    entry(begun, 2, content("{}"), {
      method: "POST",
      postData: { mimeType: "application/json", text: text(5_000_000) },
    }),
    entry(begun, 3, { status: 0, statusText: "", _error: "net::ERR_ABORTED" }),
    entry(begun, 4, content("{}"), { url: "wss://shop.example.com/live" }),
    entry(begun, 5, content("{}"), { url: `https://shop.example.com/${"a%20".repeat(5_000)}` }),
    entry(begun, 6, content("{}"), { headers: [{ name: "half", value: "\ud83d" }] }),
  ];
  const refused = [
    entry(begun, 7, content("{}"), { url: `data:image/png;base64,${image}` }),
    { ...entry(begun, 8, content("{}")), startedDateTime: "soon" },
    { ...entry(begun, 9, content("{}")), startedDateTime: at(begun - 400 * 86_400_000) },
    entry(begun, 10, { status: 700 }),
  ];
  // Those that are the same to the letter lie far apart.
  const entries = [
    same,
    ...odd.slice(0, 3),
    ...plain.slice(0, 700),
    ...refused.slice(0, 2),
    same,
    ...images,
    ...plain.slice(700),
    ...odd.slice(3),
    ...refused.slice(2),
    same,
  ];
  const har = {
    log: { version: "1.2", creator: { name: "WebInspector", version: "537.36" }, pages: [], entries },
  };
  return { text: JSON.stringify(har, null, 1), entries: entries.length, refused: refused.length };
}
