import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileOf, largeFolder, missing } from "../installed.ts";
import { exampleKey } from "../receiver.ts";
import { compressedText, events, thrown, user, type Framework } from "./application.ts";

const folder = join(largeFolder, "next-app");
const sdkFolder = join(largeFolder, "../..");

/** In a process of its own, built as it would be for production, with the compiled package. */
export const nextApp: Framework = {
  name: "Next.js 16",
  missing: missing("next/package.json"),
  userRoute: null,
  tellsErrors: true,
  async start(upstream, sluice) {
    const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
    const env = {
      ...inherited,
      NEXT_TELEMETRY_DISABLED: "1",
      SAID: JSON.stringify({ user, events, compressedText, thrown }),
      UPSTREAM: upstream,
      SLUICE_URL: sluice,
      SLUICE_KEY: exampleKey,
    };
    const next = fileOf("next", "dist/bin/next");
    execFileSync("npm", ["run", "--silent", "build"], { cwd: sdkFolder, env, stdio: "inherit" });
    execFileSync(process.execPath, [next, "build"], { cwd: folder, env, stdio: "pipe" });
    const child = spawn(process.execPath, [next, "start", "-H", "127.0.0.1", "-p", "0"], {
      cwd: folder,
      env,
    });
    child.stderr.resume();
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
      if (url === undefined) continue;
      child.stdout.resume();
      return {
        url,
        async close() {
          child.kill();
          await once(child, "exit");
        },
      };
    }
    return assert.fail("Next.js did not start");
  },
};
