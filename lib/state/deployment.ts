/** What a process outside of the stack, an emitter, must know of it and cannot guess. */
export interface DeploymentStore {
  saveDeployment(deployment: DeploymentRecord): Promise<void>;
  getDeployment(): Promise<DeploymentRecord | undefined>;
}

export interface DeploymentRecord {
  /** Of the queue; absent in direct ordering. */
  readonly mailboxUrl?: string;
  /** The name of the inbox function; absent unless in direct ordering. */
  readonly inboxFunction?: string;
  readonly savedAtMs: number;
}
