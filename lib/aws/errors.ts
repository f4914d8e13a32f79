import { NonstickyError } from "../errors.ts";

/**
 * What AWS handed over, or answered, is not what this project deploys. Codes and their one consequence:
 *
 * - `aws.bad_letter` — a message body that nobody of ours wrote: logged, the message is dropped.
 * - `aws.letter_failed` — in direct ordering, the turn of a letter failed: thrown, so that Lambda invokes it again.
 * - `aws.http_unanswered` — a route that has not answered when its invocation ends: logged, answered 504.
 * - `aws.no_sid` — an event without the authorizer's context: logged, answered 200.
 * - `aws.post_refused` — `@connections` answered 400 or 403: the turn fails, which the alarm on errors shows.
 * - `aws.no_deployment` — an emitter's first letter, and the table does not say where the mailbox is: thrown.
 * - `aws.table_missing`, `aws.queue_missing`, `aws.function_missing`, `aws.access_denied`, `aws.bad_credentials`,
 *   `aws.hot_key`, `aws.account_limit`, `aws.table_limit`, `aws.unreachable` — a request failed for a reason that an operator has to remove: the turn, request or invocation
 *   fails.
 * - `aws.fan_out_failed` — a part of a large broadcast broke off: logged by `core.broadcast_part_lost`, which it causes.
 * - `aws.bad_emit` — an event that is no `{ event, args, … }`: the message of a queue fails, an invocation throws.
 */
export class AwsError extends NonstickyError {}
