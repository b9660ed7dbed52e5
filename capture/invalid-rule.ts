/** A rule that cannot be compiled. Message and pointer are for whoever wrote it. */
export class InvalidRule extends Error {
  /** JSON Pointer (RFC 6901) of the offending place in the rule, or in the list of rules. */
  readonly pointer: string;

  constructor(pointer: string, message: string) {
    super(message);
    this.name = "InvalidRule";
    this.pointer = pointer;
  }
}

/** Runs `compile`; where a rule turns out to be invalid below, the pointer begins with where that is. */
export function at<T>(pointer: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (error instanceof InvalidRule) throw new InvalidRule(`${pointer}${error.pointer}`, error.message);
    throw error;
  }
}
