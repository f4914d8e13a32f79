import * as official from "socket.io-client";

export * from "socket.io-client";

/** The stock client with the option without which it sends bytes as binary frames, which API Gateway refuses. */
export const io = (url: string, options: Partial<official.ManagerOptions & official.SocketOptions> = {}) =>
  official.io(url, { forceBase64: true, ...options });
