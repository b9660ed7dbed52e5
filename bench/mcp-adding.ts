// The tool that every server of bench/mcp.ts has twenty of.
import { z } from "zod";

export const toolCount = 20;

export const Input = z.object({
  a: z.int().min(0).max(1_000_000),
  b: z.int().min(0).max(1_000_000),
  note: z.string().max(200).optional(),
});
export const Output = z.object({ sum: z.int() });

export const does = "Adds two numbers. A note may go with them.";

export function toolName(i: number): string {
  return `tool_${i}`;
}
