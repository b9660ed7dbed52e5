import { sign as signForGithub } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";

export type Request = { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer };

/** A provider of webhooks as it is in life, but for its secret: it signs with the package that it publishes. */
export type Sender = {
  /** What Sluice calls it. */
  readonly provider: string;
  /** What the endpoint of the demo is called. */
  readonly name: string;
  readonly path: string;
  /** Obviously fake. */
  readonly secret: string;
  /** The event as the provider writes it: its bytes are what must arrive. */
  readonly text: string;
  sign(text: string): Promise<Readonly<Record<string, string>>>;
};

// Spaces, a trailing zero and letters beyond ASCII: what a JSON parser in between would not leave as they are.
const charge = `{
  "id": "evt_1DemoNotReal", "object": "event", "type": "charge.succeeded",
  "data": { "object": { "amount": 4990, "rate": 1.10, "description": "Zoë's café ☕" } }
}`;
const push = `{"ref":"refs/heads/main","repository":{"full_name":"octo-org/example"},"forced":false}`;
const invoice = `{"type": "invoice.paid", "data": {"number": "R-0042", "amount_minor": 129900}}`;

const stripeSecret = "whsec_demo_only_not_a_secret";
const githubSecret = "demo only, not a secret";
const billingSecret = `whsec_${Buffer.from("demo only, not a real secret").toString("base64")}`;

export const stripe: Sender = {
  provider: "stripe",
  name: "Stripe",
  path: "/stripe",
  secret: stripeSecret,
  text: charge,
  async sign(payload) {
    const { webhooks } = new Stripe("sk_test_demo_only_not_a_key");
    return { "stripe-signature": webhooks.generateTestHeaderString({ payload, secret: stripeSecret }) };
  },
};

export const github: Sender = {
  provider: "github",
  name: "GitHub",
  path: "/github",
  secret: githubSecret,
  text: push,
  sign: async (text) => ({
    "x-github-event": "push",
    "x-github-delivery": crypto.randomUUID(),
    "x-hub-signature-256": await signForGithub(githubSecret, text),
  }),
};

export const billing: Sender = {
  provider: "standard-webhooks",
  name: "Billing",
  path: "/billing",
  secret: billingSecret,
  text: invoice,
  async sign(text) {
    const at = new Date();
    const id = `msg_${crypto.randomUUID()}`;
    return {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(billingSecret).sign(id, at, text),
    };
  },
};

export async function signed({ text, sign }: Sender): Promise<Request> {
  const headers = { "content-type": "application/json; charset=utf-8", ...(await sign(text)) };
  return { headers, body: Buffer.from(text) };
}

/** The same request with one bit of its body changed on the way. */
export function tampered({ headers, body }: Request): Request {
  const changed = Buffer.from(body);
  const at = Math.floor(changed.length / 2);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return { headers, body: changed };
}

export async function post(url: string, request: Request): Promise<{ status: number; text: string }> {
  const answer = await fetch(url, {
    method: "POST",
    headers: request.headers,
    body: new Uint8Array(request.body),
  });
  return { status: answer.status, text: await answer.text() };
}
