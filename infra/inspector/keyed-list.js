/**
 * A list whose elements stay while what they stand for does: under a finger that presses, under the keyboard's focus, with
 * what is selected in them. An element is made anew only where its facts have changed, and then what differs is written
 * into the one that is there.
 */
export class KeyedList {
  #box;
  #known = new Map();

  constructor(box) {
    this.#box = box;
  }

  /**
   * @param {{ key: unknown, facts: string, build: () => HTMLElement }[]} items in order; `facts`: all that `build` shows
   * @returns {HTMLElement[]} their elements
   */
  show(items) {
    const known = new Map();
    for (const { key, facts, build } of items) {
      const before = this.#known.get(key);
      if (before !== undefined && before.facts !== facts) become(before.element, build());
      known.set(key, { facts, element: before?.element ?? build() });
    }
    for (const [key, { element }] of this.#known) if (!known.has(key)) element.remove();
    this.#known = known;
    const elements = [...known.values()].map(({ element }) => element);
    this.#place(elements);
    return elements;
  }

  /** Moves as few as it can: what is moved is let go of. */
  #place(elements) {
    let at = this.#box.firstElementChild;
    for (const element of elements) {
      if (at !== null && at !== element && at.nextElementSibling === element) {
        at.remove();
        at = element;
      }
      if (at === element) at = at.nextElementSibling;
      else this.#box.insertBefore(element, at);
    }
  }
}

/** Gives an element the attributes, listeners and content of another of its kind. */
export function become(old, wanted) {
  for (const { name } of [...old.attributes]) {
    // Somebody has opened it.
    if (!wanted.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) === value) continue;
    // As an attribute the page's own policy would refuse it.
    if (name === "style") old.style.cssText = wanted.style.cssText;
    else old.setAttribute(name, value);
  }
  if (old.onclick !== wanted.onclick) old.onclick = wanted.onclick;
  fill(old, [...wanted.childNodes]);
}

/** Makes `parent` hold what `wanted` are, in what it holds already as far as that is alike. */
export function fill(parent, wanted) {
  let at = parent.firstChild;
  for (const child of wanted) {
    let found = at;
    while (found !== null && !isAlike(found, child)) found = found.nextSibling;
    if (found === null) {
      parent.insertBefore(child, at);
      continue;
    }
    for (; at !== found; at = removed(at));
    if (child.nodeType !== Node.TEXT_NODE) become(found, child);
    else if (found.data !== child.data) found.data = child.data;
    at = found.nextSibling;
  }
  while (at !== null) at = removed(at);
}

function removed(node) {
  const { nextSibling } = node;
  node.remove();
  return nextSibling;
}

/** What must not become another of its kind, a button that acts least of all, says in `data-is` which one it is. */
function isAlike(one, other) {
  if (one.nodeName !== other.nodeName) return false;
  if (one.nodeType === Node.TEXT_NODE) return true;
  return one.classList[0] === other.classList[0] && one.dataset.is === other.dataset.is;
}
