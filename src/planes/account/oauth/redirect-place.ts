/** Where a browser is sent back to, for a person to judge. */
export type RedirectPlace = {
  /** A host, a scheme, or this computer. */
  readonly text: string;
  /** Any program on the person's computer may be listening. */
  readonly isThisComputer: boolean;
};

const applications: Readonly<Record<string, string>> = {
  "cursor:": "Cursor, on this computer",
  "vscode:": "VS Code, on this computer",
  "vscode-insiders:": "VS Code Insiders, on this computer",
};
const loopbacks: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

export function redirectPlace(uri: string): RedirectPlace {
  const url = new URL(uri);
  if (url.protocol === "https:") return { text: url.host, isThisComputer: false };
  if (loopbacks.has(url.hostname)) return { text: "a program on this computer", isThisComputer: true };
  const text = applications[url.protocol] ?? `the application for ${url.protocol} on this computer`;
  return { text, isThisComputer: true };
}
