// A short soak of each database; `npm run soak -- --minutes 30` is the long one.
import { spawn } from "node:child_process";
import { once } from "node:events";

const soak = new URL("../../bench/soak.ts", import.meta.url).pathname;
for (const database of ["embedded", "postgres"]) {
  const args = [soak, "--minutes", "5", "--database", database];
  const [code] = (await once(spawn(process.execPath, args, { stdio: "inherit" }), "exit")) as [number | null];
  if (code !== 0) process.exitCode = 1;
}
