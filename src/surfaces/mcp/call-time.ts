/** How long a call may take over MCP. */
export const callMsMax = 120_000;
