/** What has happened since the start, as `LocalRuntime.stats()` shows it. */
export class Counters {
  kills = 0;
  coldStarts = 0;
  posts = 0;
  redeliveries = 0;
  deadLetters = 0;
  readonly pidsBySid = new Map<string, Set<number>>();
  #lastPid = new Map<string, number>();

  /** A process runs packets of a session. */
  remember(sid: string, pid: number): void {
    const pids = this.pidsBySid.get(sid);
    if (pids === undefined) this.pidsBySid.set(sid, new Set([pid]));
    else pids.add(pid);
    this.#lastPid.set(sid, pid);
  }

  wasLast(sid: string, pid: number): boolean {
    return this.#lastPid.get(sid) === pid;
  }
}
