// The property tests of test/fuzz/ with many times the inputs, and other ones each night; FUZZ_SEED and FUZZ_TIMES
// choose them by hand.
import { readdirSync } from "node:fs";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { inputsTold } from "../fuzz/fuzzing.ts";

const inputsMin = 100_000;

process.env["FUZZ_TIMES"] ??= "45";
process.env["FUZZ_SEED"] ??= String(Math.floor(Date.now() / 1_000));
console.log(`FUZZ_SEED=${process.env["FUZZ_SEED"]} FUZZ_TIMES=${process.env["FUZZ_TIMES"]}`);

const folder = new URL("../fuzz/", import.meta.url);
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => new URL(name, folder).pathname);

let inputs = 0;
const tests = run({ files, concurrency: 2 });
tests.on("test:diagnostic", ({ message }) => void (inputs += Number(inputsTold.exec(message)?.[1] ?? 0)));
tests.on("test:fail", () => void (process.exitCode = 1));
tests.on("end", () => {
  console.log(`${inputs} inputs in all`);
  if (inputs < inputsMin) {
    console.log(`a night has at least ${inputsMin}`);
    process.exitCode = 1;
  }
});
tests.compose(spec).pipe(process.stdout);
