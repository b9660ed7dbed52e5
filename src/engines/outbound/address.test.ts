import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../kernel/failure.ts";
import { parseAddress, parseCidr, parseCidrs, whyNotPublic, within } from "./address.ts";

test("addresses are the same number however they are spelled", () => {
  const spellings = ["2001:db8::1", "2001:0DB8:0:0:0:0:0:1", "2001:db8:0:0::1", "2001:db8::0.0.0.1"];
  for (const text of spellings)
    assert.deepEqual(parseAddress(text), { bits: 128, value: 0x20010db8000000000000000000000001n });
  assert.deepEqual(parseAddress("::ffff:127.0.0.1"), parseAddress("::ffff:7f00:1"));
  assert.deepEqual(parseAddress("::"), { bits: 128, value: 0n });
  assert.deepEqual(parseAddress("255.0.0.1"), { bits: 32, value: 0xff000001n });
  for (const text of ["127.1", "0x7f.0.0.1", "fe80::1%eth0", "1.2.3.4.5", "", "localhost"])
    assert.equal(parseAddress(text), undefined, text);
});

test("a range holds its first and its last address and none beside them", () => {
  const inside = (text: string, range: string) => within(parseAddress(text)!, parseCidr(range)!);
  assert.ok(inside("172.16.0.0", "172.16.0.0/12") && inside("172.31.255.255", "172.16.0.0/12"));
  assert.ok(!inside("172.15.255.255", "172.16.0.0/12") && !inside("172.32.0.0", "172.16.0.0/12"));
  assert.ok(inside("3fff:ffff::", "2000::/3") && !inside("4000::", "2000::/3"));
  assert.ok(inside("1.2.3.4", "0.0.0.0/0") && !inside("::1", "0.0.0.0/0"));
});

test("a list of ranges may be separated by commas, spaces and line breaks, and may hold bare addresses", () => {
  const ranges = parseCidrs(" 10.0.0.0/8,192.168.1.7\n fd00::/8 ");
  assert.deepEqual(
    ranges.map(({ text, prefix }) => [text, prefix]),
    [
      ["10.0.0.0/8", 8],
      ["192.168.1.7", 32],
      ["fd00::/8", 8],
    ],
  );
  assert.deepEqual(parseCidrs(""), []);
});

test("an unusable range is named", () => {
  const bad = [
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "ten",
    "10.1.2.3/8",
    "::ffff:10.0.0.0/104",
    "fe80::1%1",
  ];
  for (const item of bad)
    assert.throws(
      () => parseCidrs(`127.0.0.0/8,${item}`),
      (error) => error instanceof Failure && error.kind === "invalid" && error.message.includes(`"${item}"`),
      item,
    );
  assert.throws(() => parseCidrs("10.0.0.1,".repeat(257)), Failure);
});

test("IPv6 is refused unless it is global unicast and no special block", () => {
  const reason = (text: string) => whyNotPublic(parseAddress(text)!, text);
  for (const text of [
    "2606:4700::1111",
    "2a00:1450::1",
    "2400:cb00::1",
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
  ])
    assert.equal(reason(text), undefined, text);
  for (const text of [
    "4000::1",
    "1::1",
    "::2",
    "e000::1",
    "2001:1ff::1",
    "192.168.255.255",
    "100.127.255.255",
  ])
    assert.ok(reason(text), text);
  assert.equal(reason("::ffff:8.8.8.8")?.allow, null);
  assert.equal(reason("4000::1")?.allow, "4000::1/128");
});
