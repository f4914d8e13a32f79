import type { Clock } from "../../../lib/clock.ts";
import type { Store } from "../../../lib/state/store.ts";

/** Makes an empty store that lists `pageLimit` rows a page. */
export type MakeStore = (options: {
  readonly clock: Clock;
  readonly pageLimit?: number;
}) => Store | Promise<Store>;
