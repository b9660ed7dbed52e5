import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Failure } from "../../src/kernel/failure.ts";
import { request as httpRequest } from "node:http";
import { authenticate, keys, serveSample, type Sample } from "./mcp-sample.ts";
import { ask, bearer, envelope, modernHeaders, sender } from "./mcp-wire.ts";

let sample: Sample;
before(async () => {
  sample = await serveSample();
});
after(() => sample.close());

const send = sender(() => sample.url);

describe("the address", () => {
  test("answers one JSON response whatever Accept says, without any handshake", async () => {
    const accepts = [
      "*/*",
      "application/json",
      "text/event-stream",
      "application/json, text/event-stream",
      "text/html",
    ];
    for (const accept of accepts) {
      const told = await send(ask("tools/list"), { accept });
      assert.equal(told.status, 200, accept);
      assert.equal(told.headers.get("content-type"), "application/json");
      assert.equal(told.json.result.tools.length, 6);
    }
  });

  test("takes JSON whatever Content-Type says", async () => {
    for (const type of ["application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded"])
      assert.equal((await send(ask("ping"), { "content-type": type })).status, 200, type);
  });

  test("is not there for any method when it is turned off, not even for a valid key", async () => {
    const off = await serveSample({ enabled: false });
    for (const method of ["POST", "GET", "DELETE", "PUT", "OPTIONS"]) {
      const response = await fetch(off.url, { method, headers: bearer });
      assert.equal(response.status, 404, method);
    }
    await off.close();
  });

  test("answers other methods than POST by 405 and says which is allowed", async () => {
    for (const method of ["GET", "DELETE", "PUT", "PATCH", "OPTIONS"]) {
      const response = await fetch(sample.url, { method, headers: bearer });
      assert.equal(response.status, 405, method);
      assert.equal(response.headers.get("allow"), "POST");
      const { error } = (await response.json()) as { error: { message: string } };
      assert.match(error.message, new RegExp(`${method} .*POST`));
    }
  });

  test("refuses whoever has no valid key by 401, before reading what they ask", async () => {
    for (const authorization of ["", "Bearer wrong", "Basic abc"]) {
      const told = await send("not JSON", { authorization });
      assert.equal(told.status, 401, authorization);
      assert.equal(told.headers.get("www-authenticate"), "Bearer");
      assert.equal(told.json.jsonrpc, "2.0");
      assert.equal(told.json.id, null);
      assert.match(told.json.error.message, /key/);
      assert.match(told.json.error.data.hint, /Bearer/);
    }
  });

  test("passes on by status and Retry-After when authentication itself is refused", async () => {
    const busy = await serveSample({
      authenticate: () =>
        Promise.reject(new Failure("limited", "Too many keys tried.", { retryAfterMs: 1_500 })),
    });
    const told = await sender(() => busy.url)(ask("ping"));
    assert.equal(told.status, 429);
    assert.equal(told.headers.get("retry-after"), "2");
    await busy.close();
  });

  test("hides an unexpected error of authentication behind an id that is in the log", async () => {
    const broken = await serveSample({ authenticate: () => Promise.reject(new Error("secret detail")) });
    const told = await sender(() => broken.url)(ask("ping"));
    assert.equal(told.status, 500);
    assert.doesNotMatch(told.text, /secret detail/);
    const { requestId } = told.json.error.data as { requestId: string };
    assert.ok(broken.log.some((line) => line.includes(requestId) && line.includes("secret detail")));
    await broken.close();
  });

  test("refuses pages of other sites, and lets in its own and those of the same machine", async () => {
    const verdicts = {
      "https://evil.example": 403,
      null: 403,
      "https://sluice.example.evil.example": 403,
      "https://sluice.example": 200,
      "http://localhost:6274": 200,
      "http://127.0.0.1:3000": 200,
    };
    for (const [origin, status] of Object.entries(verdicts))
      assert.equal((await send(ask("ping"), { origin })).status, status, origin);
  });
});

