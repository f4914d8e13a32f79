/** Resolves when all that needs no I/O is done: promises that can settle have settled. */
export const endOfTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
