import assert from "node:assert/strict";
import { test } from "node:test";
import { bypassNames, bypassUrls, publicUrls } from "./bypass-cases.ts";
import { post } from "./conformance-world.ts";
import type { OpenOutbound } from "./conformance-world.ts";
import { faultTarget } from "./fault-target.ts";
import { ownListeners } from "./own-listeners.ts";

function names(
  table: Readonly<Record<string, readonly (readonly string[])[]>>,
): (name: string) => Promise<readonly string[]> {
  const asked = new Map<string, number>();
  return (name) => {
    const lists = table[name];
    if (lists === undefined)
      return Promise.reject(Object.assign(new Error(`ENOTFOUND ${name}`), { code: "ENOTFOUND" }));
    const turn = asked.get(name) ?? 0;
    asked.set(name, turn + 1);
    return Promise.resolve(lists[Math.min(turn, lists.length - 1)] ?? []);
  };
}

/** What the guard refuses and lets pass, in `check`, `resolve` and on every connect. */
export function guardConformance(name: string, open: OpenOutbound): void {
  ownListenerConformance(name, open);

  test(`${name}: every known way around the guard is refused by check, resolve and send`, async (t) => {
    const outbound = open(t, { lookup: () => Promise.resolve(["127.0.0.1"]) });
    for (const url of bypassUrls) {
      const refusal = outbound.check(url);
      assert.ok(refusal, `check let ${url} through`);
      assert.ok(refusal.message.length > 10 && refusal.hint.length > 10, url);
      assert.deepEqual(await outbound.resolve(url), refusal, `resolve let ${url} through`);
      const outcome = await outbound.send(post(url));
      assert.equal(outcome.kind, "refused", `send let ${url} through`);
      assert.deepEqual(outcome.refusal, refusal);
    }
  });

  test(`${name}: public destinations pass the guard`, async (t) => {
    const outbound = open(t, { lookup: () => Promise.resolve(["93.184.216.34", "2606:4700::1111"]) });
    for (const url of publicUrls) {
      assert.equal(outbound.check(url), undefined, url);
      assert.equal(await outbound.resolve(url), undefined, url);
    }
  });

  test(`${name}: one address of a name that may not be reached refuses the name`, async (t) => {
    const outbound = open(t, { lookup: names(bypassNames) });
    for (const host of Object.keys(bypassNames)) {
      assert.equal(outbound.check(`http://${host}/`), undefined, `${host} resolves before it is judged`);
      const refusal = await outbound.resolve(`http://${host}/`);
      assert.equal(refusal?.reason, "address", host);
      const outcome = await outbound.send(post(`http://${host}/`));
      assert.deepEqual(outcome.kind === "refused" && outcome.refusal, refusal, host);
    }
  });

  test(`${name}: a name that turns to a private address after it was resolved is refused at the connect`, async (t) => {
    const lookup = names({ "rebind.fake-dns.com": [["93.184.216.34"], ["127.0.0.1"]] });
    const outbound = open(t, { lookup });
    assert.equal(await outbound.resolve("http://rebind.fake-dns.com/"), undefined);
    const outcome = await outbound.send(post("http://rebind.fake-dns.com/"));
    assert.equal(outcome.kind === "refused" && outcome.refusal.reason, "address");
  });

  test(`${name}: the connection goes to the address that was judged; the name is not resolved again`, async (t) => {
    const target = await faultTarget(t, (socket) =>
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    );
    const asked: string[] = [];
    const lookup = (host: string) => Promise.resolve([asked.push(host) === 1 ? "127.0.0.1" : "127.0.0.2"]);
    const outbound = open(t, { allow: "127.0.0.0/8", lookup });
    const outcome = await outbound.send(post(`http://hooks.fake-target.dev:${target.port}/`));
    assert.equal(outcome.kind, "answered");
    assert.equal(outcome.timing.address, "127.0.0.1");
    assert.deepEqual(asked, ["hooks.fake-target.dev"]);
  });

  test(`${name}: an allowed range opens inner names and any port, and nothing beside it`, async (t) => {
    const lookup = names({
      localhost: [["127.0.0.1", "::1"]],
      "db.internal": [["10.0.0.5"]],
      "half.internal": [["10.0.0.5", "93.184.216.34"]],
    });
    const outbound = open(t, { allow: "127.0.0.0/8, ::1/128 10.0.0.0/8", lookup });
    for (const url of [
      "http://localhost:22/",
      "http://127.9.9.9:6379/",
      "http://db.internal/",
      "http://[::1]/",
    ])
      assert.equal(await outbound.resolve(url), undefined, url);
    assert.equal((await outbound.resolve("http://half.internal/"))?.reason, "name");
    assert.equal((await outbound.resolve("http://192.168.0.1/"))?.reason, "address");
    assert.equal((await outbound.resolve("http://93.184.216.34:22/"))?.reason, "port");
    assert.equal((await outbound.resolve("http://[::ffff:127.0.0.1]/"))?.reason, "address");
    assert.equal((await outbound.resolve("http://me:secret@127.0.0.1/"))?.reason, "credentials");
  });

  test(`${name}: a refusal says which range would allow the address`, (t) => {
    const outbound = open(t);
    const ranges = {
      "http://127.0.0.1/": "127.0.0.0/8,::1/128",
      "http://10.1.2.3/": "10.0.0.0/8",
      "http://[fd00::1]/": "fc00::/7",
    };
    for (const [url, range] of Object.entries(ranges))
      assert.ok(outbound.check(url)?.hint.startsWith(`Set SLUICE_OUTBOUND_ALLOW=${range} if you mean`), url);
  });

  test(`${name}: nobody is told how to open the way to a cloud's credentials`, (t) => {
    const outbound = open(t);
    for (const url of ["http://169.254.169.254/", "http://168.63.129.16/"])
      assert.doesNotMatch(outbound.check(url)?.hint ?? "SLUICE_OUTBOUND_ALLOW", /SLUICE_OUTBOUND_ALLOW/, url);
  });

  test(`${name}: a name that does not resolve is a refusal to resolve and unreachable to send`, async (t) => {
    const outbound = open(t, { lookup: names({ "empty.fake-dns.com": [[]] }) });
    for (const url of ["http://nowhere.fake-dns.com/", "http://empty.fake-dns.com/"]) {
      assert.equal((await outbound.resolve(url))?.reason, "dns");
      const outcome = await outbound.send(post(url));
      assert.equal(outcome.kind === "unreachable" && outcome.reason, "dns");
    }
  });
}

