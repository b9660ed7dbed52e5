import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as zlib from "node:zlib";
import { plainBody } from "./plain-body.ts";

const text = JSON.stringify({ name: "shop".repeat(5_000), note: "kept" });
const bytesMax = 64 * 1024;
/** Fewer bytes are no more than the mark of an encoding, and tell nothing of what is in it. */
const leastTold = 8;

const packed = {
  gzip: zlib.gzipSync(text),
  "x-gzip": zlib.gzipSync(text),
  deflate: zlib.deflateSync(text),
  br: zlib.brotliCompressSync(text),
  zstd: zlib.zstdCompressSync(text),
};

async function plain(bytes: Uint8Array, ...encodings: readonly string[]): Promise<string | undefined> {
  const headers = encodings.map((value) => ["Content-Encoding", value] as const);
  const body = await plainBody(bytes, headers, bytesMax);
  return body && `${Buffer.from(body.bytes).toString()}${body.truncated ? "…" : ""}`;
}

describe("a body without its encoding", () => {
  for (const [encoding, bytes] of Object.entries(packed)) {
    test(`${encoding}, also in capitals`, async () => {
      assert.equal(await plain(bytes, encoding), text);
      assert.equal(await plain(bytes, ` ${encoding.toUpperCase()} `), text);
    });

    test(`${encoding} that is cut off is the beginning of what it was`, async () => {
      for (let end = leastTold; end < bytes.length; end++) {
        const cut = await plain(bytes.subarray(0, end), encoding);
        assert.ok(cut === undefined || text.startsWith(cut.replace(/…$/, "")), `${end} bytes`);
      }
    });
  }

  test("deflate as some servers write it, without what RFC 1950 puts around it", async () => {
    assert.equal(await plain(zlib.deflateRawSync(text), "deflate"), text);
  });

  test("several, one in the other, in one header or in several", async () => {
    const twice = zlib.brotliCompressSync(packed.gzip);
    assert.equal(await plain(twice, "gzip, identity, br"), text);
    assert.equal(await plain(twice, "gzip", "br"), text);
  });

  test("of a body that becomes large the beginning is kept", async () => {
    const bomb = zlib.gzipSync(Buffer.alloc(17 * 1024 * 1024, "a"));
    assert.equal(await plain(bomb, "gzip"), `${"a".repeat(bytesMax)}…`);
  });

  test("a body that was decoded on its way stays as it is, whatever the header says", async () => {
    const image = Buffer.from("89504e470d0a1a0a00000000", "hex");
    for (const encoding of Object.keys(packed)) assert.equal(await plain(Buffer.from(text), encoding), text);
    for (const encoding of ["gzip", "zstd"])
      assert.deepEqual(await plainBody(image, [["content-encoding", encoding]], bytesMax), {
        bytes: image,
        truncated: false,
      });
    const cutCharacter = Buffer.from("Grüße").subarray(0, 3);
    assert.ok((await plain(cutCharacter, "br"))?.startsWith("Gr"));
  });
});

describe("nobody can look into", () => {
  test("an encoding that is not known, and one too many", async () => {
    assert.equal(await plain(Buffer.from(text), "secret-sauce"), undefined);
    assert.equal(await plain(packed.gzip, "gzip, secret-sauce"), undefined);
    assert.equal(await plain(packed.gzip, ...Array.from({ length: 3_000 }, () => "gzip")), undefined);
  });

  test("bytes that are not what the header says, where bytes do not tell what they are", async () => {
    const noise = Buffer.from("ff00fe01fd02fc03fb04", "hex");
    assert.equal(await plain(noise, "br"), undefined);
    assert.equal(await plain(noise, "deflate"), undefined);
    assert.equal(await plain(Buffer.from("1f8bffffffff", "hex"), "gzip"), undefined);
  });

  for (const [form, bytes] of Object.entries({
    gzip: packed.gzip,
    "gzip whose bytes were taken for characters": Buffer.from(packed.gzip.toString("latin1")),
    zlib: packed.deflate,
    zstd: packed.zstd,
    zip: Buffer.from("504b030414000000", "hex"),
    bzip2: Buffer.from("BZh91AY&SY"),
    "a frame of zstd that is skipped": Buffer.from("5f2a4d1800000000", "hex"),
    xz: Buffer.from("fd377a585a0000", "hex"),
    "7z": Buffer.from("377abcaf271c00", "hex"),
    rar: Buffer.from("526172211a0700", "hex"),
    lz4: Buffer.from("04224d18000000", "hex"),
  }))
    test(`${form} without a header, and within what a header names`, async () => {
      assert.equal(await plain(bytes), undefined);
      assert.equal(await plain(zlib.gzipSync(bytes), "gzip"), undefined);
    });

  test("but text that only looks a little like it is text", async () => {
    for (const said of ["BZh is short for Bzip", "PK", "x", "", "Rar! it is"])
      assert.equal(await plain(Buffer.from(said)), said);
  });
});
