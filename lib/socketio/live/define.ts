/** Also a key that is called `__proto__`. */
export const define = (target: object, key: string, value: unknown): void =>
  void Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true });