function ownListenerConformance(name: string, open: OpenOutbound): void {
  test(`${name}: our own listener is refused however it is spelled, even when loopback is allowed`, async (t) => {
    const own = ownListeners();
    own.add("127.0.0.1", 8080);
    own.add("0.0.0.0", 8081);
    own.add("::", 8082);
    const outbound = open(t, {
      allow: "0.0.0.0/0,::/0",
      own,
      lookup: () => Promise.resolve(["93.184.216.34", "127.0.0.1"]),
    });
    const spellings = [
      "http://127.0.0.1:8080/",
      "http://2130706433:8080/",
      "http://0.0.0.0:8080/",
      "http://localhost:8080/",
      "http://public.fake-dns.com:8080/",
      "http://127.9.9.9:8081/",
      "http://[::1]:8082/",
    ];
    for (const url of spellings) {
      assert.equal((await outbound.resolve(url))?.reason, "own_listener", url);
      const outcome = await outbound.send(post(url));
      assert.equal(outcome.kind === "refused" && outcome.refusal.reason, "own_listener", url);
    }
    assert.equal(await outbound.resolve("http://127.0.0.1:8090/"), undefined);
  });

  test(`${name}: the echo target is reached though loopback is not allowed`, async (t) => {
    const target = await faultTarget(t, (socket) =>
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    );
    const own = ownListeners();
    own.addEcho("127.0.0.1", target.port);
    const outbound = open(t, { own });
    assert.equal(outbound.check(target.url), undefined);
    assert.equal((await outbound.send(post(target.url))).kind, "answered");
    assert.equal(outbound.check(`http://127.0.0.1:${target.port + 1}/`)?.reason, "address");
  });
}
