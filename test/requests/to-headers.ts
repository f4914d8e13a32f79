/** The request line, and the headers by their names, of a head as it is on the wire. */
export function toHeaders(head: string): { line: string; headers: Record<string, string> } {
  const [line = "", ...headers] = head.split("\r\n");
  return {
    line,
    headers: Object.fromEntries(
      headers.map((header) => {
        const colon = header.indexOf(":");
        return [header.slice(0, colon), header.slice(colon + 1).trim()];
      }),
    ),
  };
}
