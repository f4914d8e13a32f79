/**
 * Makes an element: `h("button.quiet", { type: "button", onclick }, "Repeat")`. Strings become text, never markup.
 *
 * @param {string} selector a tag and its classes
 */
export function h(selector, properties = {}, ...children) {
  const [tag, ...classes] = selector.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) set(element, name, value);
  element.append(
    ...children.flat().filter((child) => child !== undefined && child !== false && child !== null),
  );
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

export const icon = (name) =>
  svg("svg", { "aria-hidden": "true", class: "icon" }, svg("use", { href: `#${name}` }));

function set(element, name, value) {
  if (value === undefined || value === false) return;
  if (name === "hue") element.style.setProperty("--hue", String(value));
  else if (name.startsWith("on")) element[name] = value;
  else if (name === "dataset") Object.assign(element.dataset, value);
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** The same colour for the same name, in every window. */
export function hueOf(name) {
  let hash = 2166136261;
  for (const character of String(name)) hash = Math.imul(hash ^ character.charCodeAt(0), 16777619);
  // Neighbours, as pids are, must not look alike.
  return Math.round(((hash >>> 0) * 137.508) % 360);
}

export const pidChip = (pid) => h("span.pid", { hue: hueOf(pid) }, String(pid));
export const sessionChip = (tag) =>
  h("span.session", { hue: hueOf(tag), title: `session ${tag}` }, tag.slice(0, 6));

export const formatMs = (ms) =>
  ms === undefined
    ? ""
    : ms < 10
      ? `${ms.toFixed(1)} ms`
      : ms < 1000
        ? `${Math.round(ms)} ms`
        : `${(ms / 1000).toFixed(1)} s`;

/** `23:07:04.321` */
export function formatTime(ms) {
  const time = new Date(ms);
  const two = (value) => String(value).padStart(2, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

export function formatAge(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export const formatBytes = (bytes) => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`);
export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
