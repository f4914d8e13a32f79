/** Something the caller gave is wrong; the message is for them, without a stack. */
export class CostError extends Error {
  override readonly name = "CostError";
}