describe("a name that is not this server's", () => {
  const statusFor = (host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { ...bearer, host };
      const request = httpRequest(sample.url, { method: "POST", headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      request.on("error", reject);
      request.end(JSON.stringify(ask("ping")));
    });

  test("is refused by 403, since a page may have had it point here", async () => {
    const { host } = sample.url;
    for (const [name, status] of [
      [host, 200],
      ["localhost:9", 200],
      ["[::1]:9", 200],
      ["192.0.2.7", 200],
      ["sluice.example", 200],
      ["SLUICE.example:8443", 200],
      ["evil.example", 403],
      ["sluice.example.evil.example", 403],
      ["localhost.evil.example", 403],
      ["127.0.0.1.evil.example", 403],
    ] as const)
      assert.equal(await statusFor(name), status, name);
  });
});

describe("how to sign in", () => {
  const signIn = (kind: "token" | "key"): Promise<Sample> =>
    serveSample({
      authenticate: () =>
        Promise.reject(new Failure("unauthenticated", "No.", kind === "token" ? { signIn: true } : {})),
    });
  const metadata = 'resource_metadata="https://sluice.example/.well-known/oauth-protected-resource/api/mcp"';

  test("is told to clients that can, and not to one with a mistyped key", async () => {
    const token = await signIn("token");
    const challenge = async (request: RequestInit): Promise<string | null> =>
      (await fetch(token.url, { method: "POST", ...request })).headers.get("www-authenticate");
    assert.equal(await challenge({}), `Bearer ${metadata}`);
    assert.equal(await challenge({ headers: bearer }), `Bearer error="invalid_token", ${metadata}`);
    await token.close();
    const key = await signIn("key");
    const plain = await fetch(key.url, { method: "POST", headers: bearer });
    assert.equal(plain.headers.get("www-authenticate"), "Bearer");
    await key.close();
  });

  test("with more scopes is told by 403 to who signed in, however the call was made", async () => {
    const signedIn = await serveSample({
      authenticate: async (credentials) => ({
        ...(await authenticate({ authorization: `Bearer ${keys.reader}` })),
        credential: { kind: "oauth", id: String(credentials.authorization) },
      }),
    });
    const ask403 = sender(() => signedIn.url);
    const call = { name: "create_note", arguments: { text: "a" } };
    const modern = { ...call, _meta: envelope };
    for (const told of [
      await ask403(ask("tools/call", call)),
      await ask403(ask("tools/call", modern), modernHeaders("tools/call", "create_note")),
      await ask403(ask("tools/call", modern), modernHeaders("tools/call", "=?base64?Y3JlYXRlX25vdGU=?=")),
    ]) {
      assert.equal(told.status, 403);
      assert.equal(
        told.headers.get("www-authenticate"),
        `Bearer error="insufficient_scope", scope="notes:write", ${metadata}`,
      );
    }
    await signedIn.close();
  });
});

describe("a body", () => {
  test("that is no JSON is answered by -32700 with the position", async () => {
    for (const [body, position] of [
      ["{", 1],
      ['{"jsonrpc":"2.0","id":1,"method":nope}', 33],
      ["", 0],
      ["[1,]", 3],
    ] as const) {
      const told = await send(body);
      assert.equal(told.status, 400);
      assert.equal(told.json.error.code, -32700);
      assert.match(told.json.error.message, new RegExp(`position ${position}\\b`), body);
    }
  });

  test("that is no UTF-8 is answered by -32700", async () => {
    const told = await send(Buffer.from([0x22, 0xff, 0xfe, 0x22]));
    assert.equal(told.json.error.code, -32700);
    assert.match(told.json.error.message, /UTF-8/);
  });

  test("that is a batch is refused, also with one element or none", async () => {
    for (const batch of [[], [ask("ping")], [ask("ping"), ask("ping", {}, 2)]]) {
      const told = await send(batch);
      assert.equal(told.status, 400);
      assert.equal(told.json.error.code, -32600);
      assert.match(told.json.error.message, /Batches are not served here/);
    }
  });

  test("that is JSON but no request is refused with the place that is wrong", async () => {
    const wrong: [object, string][] = [
      [{ id: 1, method: "ping" }, "/jsonrpc"],
      [{ jsonrpc: "2.0", id: 1, method: 7 }, "/method"],
      [{ jsonrpc: "2.0", id: null, method: "ping" }, "/id"],
      [{ jsonrpc: "2.0", id: 1.5, method: "ping" }, "/id"],
      [{ jsonrpc: "2.0", id: 1, method: "ping", params: [] }, "/params"],
    ];
    for (const [body, field] of wrong) {
      const told = await send(body);
      assert.equal(told.status, 400);
      assert.equal(told.json.error.code, -32600);
      assert.equal(told.json.error.data.field, field);
    }
  });

  test("that answers a question nobody asked is refused", async () => {
    const told = await send({ jsonrpc: "2.0", id: 1, result: {} });
    assert.equal(told.status, 400);
    assert.match(told.json.error.message, /asks nothing/);
  });

  test("of more than 4 MiB is refused by 413, and one just below is read", async () => {
    const fill = (bytes: number): string => {
      const empty = JSON.stringify(ask("ping", { fill: "" }));
      return empty.replace('""', `"${"x".repeat(bytes - empty.length)}"`);
    };
    const large = await send(fill(4 * 1024 * 1024 + 1));
    assert.equal(large.status, 413);
    assert.match(large.json.error.message, /4194304 bytes/);
    assert.equal((await send(fill(4 * 1024 * 1024))).status, 200);
  });
});
