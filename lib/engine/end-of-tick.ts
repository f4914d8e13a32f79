/** Resolves when all that needs no I/O is done: promises that can settle have settled. */
export const endOfTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Resolves with what the action resolves with, or returns, which begins then. */
export const atEndOfTick = <T>(action: () => Promise<T> | T): Promise<T> =>
  new Promise((resolve, reject) => {
    process.nextTick(() => {
      try {
        resolve(action());
      } catch (error) {
        reject(error);
      }
    });
  });
