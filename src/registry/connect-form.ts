/** What an address has to be like, for a client to reach it. */
export type Reach = keyof typeof reaches;

export const reaches = {
  any: "Any address that your computer reaches. Elsewhere than on the same computer use https, or the key can be read on the way.",
  https: "Needs https, unless the server is on the same computer.",
  public: "Needs public https: the client connects from its maker's computers, and not from yours.",
} as const;

export const connectClients = ["claude-code", "claude-desktop", "vscode", "cursor", "windsurf"] as const;
export type ConnectClient = (typeof connectClients)[number];

/** One way to tell one client of this server: what to type, or to put into which file. */
export type ConnectForm = {
  readonly client: ConnectClient;
  readonly title: string;
  readonly by: "key" | "oauth";
  /** Where it goes. */
  readonly place: string;
  readonly language: "sh" | "json" | "text";
  readonly text: string;
  readonly reach: Reach;
  /** What else a person has to know or do. */
  readonly note: string | null;
};

/** Stands where a person puts their key in. */
export const keyPlaceholder = "mk_…";

const header = "Authorization";
const inputId = "sluice-api-key";
const signIn = "Your browser opens, where you sign in and choose what it may do.";
const desktopFile =
  "`claude_desktop_config.json`, in `~/Library/Application Support/Claude/` on macOS, `%APPDATA%\\Claude\\` on Windows and `~/.config/Claude/` on Linux";

/** Every form of every client, for the server that calls itself `publicUrl`; `key` is written into those that hold one. */
export function connectForms(publicUrl: string, key: string = keyPlaceholder): readonly ConnectForm[] {
  const url = mcpAddress(publicUrl);
  const headers = { [header]: `Bearer ${key}` };
  return [...claudeCode(url, key), ...claudeDesktop(url, key), ...vscode(url), ...editors(url, headers)];
}

export function mcpAddress(publicUrl: string): string {
  return `${publicUrl}/api/mcp`;
}

/** The line that makes Claude Code know the server; without a key it signs in. */
export function claudeCodeCommand(url: string, key: string | null): string {
  const words = ["claude", "mcp", "add", "--transport", "http", "sluice", url];
  const more = key === null ? [] : ["--header", `${header}: Bearer ${key}`];
  return [...words, ...more].map(shellWord).join(" ");
}

function claudeCode(url: string, key: string): readonly ConnectForm[] {
  const file = "`<project>/.mcp.json`, which may be committed";
  const command = { client: "claude-code", place: "a terminal", language: "sh" } as const;
  const document = { client: "claude-code", place: file, language: "json" } as const;
  const server = { type: "http", url };
  const filledIn = { [header]: "Bearer ${SLUICE_API_KEY}" };
  return [
    {
      ...command,
      title: "Claude Code, command",
      by: "key",
      text: claudeCodeCommand(url, key),
      reach: "any",
      note: null,
    },
    {
      ...document,
      title: "Claude Code, file",
      by: "key",
      text: json({ mcpServers: { sluice: { ...server, headers: filledIn } } }),
      reach: "any",
      note: "It takes the key from the environment variable `SLUICE_API_KEY` when it starts.",
    },
    {
      ...command,
      title: "Claude Code, command",
      by: "oauth",
      text: claudeCodeCommand(url, null),
      reach: "https",
      note: `Then type \`/mcp\` in Claude Code. ${signIn}`,
    },
    {
      ...document,
      title: "Claude Code, file",
      by: "oauth",
      text: json({ mcpServers: { sluice: server } }),
      reach: "https",
      note: `Then type \`/mcp\` in Claude Code. ${signIn}`,
    },
  ];
}

function claudeDesktop(url: string, key: string): readonly ConnectForm[] {
  const client = "claude-desktop" as const;
  const bridge = ["-y", "mcp-remote", url];
  const file = { client, title: "Claude Desktop, file", place: desktopFile, language: "json" } as const;
  return [
    {
      ...file,
      by: "key",
      text: json({
        mcpServers: {
          sluice: {
            command: "npx",
            // Some systems break an argument at a space, so that the one of `Bearer mk_…` stands in the variable.
            args: [...bridge, "--header", `${header}:\${AUTH_HEADER}`],
            env: { AUTH_HEADER: `Bearer ${key}` },
          },
        },
      }),
      reach: "https",
      note: "The file starts programs and passes over entries with a `url`, so the npm package `mcp-remote` stands between.",
    },
    {
      client,
      title: "Claude Desktop, connector",
      by: "oauth",
      place: "Settings, Connectors, *Add custom connector*, as the URL of the remote MCP server",
      language: "text",
      text: url,
      reach: "public",
      note: `${signIn} A connector takes no key.`,
    },
    {
      ...file,
      by: "oauth",
      text: json({ mcpServers: { sluice: { command: "npx", args: bridge } } }),
      reach: "https",
      note: `For a server that is not public. ${signIn}`,
    },
  ];
}

function vscode(url: string): readonly ConnectForm[] {
  const client = "vscode" as const;
  const server = { type: "http", url };
  const asks = {
    inputs: [
      {
        type: "promptString",
        id: inputId,
        description: `Sluice API key (${keyPlaceholder})`,
        password: true,
      },
    ],
    servers: { sluice: { ...server, headers: { [header]: `Bearer \${input:${inputId}}` } } },
  };
  const signsIn = { servers: { sluice: server } };
  const places = [
    { title: "VS Code, workspace", place: "`.vscode/mcp.json`", of: (it: object) => it },
    { title: "VS Code, settings", place: "`settings.json`", of: (it: object) => ({ mcp: it }) },
  ];
  return (["key", "oauth"] as const).flatMap((by) =>
    places.map(({ title, place, of }): ConnectForm => ({
      client,
      title,
      by,
      place,
      language: "json",
      text: json(of(by === "key" ? asks : signsIn)),
      reach: by === "key" ? "any" : "https",
      note: by === "key" ? "VS Code asks for the key once and keeps it out of the file." : signIn,
    })),
  );
}

const editorPlaces = [
  { client: "cursor", title: "Cursor", place: "`~/.cursor/mcp.json`", member: "url" },
  {
    client: "windsurf",
    title: "Windsurf",
    place: "`~/.codeium/windsurf/mcp_config.json`",
    member: "serverUrl",
  },
] as const;

function editors(url: string, headers: Readonly<Record<string, string>>): readonly ConnectForm[] {
  return editorPlaces.flatMap(({ client, title, place, member }): readonly ConnectForm[] => {
    const form = { client, title, place, language: "json" } as const;
    const entry = { [member]: url };
    return [
      {
        ...form,
        by: "key",
        text: json({ mcpServers: { sluice: { ...entry, headers } } }),
        reach: "any",
        note: null,
      },
      {
        ...form,
        by: "oauth",
        text: json({ mcpServers: { sluice: entry } }),
        reach: "https",
        note: signIn,
      },
    ];
  });
}

function json(value: object): string {
  return JSON.stringify(value, null, 2);
}

/** As a shell reads back to the same text, whatever an address or a key has in it. */
function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return /^[\w@%+=:,./ …-]+$/.test(text) ? `"${text}"` : `'${text.replaceAll("'", `'\\''`)}'`;
}
