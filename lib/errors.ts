/**
 * The base of every error that nonsticky raises on purpose. A bug or an outage is never wrapped in one.
 *
 * `code` is dotted, layer first (`protocol.bad_attachment_count`), and is the heading of its paragraph in
 * `docs/errors.md`. `evidence` holds what was seen, never a whole event, a payload or a token.
 * `expose` is true when `message` may be shown to a client.
 */
export abstract class NonstickyError extends Error {
  readonly code: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly expose: boolean;

  constructor(
    code: string,
    message: string,
    options: { evidence?: Record<string, unknown>; expose?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.evidence = options.evidence ?? {};
    this.expose = options.expose ?? false;
  }
}

/** A setting the operator or the app's author wrote is wrong: an option, an environment variable, a module. */
export class ConfigError extends NonstickyError {}
