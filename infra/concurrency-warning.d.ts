export declare function warnOfConcurrency(
  serverless: {
    readonly service: { getFunction(name: string): object };
  },
  log: { warning(text: string): void },
  ask?: () => Promise<number | undefined>,
): Promise<void>;
