/** What the person at the keyboard has to change: its message says what was expected and what came. */
export class LocalError extends Error {}
