import { z } from "zod";

const Tools = z.object({ tools: z.array(z.object({ name: z.string() })) });
const Result = z.object({ structuredContent: z.record(z.string(), z.unknown()) });
const Contents = z.object({ contents: z.tuple([z.object({ text: z.string() })]) });
const Messages = z.object({
  messages: z.tuple([z.object({ content: z.object({ type: z.literal("text"), text: z.string() }) })]),
});

export function toolNames(answer: unknown): readonly string[] {
  return Tools.parse(answer).tools.map(({ name }) => name);
}

export function structured(answer: unknown): unknown {
  return Result.parse(answer).structuredContent;
}

export function contentText(answer: unknown): string {
  return Contents.parse(answer).contents[0].text;
}

export function messageText(answer: unknown): string {
  return Messages.parse(answer).messages[0].content.text;
}
