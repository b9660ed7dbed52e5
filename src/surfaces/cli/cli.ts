import { Failure } from "../../kernel/failure.ts";
import type { Declarable } from "../../registry/declarable.ts";
import type { Operation } from "../../registry/operation.ts";
import type { Call } from "./call.ts";
import { commandName, operationNamed, spelledOut, type Builtin } from "./command-name.ts";
import { commandInput, type ReadInput } from "./command-input.ts";
import { completion } from "./completion.ts";
import type { Terminal } from "./config/surroundings.ts";
import { readArguments, type Arguments } from "./flags.ts";
import { builtinText, explanation, overview } from "./help.ts";
import { programs } from "./programs.ts";
import { rendering } from "./rendering.ts";
import { sentCall } from "./sent-call.ts";
import { exitCodeOf, troubleOf, troubleText, type Trouble } from "./trouble.ts";
import { visibleText } from "./visible-text.ts";

export type Cli = {
  /** Without the program's name and the flags of the connection. */
  readonly argv: readonly string[];
  readonly operations: readonly Operation[];
  /** Commands that the caller carries out itself; here they are listed. */
  readonly builtins: readonly Builtin[];
  readonly version: string;
  readonly call: Call;
  /** Writes lines to standard output; a line break is added. */
  readonly print: (text: string) => void;
  /** The same to standard error. */
  readonly printError: (text: string) => void;
  readonly readInput: ReadInput;
  /** What `config` exports and applies. */
  readonly declared?: readonly Declarable[];
  /** Absent: nobody sits there. */
  readonly terminal?: Terminal;
};

const own: readonly Builtin[] = [
  { name: "help", does: "Lists the commands, or explains one: help <command>." },
  { name: "call", does: "Calls an operation by its name: call <operation> --input '{}'." },
  ...programs.map(({ builtin }) => builtin),
  {
    name: "completion",
    does: "Prints a completion script: completion bash|zsh|fish.",
    words: ["bash", "zsh", "fish"],
  },
];

/**
 * Runs one command line to its exit code: 0 done, 1 a bug, else that of the failure's kind. Answers go to standard
 * output, everything that went wrong to standard error.
 */
export async function runCli(cli: Cli): Promise<number> {
  try {
    return await dispatch(cli);
  } catch (error) {
    if (error instanceof Failure) return report(cli, troubleOf(error), cli.argv.includes("--json"));
    cli.printError(
      `bug: ${visibleText(error instanceof Error ? (error.stack ?? error.message) : String(error))}`,
    );
    return 1;
  }
}

async function dispatch(cli: Cli): Promise<number> {
  const { print, operations } = cli;
  const builtins = [...cli.builtins, ...own];
  const argv = spelledOut(cli.argv, builtins);
  const [command = "help", ...args] = argv;
  const program = programs.find(({ builtin }) => builtin.name === command);
  if (program !== undefined && !args.includes("--help")) return program.run(args, cli);
  if (program !== undefined) print(helpFor(command, operations, builtins));
  else if (command === "--version") print(cli.version);
  else if (command === "completion") print(completion(args[0] ?? "", operations, builtins));
  else if (["help", "--help", "-h"].includes(command)) print(helpFor(args[0], operations, builtins));
  else {
    const [word = "", ...rest] = command === "call" ? args : argv;
    const it = operationNamed(word, operations, builtins);
    const given = readArguments(it, rest);
    if (!given.common.has("help")) return carryOut(it, given, cli);
    print(explanation(it));
  }
  return 0;
}

function helpFor(
  word: string | undefined,
  operations: readonly Operation[],
  builtins: readonly Builtin[],
): string {
  const builtin = builtins.find(({ name }) => name === word);
  if (builtin !== undefined) return builtinText(builtin);
  return word === undefined
    ? overview(operations, builtins)
    : explanation(operationNamed(word, operations, builtins));
}

async function carryOut(it: Operation, given: Arguments, cli: Cli): Promise<number> {
  const { common } = given;
  const input = await commandInput(it, given, cli.readInput);
  const confirmed =
    it.effect === "read" || !it.destructive || common.has("yes") || input.get("dryRun") === true;
  if (!confirmed)
    throw new Failure("invalid", `${commandName(it)} removes something and was not confirmed.`, {
      hint: "Add --dry-run to see what would happen, or --yes to do it.",
    });
  const key = common.get("idempotency-key");
  const headers = {
    "user-agent": `sluice-cli/${cli.version}`,
    ...(key !== undefined && { "idempotency-key": key }),
  };
  const answered = await sentCall(it, input, { call: cli.call, headers, progress: cli.terminal?.progress });
  const asJson = common.has("json");
  if ("trouble" in answered) return report(cli, answered.trouble, asJson);
  cli.print(asJson ? jsonText(answered.output) : rendering(answered.output));
  return 0;
}

function report(cli: Cli, trouble: Trouble, asJson: boolean): number {
  cli.printError(asJson ? jsonText(trouble) : troubleText(trouble));
  return exitCodeOf(trouble);
}

/** JSON leaves some controls as they are; as escapes they mean the same. */
function jsonText(value: object): string {
  return visibleText(JSON.stringify(value, null, 2));
}
