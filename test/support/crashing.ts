/** How long an instance lives, counted in the calls it makes to the world. */
export interface Life {
  /** `store.joinRooms`, `transport.post`, … in the order they were made. */
  readonly calls: string[];
  /** The call with this number (from 1) is made, and its answer is never seen: the instance is gone by then. */
  endsAfter: number | undefined;
  /** The call with this number is refused, as in an outage; the instance lives on. */
  failsAt?: number;
  /** Hears of every call before it is made, and may end the instance with it. */
  onCall?: (name: string) => void;
}

/**
 * The port as one instance has it. After its last call nothing of that instance goes on: promises never settle, and
 * further calls are not made.
 */
export function mortal<Port extends object>(port: Port, life: Life, name: string): Port {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) =>
        call(life, `${name}.${String(key)}`, () => Reflect.apply(member, target, args));
    },
  });
}

function call(life: Life, name: string, make: () => unknown): unknown {
  if (isOver(life)) return never();
  life.calls.push(name);
  life.onCall?.(name);
  // Lists are iterables, not promises.
  if (life.calls.length === life.failsAt && name.startsWith("store.list")) throw new Error(refused(name));
  if (life.calls.length === life.failsAt) return Promise.reject(new Error(refused(name)));
  const answer = make();
  if (life.calls.length !== life.endsAfter) return answer;
  return answer instanceof Promise ? never() : answer;
}

export const isOver = ({ calls, endsAfter }: Life): boolean =>
  endsAfter !== undefined && calls.length >= endsAfter;

const never = (): Promise<never> => new Promise(() => undefined);
const refused = (name: string): string => `an outage refused ${name}`;
