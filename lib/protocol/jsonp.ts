/**
 * Polling by script tags, for browsers older than CORS: answers are calls of a function of the client, and what it
 * sends is a field of a form.
 */

/** `j` of the query names the function's index; what is no digit in it is dropped, so nobody can inject a script. */
export function toScript(index: string, payload: string): string {
  // JSON, and JavaScript of before 2019: in its strings, these two ended the line.
  const text = JSON.stringify(payload).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
  return `___eio[${index.replace(/[^0-9]/g, "")}](${text});`;
}

/** The payload in the form's field `d`; undefined without one, or with several. */
export function fromForm(body: string): string | undefined {
  const [payload, ...others] = new URLSearchParams(body).getAll("d");
  if (payload === undefined || others.length > 0) return undefined;
  // Browsers make `\r\n` of a newline in a form, so the client writes `\n` for it, and `\\n` for what was that.
  return payload.replace(/(\\)?\\n/g, (_, escaped) => (escaped ? "\\n" : "\n"));
}
