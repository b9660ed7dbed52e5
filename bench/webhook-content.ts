import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { Body, NewExchange } from "../src/kernel/exchange.ts";

const names = "ada grace alan edsger barbara donald tony leslie frances niklaus".split(" ");
const any = <T>(values: readonly T[]): T | undefined => values[randomInt(values.length)];
const token = (bytes: number) => randomBytes(bytes).toString("base64url");

/**
 * About 2.3 KB of headers and bodies in the manner of a payment provider's webhook, none like another: ids, tokens,
 * signatures, amounts, times and names are random, which is what a block cannot compress.
 */
export function webhookContent(at: number): Pick<NewExchange, "request" | "response"> {
  const amount = randomInt(100, 1_000_000);
  const person = `${any(names)}.${any(names)}${randomInt(9_999)}`;
  const charge = {
    id: `ch_${token(18)}`,
    object: "charge",
    amount,
    amount_captured: amount,
    balance_transaction: `txn_${token(18)}`,
    billing_details: {
      address: {
        city: any(["Lisbon", "Oslo", "Turin", "Ghent"]),
        line1: `${randomInt(400)} ${any(names)} street`,
      },
      email: `${person}@example.com`,
      name: person,
      phone: `+1555${randomInt(1_000_000, 9_999_999)}`,
    },
    captured: true,
    created: Math.floor(at / 1_000),
    currency: any(["eur", "usd", "gbp"]),
    customer: `cus_${token(10)}`,
    metadata: { order: String(randomInt(1e9)), campaign: any(names) },
    outcome: { network_status: "approved_by_network", risk_score: randomInt(100), type: "authorized" },
    payment_intent: `pi_${token(18)}`,
    payment_method_details: {
      card: {
        brand: any(["visa", "amex"]),
        exp_month: randomInt(1, 13),
        fingerprint: token(12),
        last4: randomInt(9_999),
      },
      type: "card",
    },
    receipt_url: `https://pay.example/receipts/${token(45)}`,
    status: "succeeded",
  };
  const request = JSON.stringify({
    id: `evt_${token(18)}`,
    object: "event",
    api_version: "2024-06-20",
    created: charge.created,
    data: { object: charge },
    type: any(["charge.succeeded", "charge.updated", "charge.captured"]),
    request: { id: `req_${token(10)}`, idempotency_key: randomUUID() },
  });
  const response = JSON.stringify({
    received: true,
    order: {
      id: randomUUID(),
      number: randomInt(1e9),
      state: any(["paid", "pending", "review"]),
      lines: randomInt(9),
    },
    customer: { name: person, returning: true, since: new Date(at - randomInt(1e9)).toISOString() },
    handled_by: `worker-${randomInt(40)}`,
    timings: { parse_ms: randomInt(90) / 10, lookup_ms: randomInt(900) / 10, write_ms: randomInt(900) / 10 },
    next: {
      step: "fulfilment",
      at: new Date(at + randomInt(1e8)).toISOString(),
      queue: "orders-high-priority",
    },
  });
  return {
    request: { headers: requestHeaders(request, at), body: bodyOf(request) },
    response: { headers: responseHeaders(response, at), body: bodyOf(response) },
  };
}

function requestHeaders(body: string, at: number): readonly (readonly [string, string])[] {
  return [
    ["Host", "hooks.example.com"],
    ["User-Agent", "Payments/1.0 (+https://pay.example/docs/webhooks)"],
    ["Content-Length", String(body.length)],
    ["Accept", "*/*; q=0.5, application/xml"],
    ["Cache-Control", "no-cache"],
    ["Content-Type", "application/json; charset=utf-8"],
    ["Payments-Signature", `t=${Math.floor(at / 1_000)},v1=${randomBytes(32).toString("hex")}`],
    ["X-Forwarded-For", `${randomInt(256)}.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`],
    ["X-Forwarded-Proto", "https"],
    ["X-Request-Id", randomUUID()],
    ["Accept-Encoding", "gzip"],
  ];
}

function responseHeaders(body: string, at: number): readonly (readonly [string, string])[] {
  return [
    ["Date", new Date(at).toUTCString()],
    ["Content-Type", "application/json"],
    ["Content-Length", String(body.length)],
    ["Server", "target"],
    ["X-Request-Id", randomUUID()],
    ["ETag", `W/"${token(8)}"`],
  ];
}

function bodyOf(text: string): Body {
  const bytes = Buffer.from(text);
  return { bytes, size: bytes.length, sha256: "", truncated: false };
}
