/** What the person at the keyboard has to change: its message says what was expected and what came. */
export class LocalError extends Error {}

/** The same of the command line itself, before anything was tried. */
export class LocalUsageError extends LocalError {}
