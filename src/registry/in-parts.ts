type Values = Readonly<Record<string, unknown>>;

/** How a call that is larger than a server takes at once is made as several that come to the same, by the command line. */
export type InParts = {
  /** The words that progress is told in, such as `entries sent`. */
  readonly counted: string;
  /**
   * The inputs of the calls in turn, at least one: of the same input always the same ones, so that what was interrupted can be
   * done again. An input that the operation would refuse anyway is left as it is.
   *
   * @throws Failure for what no call would take
   */
  split(input: Values): readonly CallPart[];
  /** What one call would have answered. */
  join(outputs: readonly Values[]): Values;
};

export type CallPart = {
  readonly input: Values;
  /** Of what is counted. */
  readonly count: number;
};
