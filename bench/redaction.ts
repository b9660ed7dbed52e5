// What redacting a body of 1.9 KB costs, beside parsing and writing it, in turns in the same process.
import { randomBytes } from "node:crypto";
import { loadavg } from "node:os";
import { defaultRules } from "../capture/default-rules.ts";
import { type Redactor, redactor } from "../capture/redactor.ts";
import type { RedactionRule } from "../capture/wire.ts";

const rounds = 15;
const bodiesPerRound = 4_000;
/** Each body has values of its own, so that nothing is gained from having seen it before. */
const variants = 200;

const key = randomBytes(32);
const own: readonly RedactionRule[] = [
  "$.customer.address.line1",
  "$.items[*].sku",
  "$.payment.reference",
].map((field, n) => ({ id: `own-${n}`, category: "own", places: [], match: { field } }));
const pattern: RedactionRule = {
  id: "own-pattern",
  category: "own",
  places: [],
  match: { pattern: "SKU-\\d{5}|[A-Z]{2}\\d [0-9][A-Z]{2}" },
};

const plain = Array.from({ length: variants }, (_, n) => Buffer.from(JSON.stringify(order(n, {}))));
const secret = Array.from({ length: variants }, (_, n) =>
  Buffer.from(
    JSON.stringify(
      order(n, {
        password: `hunter${n}`,
        cardNumber: "4111111111111111",
        cvv: n,
        accessToken: `secret-${n}`,
        apiKey: [n],
      }),
    ),
  ),
);

const cases = [
  { name: "nothing to find", bodies: plain, run: by(redactor(defaultRules, key)) },
  { name: "5 secrets", bodies: secret, run: by(redactor(defaultRules, key)) },
  {
    name: "5 secrets, and 10 by 3 paths of one's own",
    bodies: secret,
    run: by(redactor([...defaultRules, ...own], key)),
  },
  {
    name: "5 secrets, and 9 by a pattern of one's own",
    bodies: secret,
    run: by(redactor([...defaultRules, pattern], key)),
  },
];

console.log(
  `redaction of bodies of ${plain[0]?.length} bytes, ${defaultRules.length} rules, ${rounds} rounds in turns (node ${process.version}, load average ${loadavg()[0]?.toFixed(1)})`,
);
for (const { name, bodies, run } of cases) {
  const [ours, parsed]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ours.push(timed(bodies, run));
    parsed.push(timed(bodies, parseAndWrite));
  }
  const ratio = median(ours.map((us, n) => us / (parsed[n] ?? us)));
  const megabytes = (bodies[0]?.length ?? 0) / median(ours);
  console.log(
    `  ${name}: ${median(ours).toFixed(1)} us a body, least ${Math.min(...ours).toFixed(1)}, ${megabytes.toFixed(0)} MB/s; parse and stringify ${median(parsed).toFixed(1)} us; ${ratio.toFixed(2)} times that (goal <= 1)`,
  );
}

/** Of a body, in us, from bytes to bytes. */
function timed(bodies: readonly Buffer[], run: (body: Buffer) => number): number {
  let sum = 0;
  const started = process.hrtime.bigint();
  for (let n = 0; n < bodiesPerRound; n++) sum += run(bodies[n % variants] ?? Buffer.alloc(0));
  const took = Number(process.hrtime.bigint() - started) / 1_000;
  if (sum === 0) throw new Error("Nothing was done.");
  return took / bodiesPerRound;
}

function by(rules: Redactor): (body: Buffer) => number {
  return (body) => rules.body("request", body, "application/json").length;
}

function parseAndWrite(body: Buffer): number {
  return Buffer.from(JSON.stringify(JSON.parse(body.toString()))).length;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

function order(n: number, payment: Readonly<Record<string, unknown>>): unknown {
  return {
    id: `ord_8f3Ka9xT2${n}`,
    createdAt: "2026-11-20T05:59:58.123Z",
    customer: {
      id: `0190c1e2-7b7a-7cc3-98c4-dc0c0c07${1_000 + n}`,
      name: "Ada Lovelace",
      email: `ada${n}@example.com`,
      phone: "+44 20 7946 0958",
      address: { line1: "12 Baker Street", city: "London", postcode: "NW1 6XE", country: "GB" },
    },
    items: Array.from({ length: 8 }, (_, i) => ({
      sku: `SKU-${10_000 + i}`,
      title: `A fine thing number ${i}`,
      quantity: i + 1,
      price: { amount: 1_299 + i, currency: "GBP" },
      tags: ["new", "fragile"],
      url: `https://shop.example.com/things/${i}?ref=mail`,
    })),
    payment: { method: "card", reference: `ref ${n}`, ...payment },
    notes: "Please leave the parcel with the neighbour at number 14, thanks.",
    flags: { gift: true, express: false },
    total: 10_432,
  };
}
