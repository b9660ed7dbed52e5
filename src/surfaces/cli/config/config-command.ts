import { parseArgs } from "node:util";
import { Failure } from "../../../kernel/failure.ts";
import { nearNames } from "../../../registry/near.ts";
import type { Builtin } from "../command-name.ts";
import { noProgress } from "../progress-line.ts";
import { visibleText } from "../visible-text.ts";
import { applied } from "./apply.ts";
import { askingOver, type Ask } from "../ask.ts";
import { diffText, planJson } from "./diff.ts";
import { documentText, readDocument, type Entry } from "./document.ts";
import { entryOf, kindsOf } from "./kind.ts";
import { liveRecords } from "./live.ts";
import { form, planOf } from "./plan.ts";
import type { Surroundings, Terminal } from "./surroundings.ts";

const flags = {
  "dry-run": { type: "boolean", does: "Shows what would change, and changes nothing." },
  prune: { type: "boolean", does: "Removes what the document does not have." },
  yes: { type: "boolean", does: "Confirms that --prune removes something." },
  json: { type: "boolean", does: "Prints the document, or what changes, as JSON." },
  "workspace-id": { type: "string", does: "Needed only when you have several workspaces." },
} as const;

/** As lists of commands and completion know it. */
export const configBuiltin: Builtin = {
  name: "config",
  does: "The configuration as a document: config export; config apply <file> [--dry-run] [--prune] [--yes].",
  words: ["export", "apply"],
  flags: Object.entries(flags).map(([name, { type, does }]) => ({ name, does, bare: type === "boolean" })),
};

const comment = ` The configuration of a Sluice workspace. \`sluice config apply <file>\` makes a workspace like it.
 Fields left out stay as they are. Secrets are not here: \`stored\` says that there is one, and \${NAME}
 in its place takes the one that the environment has under that name, where none is stored yet.`;

/** `sluice config export` and `sluice config apply <file>`. @throws Failure whatever is wrong, invalid for other words */
export async function runConfig(args: readonly string[], cli: Surroundings): Promise<number> {
  const { values, positionals } = parsed(args);
  const [word, ...rest] = positionals;
  const ask = askingOver(cli.call, { "user-agent": `sluice-cli/${cli.version}` }, values["workspace-id"]);
  if (word === "export" && rest.length === 0) {
    const value = await exported(cli, ask);
    cli.print(
      values.json === true
        ? visibleText(JSON.stringify(value, null, 2))
        : documentText(value, comment).trimEnd(),
    );
    return 0;
  }
  const [file] = rest;
  if (word === "apply" && file !== undefined && rest.length === 1) return apply(file, { cli, ask, values });
  throw new Failure("invalid", word === "apply" ? "Which document?" : "config exports or applies.", {
    allowed: ["export", "apply <file>"],
    hint: "`sluice config apply sluice.yaml --dry-run` shows what would change; `-` reads standard input.",
  });
}

type Flags = {
  readonly [name in keyof typeof flags]?: (typeof flags)[name]["type"] extends "string" ? string : boolean;
};

function parsed(args: readonly string[]): {
  readonly values: Flags;
  readonly positionals: readonly string[];
} {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true });
  } catch (error) {
    const names = Object.keys(flags).map((name) => `--${name}`);
    const unknown = args.find((arg) => arg.startsWith("--") && !names.includes(arg.split("=")[0] ?? ""));
    const [near] = nearNames(unknown ?? "", names);
    throw new Failure(
      "invalid",
      error instanceof Error ? (error.message.split(/[.\n]/)[0] ?? "") : String(error),
      {
        allowed: names,
        ...(near !== undefined && { hint: `Did you mean ${near}?` }),
      },
    );
  }
}

async function exported({ declared = [], operations }: Surroundings, ask: Ask): Promise<Entry> {
  const sections: [string, Entry][] = [];
  for (const kind of kindsOf(declared, operations)) {
    const records = await liveRecords(kind, ask);
    const entries = [...records].map(([key, { view }]): [string, Entry] => [key, entryOf(kind, view)]);
    sections.push([kind.name, Object.fromEntries(entries)]);
  }
  return { sluice: form, ...Object.fromEntries(sections) };
}

type Applying = { readonly cli: Surroundings; readonly ask: Ask; readonly values: Flags };

async function apply(file: string, { cli, ask, values }: Applying): Promise<number> {
  const { declared = [], operations, terminal = plainTerminal } = cli;
  const dryRun = values["dry-run"] === true;
  const asJson = values.json === true;
  const progress = (asJson ? undefined : terminal.progress) ?? noProgress;
  const plan = await planOf({
    document: readDocument(await cli.readInput(file)),
    kinds: kindsOf(declared, operations),
    ask,
    prune: values.prune === true,
    environment: terminal.environment,
    progress: progress.tell,
  }).finally(progress.clear);
  if (!asJson) cli.print(diffText(plan, terminal.colour));
  if (!dryRun) {
    const removed = plan.steps.filter((step) => step.do === "remove").length;
    if (removed > 0 && values.yes !== true) await confirmed(removed, terminal);
    await applied(plan.steps, ask, {
      progress: (done) => progress.tell(done, plan.steps.length, "steps applied"),
      say(line) {
        progress.clear();
        if (!asJson) cli.print(visibleText(line));
      },
    }).finally(progress.clear);
  }
  if (asJson) cli.print(visibleText(JSON.stringify(planJson(plan, !dryRun), null, 2)));
  return 0;
}

async function confirmed(count: number, { confirm }: Terminal): Promise<void> {
  if (confirm !== null && (await confirm(`Remove ${count === 1 ? "1 record" : `${count} records`}?`))) return;
  throw new Failure("invalid", "Removing was not confirmed, so nothing was done.", {
    hint: "Add --yes to do it, or --dry-run to see what would happen.",
  });
}

const plainTerminal: Terminal = {
  colour: false,
  confirm: null,
  progress: undefined,
  environment: () => undefined,
};
