import { commandArguments, type Command, type Surroundings } from "./command.ts";
import { examine, type Diagnosis } from "./examine.ts";
import { reachOf } from "./reach.ts";
import { openSubject } from "./subject.ts";

/** 0 when nothing is worse than a warning. */
const problemExitCode = 1;

export const doctor: Command = {
  name: "doctor",
  does: "Checks SLUICE_DATA_DIR, the database of SLUICE_DATABASE_URL and the server at SLUICE_URL and says what to do; ends with 1 when there is a problem: doctor [--deep] [--json].",
  async run(args, surroundings) {
    const { flags } = commandArguments(args, {
      usage: "sluice doctor [--deep] [--json]",
      words: 0,
      flags: ["--deep", "--json"],
    });
    const reach = reachOf(surroundings.database);
    const subject = openSubject(surroundings, { database: reach.database, deep: flags.has("--deep") });
    const diagnoses = await examine(subject, (name) => surroundings.progress(`looking at ${name}`)).finally(
      reach.close,
    );
    surroundings.progress("");
    const isWell = diagnoses.every(({ state }) => state !== "problem");
    if (flags.has("--json")) surroundings.print(JSON.stringify({ ok: isWell, checks: diagnoses }, null, 2));
    else tell(diagnoses, surroundings);
    return isWell ? 0 : problemExitCode;
  },
};

function tell(diagnoses: readonly Diagnosis[], { print }: Surroundings): void {
  for (const { state, name, saw, todo } of diagnoses) {
    print(`${state.padEnd(9)}${name.padEnd(16)}${saw}`);
    if (todo !== null) print(`${" ".repeat(25)}${todo}`);
  }
}
