import type { Entry } from "./document.ts";
import type { Kind, KindSecret } from "./kind.ts";
import type { Live } from "./live.ts";

/** One thing to do, on one record. `fields` are those to send, `view` is what the server said would come of it. */
export type Step = { readonly kind: Kind; readonly key: string } & (
  | {
      readonly do: "create";
      /** Another record, which brings this one; null = it is made by itself. */
      readonly comesWith: string | null;
      readonly fields: Entry;
      readonly later: Entry;
      /** Secrets, which are never shown. */
      readonly madeWith: Entry;
      readonly secrets: readonly Given[];
    }
  | {
      readonly do: "update";
      readonly live: Live;
      readonly fields: Entry;
      readonly view: Entry;
      readonly secrets: readonly Given[];
    }
  /** One that another step brings has to be looked for by then. */
  | { readonly do: "remove"; readonly live: Live | undefined }
);

/** A secret that is not stored yet, and the text that the environment has for it. */
export type Given = { readonly secret: KindSecret; readonly text: string };
