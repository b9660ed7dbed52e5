import { z } from "zod";

/**
 * How a provider signs its requests, as data: a preset's or one that a user gives for a custom provider.
 * A new algorithm is one member here and one entry in the table of `verification.ts`.
 */

const headerName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, "Must be an HTTP header name.")
  .toLowerCase();

const delimiter = z.enum(["=", ",", ":", ";", " "]);

const place = z
  .strictObject({
    header: headerName.describe("The header it stands in."),
    field: z
      .string()
      .regex(/^[A-Za-z0-9_.-]{1,40}$/)
      .optional()
      .describe("The name in front of the value, such as `sha256` of `sha256=…` or `v1` of `t=…,v1=…`."),
    assign: delimiter.optional().describe("What stands between field and value; `=` unless given."),
    separator: delimiter.optional().describe("What stands between items when the header has several."),
  })
  .describe("Where a value stands in the request's headers.");

const keyed = {
  key: z.strictObject({
    encoding: z.enum(["utf8", "base64", "hex"]).describe("How the secret's text becomes the key's bytes."),
    prefix: z.string().min(1).max(20).optional().describe("Cut off first when present, such as `whsec_`."),
  }),
  signature: place.extend({ encoding: z.enum(["hex", "base64"]) }),
  timestamp: place
    .extend({
      unit: z.enum(["s", "ms", "iso"]),
      toleranceSeconds: z.int().min(1).max(86_400).optional().describe("Older than this is refused."),
      future: z
        .enum(["any", "tolerance"])
        .optional()
        .describe("`any`: times to come are not bounded by the tolerance."),
    })
    .optional(),
  id: place.optional(),
  signed: z
    .string()
    .max(200)
    .regex(
      /^(?:[\x20-\x7a|\x7e]|\{(?:id|timestamp|body|method|url)\})+$/,
      "Must be ASCII text with the placeholders {id}, {timestamp}, {body}, {method}, {url}.",
    )
    .describe("What is signed, such as `{timestamp}.{body}`."),
};

const hmac = z.strictObject({ algorithm: z.enum(["hmac-sha1", "hmac-sha256", "hmac-sha512"]), ...keyed });
const ed25519 = z.strictObject({ algorithm: z.literal("ed25519"), ...keyed });
const token = z.strictObject({ algorithm: z.literal("token"), token: place });

export const schemeSchema = z
  .discriminatedUnion("algorithm", [hmac, ed25519, token])
  .superRefine((scheme, context) => {
    for (const { path, message } of problemsOf(scheme)) {
      context.addIssue({ code: "custom", path: [path], message });
    }
  });

export type Place = Readonly<z.output<typeof place>>;
export type HmacScheme = Readonly<z.output<typeof hmac>>;
export type SignatureScheme = HmacScheme | Readonly<z.output<typeof ed25519>>;
export type TokenScheme = Readonly<z.output<typeof token>>;
export type Scheme = SignatureScheme | TokenScheme;
/** Schemes whose secret also makes the signature. */
export type SymmetricScheme = HmacScheme | TokenScheme;

export function isSymmetric(scheme: Scheme): scheme is SymmetricScheme {
  return scheme.algorithm !== "ed25519";
}

function problemsOf(scheme: Scheme): readonly { readonly path: string; readonly message: string }[] {
  if (scheme.algorithm === "token") return [];
  const problems: { path: string; message: string }[] = [];
  if (scheme.signed.split("{body}").length !== 2) {
    problems.push({ path: "signed", message: "Must contain {body} once: else the body could be exchanged." });
  }
  for (const name of ["id", "timestamp"] as const) {
    const used = scheme.signed.includes(`{${name}}`);
    if (used && scheme[name] === undefined) {
      problems.push({ path: name, message: `Must say where {${name}} of \`signed\` stands.` });
    }
    if (!used && scheme[name] !== undefined) {
      problems.push({
        path: "signed",
        message: `Must contain {${name}}: unsigned, anybody could change it.`,
      });
    }
  }
  return problems;
}

/**
 * The symmetric scheme of the Standard Webhooks specification (https://www.standardwebhooks.com), with the
 * three headers under `prefix`: `webhook` in the specification, `svix` at Svix, `sluice` for what we send.
 */
export function standardWebhooks(prefix: string): HmacScheme {
  return {
    algorithm: "hmac-sha256",
    key: { encoding: "base64", prefix: "whsec_" },
    signature: {
      header: `${prefix}-signature`,
      field: "v1",
      assign: ",",
      separator: " ",
      encoding: "base64",
    },
    timestamp: { header: `${prefix}-timestamp`, unit: "s", toleranceSeconds: 300 },
    id: { header: `${prefix}-id` },
    signed: "{id}.{timestamp}.{body}",
  };
}

/** The scheme in one or two sentences, for guides. */
export function describeScheme(scheme: Scheme): string {
  if (scheme.algorithm === "token") {
    return `The secret itself is compared with ${standing(scheme.token)}; nothing is signed, so it does not protect the body.`;
  }
  const { key, signature, timestamp } = scheme;
  const cut = key.prefix === undefined ? "" : ` after the prefix \`${key.prefix}\``;
  const age =
    timestamp?.toleranceSeconds === undefined
      ? "The age of a request is not limited."
      : `On arrival, ${standing(timestamp)} may be ${timestamp.toleranceSeconds} s old${timestamp.future !== "any" ? " or ahead" : ""} at most.`;
  return `${scheme.algorithm} over \`${scheme.signed}\` (raw bytes), ${signature.encoding}, in ${standing(signature)}. The key is the secret${cut} as ${key.encoding}. ${age}`;
}

function standing({ header, field, assign = "=" }: Place): string {
  return `the header \`${header}\`${field === undefined ? "" : `, item \`${field}${assign}…\``}`;
}
