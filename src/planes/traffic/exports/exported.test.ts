import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { bringIn } from "../../../../test/captured.ts";
import {
  openRunningWorld,
  openTarget,
  type RunningWorld,
  type Target,
} from "../../../../test/running-world.ts";
import { sampleExchange } from "../../../engines/traffic/samples.ts";
import type { Body, Exchange, Headers, NewExchange } from "../../../kernel/exchange.ts";
import { getLogDetail } from "../../webhooks/operations/get-log-detail.ts";
import { getRequestDetail } from "../operations/get-request-detail.ts";
import { searchRequests } from "../operations/search-requests.ts";
import { exported, formats } from "./exported.ts";

function bodyOf(content: string | Uint8Array, size?: number): Body {
  const bytes = Buffer.from(content);
  return { bytes, size: size ?? bytes.length, sha256: hash("sha256", bytes), truncated: size !== undefined };
}

function exchangeOf(change: Partial<NewExchange>): Exchange {
  return { ...sampleExchange(change), number: 1 };
}

type Archive = {
  readonly log: {
    readonly entries: readonly [
      {
        readonly request: {
          readonly url: string;
          readonly queryString: readonly { readonly name: string; readonly value: string }[];
          readonly postData: { readonly text: string; readonly encoding?: string; readonly comment?: string };
        };
        readonly response: { readonly content: { readonly text: string; readonly encoding?: string } };
      },
    ];
  };
};

function entryOf(har: string): Archive["log"]["entries"][0] {
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the form that is looked at is what is tested
  return (JSON.parse(har) as Archive).log.entries[0];
}

describe("who uses an export sends what was captured", () => {
  let target: Target;
  before(async () => {
    target = await openTarget();
  });
  after(() => target.close());

  /** Its exit code is 0, or what it said fails the test. */
  async function run(
    program: string,
    args: readonly string[],
    script: string,
    variables: object,
  ): Promise<void> {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(program, args, { env: { ...env, ...variables } });
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    child.stdin.end(script);
    const [code] = (await once(child, "exit")) as [number | null];
    assert.equal(code, 0, (await said).join("\n"));
  }

  type Case = Pick<NewExchange, "method" | "path"> & {
    readonly name: string;
    readonly headers: Headers;
    readonly body: string | Uint8Array | null;
    readonly variables: Readonly<Record<string, string>>;
  };

  const plain = { method: "POST", path: "/a", headers: [], body: null, variables: {} };
  const cases: readonly Case[] = [
    {
      ...plain,
      name: "nothing but a path",
      method: "GET",
      path: "/a?x=1?y=2&list[0]={a}",
      headers: [["X-Empty", ""]],
    },
    {
      ...plain,
      name: "text that shells and code read otherwise",
      body: 'it\'s `$HOME` ${x} \\ "q"\r\n\tgrüße\n',
    },
    { ...plain, name: "text with a zero byte", body: "a\0b" },
    { ...plain, name: "text of 200,000 bytes", body: "0123456789".repeat(20_000) },
    {
      ...plain,
      name: "50,000 bytes that are no text",
      body: Buffer.from(Array.from({ length: 50_000 }, (_, n) => n % 256)),
    },
    {
      ...plain,
      name: "values that were redacted, by variables",
      path: "/a?api_key=fake-key",
      headers: [
        ["Content-Type", "application/json"],
        ["X-Again", "key=fake; api_key=fake-key"],
      ],
      body: `{"password":"fake $'x'","again":{"apiKey":"fake-key"}}`,
      variables: { REDACTED_KEY_1: "fake-key", REDACTED_PASSWORD_2: "fake $'x'" },
    },
  ];

  for (const { name, method, path, headers, body, variables } of cases) {
    const given = { method, path, request: { headers, body: body === null ? null : bodyOf(body) } };

    async function reachedBy(as: "curl" | "test"): Promise<void> {
      const { origin, host } = new URL(target.url);
      const written = exported(exchangeOf({ ...given, host }), as);
      for (const value of Object.values(variables)) assert.ok(!written.includes(value), written);
      await (as === "curl"
        ? run("sh", ["-s"], written, variables)
        : run(process.execPath, ["--input-type=module", "-"], written, { ...variables, BASE_URL: origin }));
      const reached = target.reached.at(-1);
      assert.ok(reached);
      assert.equal(reached.method, method);
      assert.equal(decodeURI(reached.url), path);
      for (const [header, value] of headers) assert.equal(reached.header(header.toLowerCase()), value);
      assert.deepEqual(reached.body, Buffer.from(body ?? ""));
    }

    test(`as a command: ${name}`, () => reachedBy("curl"));
    test(`as a test: ${name}`, () => reachedBy("test"));
  }
});

