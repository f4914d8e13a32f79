/** What an operator has asked for cannot be: an option, a table that is none of ours. For the caller, without a stack. */
export class OperatorsError extends Error {
  override readonly name = "OperatorsError";
}
