// A short soak; `npm run soak -- --minutes 30` is the long one.
import { spawn } from "node:child_process";
import { once } from "node:events";

const soak = new URL("../../bench/soak.ts", import.meta.url).pathname;
const child = spawn(process.execPath, [soak, "--minutes", "5"], { stdio: "inherit" });
const [code] = (await once(child, "exit")) as [number | null];
process.exitCode = code ?? 1;
