/** A request to AWS: which, and its parameters as the documentation of the service's API has them. */
export abstract class Command<Input extends object, Output extends object> {
  abstract readonly service: Service;
  /** As the API calls it: `PutItem`. */
  abstract readonly action: string;
  readonly input: Input;
  /** Of the answer; never there at run time. */
  declare readonly output: Output;

  constructor(input: Input) {
    this.input = input;
  }
}

export type Service = "dynamodb" | "sqs" | "lambda";

/** Whoever makes requests of AWS: requests signed by hand, or the SDK. */
export interface AwsClient {
  /**
   * Resolves with the answer. A request that got none, or one that may get better, has been repeated by then. Rejects
   * with an error of the name that AWS gave it, `ConditionalCheckFailedException`, its members beside.
   */
  send<Input extends object, Output extends object>(command: Command<Input, Output>): Promise<Output>;
  /** Rejects where nothing says which. */
  region(): Promise<string>;
  /** Closes the connections that it has kept. */
  destroy(): void;
}

/** Whether a request was refused under that name. */
export const isRefusedAs = (error: unknown, name: string): error is Error =>
  error instanceof Error && error.name === name;
