import assert from "node:assert/strict";
import { test } from "node:test";
import { InvalidRule } from "./invalid-rule.ts";
import { compileSelection, type Seen } from "./selection.ts";
import type { Selection } from "./wire.ts";

const seen: Seen = {
  method: "GET",
  target: "/users/7/card?x=1",
  host: "Api.Example.com:8443",
  ip: "10.1.2.3",
  status: 404,
  headers: [
    ["User-Agent", "Mozilla/5.0 (compatible; Robot/1)"],
    ["X-Probe", "deep/check"],
  ],
};

const holding: readonly Selection[] = [
  {},
  { methods: ["get", "HEAD"] },
  { path: "/users/*/card" },
  { host: "api.example.com" },
  { host: "*.example.com:8443" },
  { userAgent: "*robot*" },
  { statuses: ["5xx", "404"] },
  { statuses: ["4xx"] },
  { ip: "10.1.2.3" },
  { ip: "10.0.0.0/8" },
  { ip: "::ffff:10.0.0.0/104" },
  { ip: "0.0.0.0/0" },
  { header: { name: "x-probe" } },
  { header: { name: "x-probe", value: "deep*" } },
  { methods: ["GET"], path: "/users/**", statuses: ["4xx"] },
];

const failing: readonly Selection[] = [
  { methods: ["POST"] },
  { path: "/users/*" },
  { path: "/users/*/card?x=1" },
  { host: "example.com" },
  { userAgent: "robot" },
  { statuses: ["5xx"] },
  { ip: "10.1.2.4" },
  { ip: "10.1.2.0/31" },
  { ip: "2001:db8::/32" },
  { header: { name: "x-probe", value: "shallow*" } },
  { header: { name: "x-other" } },
  { methods: ["GET"], path: "/orders" },
];

test("a selection holds when all that it gives does", () => {
  for (const selection of holding)
    assert.ok(compileSelection(selection)(seen), `${JSON.stringify(selection)} holds`);
  for (const selection of failing)
    assert.ok(!compileSelection(selection)(seen), `${JSON.stringify(selection)} does not hold`);
});

test("an address that was mapped into IPv6 is in ranges of IPv4, and ranges of IPv6 hold theirs", () => {
  assert.ok(compileSelection({ ip: "10.0.0.0/8" })({ ...seen, ip: "::ffff:10.1.2.3" }));
  assert.ok(compileSelection({ ip: "2001:db8::/32" })({ ...seen, ip: "2001:db8:0:7::1" }));
  assert.ok(compileSelection({ ip: "fe80::1" })({ ...seen, ip: "fe80::1%eth0" }));
  assert.ok(!compileSelection({ ip: "2001:db8::/32" })({ ...seen, ip: "2001:db9::1" }));
});

test("what is not known selects nothing", () => {
  assert.ok(!compileSelection({ ip: "0.0.0.0/0" })({ ...seen, ip: null }));
  assert.ok(!compileSelection({ statuses: ["2xx"] })({ ...seen, status: null }));
  assert.ok(!compileSelection({ ip: "0.0.0.0/0" })({ ...seen, ip: "unknown" }));
});

const refused: readonly (readonly [selection: Selection, pointer: string])[] = [
  [{ path: "" }, "/path"],
  [{ ip: "10.0.0" }, "/ip"],
  [{ ip: "10.0.0.0/33" }, "/ip"],
  [{ ip: "1::2::3" }, "/ip"],
  [{ ip: "::ffff:10.0.0.0/8" }, "/ip"],
  [{ statuses: ["404", "6xx"] }, "/statuses/1"],
  [{ header: { name: "x", value: "" } }, "/header/value"],
];

test("what cannot be compiled is said with its place", () => {
  for (const [selection, pointer] of refused)
    assert.throws(
      () => compileSelection(selection),
      (error) => error instanceof InvalidRule && error.pointer === pointer,
      JSON.stringify(selection),
    );
});
