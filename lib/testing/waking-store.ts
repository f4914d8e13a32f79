import type { Store } from "../state/store.ts";

/**
 * Tells of every write that a parked GET may be waiting for. A deployed one has to look again and again; here it looks
 * when there is something to see.
 */
export function wakeOnOutbox<Given extends Store>(store: Given, wake: () => void): Given {
  const thenWake =
    <Args extends unknown[], Result>(write: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      const result = await write(...args);
      wake();
      return result;
    };
  return {
    ...store,
    appendOutbox: thenWake(store.appendOutbox),
    closeOutbox: thenWake(store.closeOutbox),
    deleteOutbox: thenWake(store.deleteOutbox),
    startProbe: thenWake(store.startProbe),
    moveOutbox: thenWake(store.moveOutbox),
    openGet: thenWake(store.openGet),
  };
}
