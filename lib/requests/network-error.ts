/** As Node has them, so that who repeats requests after an error of Node's client does so after this. */
export const networkError = (kind: NetworkErrorKind, message: string): Error =>
  Object.assign(new Error(message), { code: kind }, kind === "ETIMEDOUT" ? { name: "TimeoutError" } : {});

type NetworkErrorKind = "ECONNRESET" | "ETIMEDOUT";
