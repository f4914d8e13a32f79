/**
 * The longest frame a client can send. Past it API Gateway closes the connection with 1009, and clients send each
 * message as one frame, so this is also the longest message.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
 */
export const MAX_INBOUND_FRAME_BYTES = 32_768;

/**
 * The longest frame a server can post; `PostToConnection` answers 413 past it. Same page as above, and `Data` in
 * https://docs.aws.amazon.com/apigatewaymanagementapi/latest/APIReference/API_connections__connectionId_.html
 */
export const MAX_POST_BYTES = 131_072;

/** Attachments of one binary packet: the default of socket.io-parser since 4.2.6, on both sides. */
export const MAX_ATTACHMENTS = 10;

/** A namespace's name, in UTF-8. Ours: it is part of keys, and keys are paid for and finite. */
export const MAX_NAMESPACE_BYTES = 128;

/** Whether a namespace may exist. One that may not is answered like one that is unknown. */
export const fitsNamespaceLimit = (nsp: string): boolean => Buffer.byteLength(nsp) <= MAX_NAMESPACE_BYTES;
