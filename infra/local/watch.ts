import { existsSync, watch, type FSWatcher } from "node:fs";
import path from "node:path";

const SETTLE_MS = 60;

/** Calls `onChange` a moment after one of the files has changed. `files` is asked again after every change. */
export function watchFiles(files: () => readonly string[], onChange: () => Promise<void>): () => void {
  let watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const observe = () => {
    const watched = new Set(files());
    // Directories, because editors replace files instead of writing into them.
    const directories = new Set([...watched].map((file) => path.dirname(file)));
    for (const directory of directories) {
      // A folder that was deleted meanwhile; the next change finds it again.
      if (!existsSync(directory)) continue;
      const watcher = watch(directory, (_, name) => {
        if (name === null || watched.has(path.join(directory, name))) changed();
      });
      watcher.on("error", () => {});
      watchers.push(watcher);
    }
  };
  const close = () => {
    for (const watcher of watchers) watcher.close();
    watchers = [];
  };
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      close();
      void onChange().finally(() => {
        if (!stopped) observe();
      });
    }, SETTLE_MS);
  };

  observe();
  return () => {
    stopped = true;
    clearTimeout(timer);
    close();
  };
}