test("an archive has the whole body, base64 of one that is no text", () => {
  const bytes = Buffer.from([0, 255, 1, 254]);
  const long = "x".repeat(50_000);
  const { request, response } = entryOf(
    exported(
      exchangeOf({
        path: "/a?x=1?y=2",
        request: { headers: [], body: bodyOf(bytes) },
        response: { headers: [], body: bodyOf(long) },
      }),
      "har",
    ),
  );
  assert.deepEqual(request.queryString, [{ name: "x", value: "1?y=2" }]);
  assert.deepEqual(request.postData, { mimeType: "", text: bytes.toString("base64"), encoding: "base64" });
  assert.deepEqual(response.content, { size: 50_000, mimeType: "", text: long });
});

test("a body whose end is missing says so in every form", () => {
  const mebibyte = 1024 * 1024;
  const stored = bodyOf("grüß".slice(0, 3), 70_000);
  const given = [
    { body: { ...stored, bytes: stored.bytes.subarray(0, 3) }, size: 70_000 },
    { body: bodyOf("x".repeat(mebibyte + 1)), size: mebibyte + 1 },
  ];
  for (const { body, size } of given) {
    const exchange = exchangeOf({ request: { headers: [], body } });
    const note = `The body had ${size} bytes: its end is missing here.`;
    assert.equal(exported(exchange, "curl").split("\n")[0], `# ${note}`);
    assert.equal(exported(exchange, "test").split("\n")[0], `// ${note}`);
    const { postData } = entryOf(exported(exchange, "har")).request;
    assert.equal(postData.comment, note);
    assert.ok(postData.text.length <= mebibyte);
    assert.equal(postData.encoding, undefined, "a character that is cut in two makes it no less a text");
  }
});

test("credentials that were never stored are a variable each: nobody knows whether they were the same", () => {
  const headers = [
    ["Authorization", "[redacted]"],
    ["X-Api-Key", "[redacted]"],
    ["Api-Key", "[redacted]"],
    ["X-Shop", "[redacted]"],
    ["X-Shop-Again", "[redacted]"],
  ] as const;
  const command = exported(exchangeOf({ request: { headers, body: null } }), "curl");
  assert.match(
    command,
    /^# Set REDACTED_AUTHORIZATION_1, REDACTED_KEY_2, REDACTED_KEY_3, REDACTED_SECRET_4, REDACTED_SECRET_5 first/,
  );
});

test("a captured body is sent as it was before it was compressed, a carried one as it came", () => {
  const request = { headers: [["Content-Encoding", "gzip"]] as const, body: bodyOf("plain") };
  assert.doesNotMatch(exported(exchangeOf({ plane: "traffic", request }), "curl"), /gzip/);
  assert.match(exported(exchangeOf({ plane: "webhooks", request }), "curl"), /-H 'Content-Encoding: gzip'/);
});

