// The property tests of test/fuzz/ with many times the inputs, and other ones each night; FUZZ_SEED and FUZZ_TIMES
// choose them by hand.
import { readdirSync } from "node:fs";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { inputsTold } from "../fuzz/fuzzing.ts";

const inputsMin = 100_000;
/** Of isolation alone, whatever the other files add. */
const isolationTriesMin = 100_000;

process.env["FUZZ_TIMES"] ??= "45";
process.env["FUZZ_ISOLATION_TRIES"] ??= String(isolationTriesMin);
process.env["FUZZ_SEED"] ??= String(Math.floor(Date.now() / 1_000));
console.log(`FUZZ_SEED=${process.env["FUZZ_SEED"]} FUZZ_TIMES=${process.env["FUZZ_TIMES"]}`);

const folder = new URL("../fuzz/", import.meta.url);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => new URL(name, folder).pathname);

const counted = { all: 0, isolation: 0 };
const tests = run({ files, concurrency: 2 });
tests.on("test:diagnostic", ({ message, file = "" }) => {
  const inputs = Number(inputsTold.exec(message)?.[1] ?? 0);
  counted.all += inputs;
  if (file.endsWith("/isolation.test.ts")) counted.isolation += inputs;
});
tests.on("test:fail", () => void (process.exitCode = 1));
tests.on("end", () => {
  console.log(`${counted.all} inputs in all, ${counted.isolation} tries of isolation`);
  if (counted.all < inputsMin || counted.isolation < isolationTriesMin) {
    console.log(`a night has at least ${inputsMin}, and ${isolationTriesMin} of isolation`);
    process.exitCode = 1;
  }
});
tests.compose(spec).pipe(process.stdout);
