/** What a process must know of the stack and cannot guess: an emitter where its mailbox is, a poll how many there are. */
export interface DeploymentStore {
  saveDeployment(deployment: DeploymentRecord): Promise<void>;
  getDeployment(): Promise<DeploymentRecord | undefined>;
  /**
   * Counts a process that polls in the span of time with this number, and resolves with how many have been counted in it,
   * this one included, or in the span before, whichever are more. An estimate: a repetition after a lost answer MAY
   * count one twice. One write and one read, side by side; the counts expire.
   */
  countPoller(span: number): Promise<number>;
}

export interface DeploymentRecord {
  /** Of the queue; absent in direct ordering. */
  readonly mailboxUrl?: string;
  /** The name of the inbox function; absent unless in direct ordering. */
  readonly inboxFunction?: string;
  /** Of the queue that wakes timers; absent where the stack has none. */
  readonly alarmsUrl?: string;
  /** The name of the function that sends parts of large broadcasts. */
  readonly fanOutFunction?: string;
  readonly savedAtMs: number;
}
