import { fork } from "node:child_process";

export interface Guard {
  watch(pid: number): void;
  forget(pid: number): void;
  stop(): Promise<void>;
}

/** Starts the process that ends frozen instances when this one dies without a chance to. */
export function startGuard(guardFile: string): Guard {
  const child = fork(guardFile, [], { env: {}, execArgv: [], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const tell = (message: { watch?: number; forget?: number }) => {
    if (child.connected) child.send(message, () => {});
  };
  return {
    watch: (pid) => tell({ watch: pid }),
    forget: (pid) => tell({ forget: pid }),
    stop: () => {
      child.kill("SIGKILL");
      return ended;
    },
  };
}
