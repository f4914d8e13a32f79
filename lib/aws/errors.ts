import { NonstickyError } from "../errors.ts";

/**
 * What AWS handed over, or answered, is not what this project deploys. Codes and their one consequence:
 *
 * - `aws.bad_letter` — a message body that nobody of ours wrote: logged, the message is dropped.
 * - `aws.letter_failed` — in direct ordering, the turn of a letter failed: thrown, so that Lambda invokes it again.
 * - `aws.no_sid` — an event without the authorizer's context: logged, answered 200.
 * - `aws.post_refused` — `@connections` answered 400 or 403: the turn fails, which the alarm on errors shows.
 */
export class AwsError extends NonstickyError {}
