import { Failure } from "../../kernel/failure.ts";
import type { Operation } from "../../registry/operation.ts";
import { commandName, flagName, type Builtin } from "./command-name.ts";
import { commonFlags, flaggedFields, isSwitch } from "./command-flags.ts";

type Flag = {
  readonly flag: string;
  readonly does: string;
  readonly values: readonly string[];
  readonly bare: boolean;
};
type Command = {
  readonly name: string;
  readonly does: string;
  readonly words: readonly string[];
  readonly flags: readonly Flag[];
};

/**
 * A shell's completion script: commands, flags, and the values of enumerations.
 *
 * @throws Failure invalid for another shell than bash, zsh and fish
 */
export function completion(
  shell: string,
  operations: readonly Operation[],
  builtins: readonly Builtin[],
): string {
  const write = new Map(Object.entries(scripts)).get(shell);
  if (write === undefined)
    throw new Failure("invalid", `There is no completion for "${shell.slice(0, 100)}".`, {
      allowed: Object.keys(scripts),
      hint: "sluice completion bash",
    });
  const own = operations.map(commandOf);
  return write([...own, ...builtins.map((it) => commandOfBuiltin(it, own))]);
}

function commandOf(it: Operation): Command {
  const own = flaggedFields(it).map((field) => ({
    flag: flagName(field.name),
    does: field.schema.description ?? "",
    values: field.allowed.filter((value) => /^[\w.:-]+$/.test(value)),
    bare: isSwitch(field),
  }));
  const common = commonFlags.map(({ name, does, value }) => ({
    flag: name,
    does,
    values: [],
    bare: value === null,
  }));
  return { name: commandName(it), does: it.title, words: [], flags: [...own, ...common] };
}

/** What is short for operations takes the flags of any of them. */
function commandOfBuiltin(
  { name, does, words = [], flags = [], shortFor = [] }: Builtin,
  operations: readonly Command[],
): Command {
  const names = new Set(shortFor.map((it) => commandName({ name: it.operation })));
  const all = [
    ...flags.map((it) => ({ flag: it.name, does: it.does, values: [], bare: it.bare })),
    ...operations.filter((it) => names.has(it.name)).flatMap((it) => it.flags),
  ];
  const short = shortFor.flatMap((it) => it.words);
  return {
    name,
    does,
    words: [...new Set([...words, ...short])],
    flags: [...new Map(all.map((it) => [it.flag, it])).values()],
  };
}

const scripts = { bash, zsh, fish };

function bash(commands: readonly Command[]): string {
  return `_sluice() {
  local typed="\${COMP_WORDS[COMP_CWORD]}" choices=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    choices="${commands.map(({ name }) => name).join(" ")}"
  else
${cases(commands, "${COMP_WORDS[1]}", "${COMP_WORDS[COMP_CWORD-1]}")}
  fi
  COMPREPLY=($(compgen -W "$choices" -- "$typed"))
}
complete -o default -F _sluice sluice
`;
}

function zsh(commands: readonly Command[]): string {
  return `#compdef sluice
_sluice() {
  local choices=""
  if (( CURRENT == 2 )); then
    choices="${commands.map(({ name }) => name).join(" ")}"
  else
${cases(commands, "${words[2]}", "${words[CURRENT-1]}")}
  fi
  compadd -- \${=choices} || _files
}
compdef _sluice sluice
`;
}

/** Sets `choices`: the values of the flag before the cursor, else the flags of the command. */
function cases(commands: readonly Command[], command: string, before: string): string {
  const values = commands.flatMap(({ name, flags }) =>
    flags
      .filter((it) => it.values.length > 0)
      .map((it) => `      "${name} --${it.flag}") choices="${it.values.join(" ")}" ;;`),
  );
  const flags = commands
    .filter((it) => it.flags.length > 0 || it.words.length > 0)
    .map(
      (it) =>
        `      "${it.name}") choices="${[...it.words, ...it.flags.map(({ flag }) => `--${flag}`)].join(" ")}" ;;`,
    );
  return [
    `    case "${command} ${before}" in`,
    ...values,
    "    esac",
    `    [ -n "$choices" ] || case "${command}" in`,
    ...flags,
    "    esac",
  ].join("\n");
}

function fish(commands: readonly Command[]): string {
  const names = commands.map(
    ({ name, does }) => `complete -c sluice -f -n __fish_use_subcommand -a ${name} -d ${quoted(does)}`,
  );
  const flags = commands.flatMap(({ name, flags: list }) =>
    list.map(({ flag, does, values, bare }) =>
      [
        `complete -c sluice -n '__fish_seen_subcommand_from ${name}' -l ${flag} -d ${quoted(does)}`,
        ...(bare ? [] : ["-r"]),
        ...(values.length > 0 ? [`-f -a ${quoted(values.join(" "))}`] : []),
      ].join(" "),
    ),
  );
  const words = commands.flatMap(({ name, words: list }) =>
    list.map((word) => `complete -c sluice -n '__fish_seen_subcommand_from ${name}' -a ${word}`),
  );
  return [...names, ...words, ...flags, ""].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", " ")}'`;
}
