// What is known not to pass, each with its reason. An entry must fail: one that passes by now fails the run, too.

export interface Known {
  readonly attribution?: string;
  readonly bytes?: string;
}

export const KNOWN: Readonly<Record<string, Known>> = {};
