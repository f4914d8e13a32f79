/** Packets of one polling body are joined by the record separator, which JSON text never contains as it is. */
const SEPARATOR = "\x1e";

/**
 * The frames of a POST, or of an answer to a GET, as text.
 * @see https://socket.io/docs/v4/engine-io-protocol/#http-long-polling
 */
export const splitPayload = (payload: string): string[] => payload.split(SEPARATOR);

export const joinPayload = (frames: readonly string[]): string => frames.join(SEPARATOR);