describe("what readers see", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  const secrets = Array.from({ length: 12 }, (_, n) => `fake5ecret${String(n).padStart(2, "0")}`);
  const [inKey, inAccess, inToken, inSig, inSignature, inHeader, inCustom, a, b, c, d, e] = secrets;
  const boundary = "----fake-boundary";
  const bodies = [
    {
      type: "application/json",
      body: `{"password":"${a}","nested":{"api_key":"${b}","token":"${c}"},"text":"secret=${d}","pin":["${e}"]}`,
    },
    {
      type: "application/x-www-form-urlencoded",
      body: `client_secret=${a}&user%5Bpassword%5D=${b}&token=${c}&payload=%7B%22pin%22%3A%22${d}%22%7D&otp=${e}`,
    },
    {
      type: "text/plain",
      body: `login: password=${a} token: ${b}\napi_key="${c}" secret=${d} auth_token=${e}`,
    },
    {
      type: `multipart/form-data; boundary=${boundary}`,
      body: Buffer.concat([
        Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="password"\r\n\r\n${a}\r\n`),
        Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="file"\r\n\r\n`),
        Buffer.from([0, 255, 254, 13, 10]),
        Buffer.from(`--${boundary}--\r\n`),
      ]),
    },
  ];

  for (const { type, body } of bodies)
    test(`a webhook's secrets are shown and exported nowhere: ${type.split(";")[0]}`, async () => {
      const workspace = await world.newWorkspace();
      const orders = await world.endpointIn(workspace);
      world.target.answer(() => ({
        status: 200,
        headers: { "x-auth-token": String(a) },
        body: `{"token":"${b}"}`,
      }));
      const { id } = await world.arrive(orders, {
        headers: [
          ["Content-Type", type],
          ["Authorization", `Bearer ${inHeader}`],
          ["X-Hook-Secret", String(inCustom)],
          ["X-Hub-Signature-256", "sha256=0f1e2d3c4b5a69788796a5b4c3d2e1f0"],
        ],
        query: `?api_key=${inKey}&access_token=${inAccess}&token=${inToken}&sig=${inSig}&signature=${inSignature}&page=7`,
        body,
      });
      await world.endingOf(workspace, id);
      const seen = [
        await world.call(workspace, getLogDetail, { logId: id }),
        await world.call(workspace, searchRequests, { plane: "webhooks" }),
        ...(await Promise.all(
          formats.map((as) => world.call(workspace, getRequestDetail, { requestId: id, as })),
        )),
      ];
      for (const answer of seen) {
        const said = JSON.stringify(answer);
        const decoded = said.replaceAll(/[A-Za-z0-9+/=]{40,}/g, (it) => Buffer.from(it, "base64").toString());
        for (const secret of secrets)
          assert.ok(!said.includes(secret) && !decoded.includes(secret), `${secret} is in ${said}`);
        assert.match(said, /page=7/);
      }
      for (const answer of seen.slice(2)) assert.match(JSON.stringify(answer), /0f1e2d3c4b5a6978/);
    });

  test("that two captured requests used the same key is seen, and each value has one variable", async () => {
    const workspace = await world.newWorkspace();
    const { ids } = await bringIn({ engines: world.engines, workspace }, [
      {
        method: "POST",
        target: "/a?access_token=fake-token",
        request: {
          headers: [["Content-Type", "application/json"]],
          text: '{"password":"fake-password","pin":"1111","secret":"fake-secret","refresh_token":"fake-token"}',
        },
      },
      { target: "/b?token=fake-token" },
    ]);
    const detail = async (requestId: string | undefined, as?: string) =>
      getRequestDetail.output.parse(await world.call(workspace, getRequestDetail, { requestId, as }))
        .untrusted;
    const [one, other] = [await detail(ids[0], "curl"), await detail(ids[1])];
    const token = /REDACTED-token-[0-9a-f]{12}$/.exec(one.path)?.[0] ?? "none";
    assert.equal(one.path, `/a?access_token=${token}`);
    assert.equal(other.path, `/b?token=${token}`);
    assert.match(
      one.request.body?.text ?? "",
      new RegExp(
        `^{"password":"REDACTED-password-.{12}","pin":"REDACTED-password-.{12}","secret":"REDACTED-secret-.{12}","refresh_token":"${token}"}$`,
      ),
    );
    assert.equal(one.request.body?.redacted, 4);
    assert.match(
      one.exported ?? "",
      /^# Set REDACTED_TOKEN_1, REDACTED_PASSWORD_2, REDACTED_PASSWORD_3, REDACTED_SECRET_4 first/,
    );
    const code = (await detail(ids[0], "test")).exported ?? "";
    assert.ok(code.includes(`test(\`POST /a?access_token=${token}\``), code);
    assert.ok(code.includes("fetch(base + `/a?access_token=${process.env.REDACTED_TOKEN_1}`"), code);
    const { request } = entryOf((await detail(ids[0], "har")).exported ?? "");
    assert.equal(request.url, `https://api.example.com/a?access_token=${token}`);
    assert.deepEqual(request.queryString, [{ name: "access_token", value: token }]);
  });
});
