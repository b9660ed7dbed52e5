import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openInBrowser } from "../../src/engines/browser/browser.ts";
import { eventually } from "../journeys/eventually.ts";

const skip = process.platform !== "linux" && "the program is another on this platform";

/** A folder that alone is searched for programs. */
function onlyFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-browser-"));
  const path = process.env["PATH"];
  process.env["PATH"] = folder;
  t.after(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true });
  });
  return folder;
}

test("an address is handed to the browser as it is, as one argument", { skip }, async (t) => {
  const folder = onlyFolder(t);
  const [program, seen] = [join(folder, "xdg-open"), join(folder, "seen")];
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > "${seen}"\n`);
  chmodSync(program, 0o755);
  const address = "http://127.0.0.1:8080/a?b=c&d=$(e)'%20\"";
  assert.equal(await openInBrowser(address), true);
  const got = await eventually("the address", () => {
    try {
      return Promise.resolve(readFileSync(seen, "utf8") || undefined);
    } catch {
      return Promise.resolve(undefined);
    }
  });
  assert.equal(got, `${address}\n`);
});

test("where there is no browser, and for what is no address, nothing is opened", async (t) => {
  onlyFolder(t);
  assert.equal(await openInBrowser("http://127.0.0.1:8080/"), false);
  for (const text of ["file:///etc/hosts", "--help", "javascript:alert(1)"])
    assert.equal(await openInBrowser(text), false, text);
});
