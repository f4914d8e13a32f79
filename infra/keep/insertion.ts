/** Text that is put into a file; in the place of what is between `start` and `end`, where these differ. Offsets are the file's own. */
export interface Insertion {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Of two at one place the one that comes later has more: it is around the other. */
  readonly depth: number;
}

/** Behind a node. */
export const after = (node: Spot, text: string, depth = 0): Insertion => {
  const at = node.getEnd();
  return { file: node.getSourceFile().fileName, start: at, end: at, text, depth };
};

/** Before a node. */
export const before = (node: Spot, text: string, depth = 0): Insertion => {
  const at = node.getStart();
  return { file: node.getSourceFile().fileName, start: at, end: at, text, depth };
};

/** In the place of a node. */
export const instead = (node: Spot, text: string): Insertion => ({
  file: node.getSourceFile().fileName,
  start: node.getStart(),
  end: node.getEnd(),
  text,
  depth: 0,
});

/** Around a node; outside of all that is put into it. */
export const around = (node: Spot, opening: string, closing: string): readonly Insertion[] => [
  before(node, opening, 9),
  after(node, closing, 9),
];

interface Spot {
  getStart(): number;
  getEnd(): number;
  getSourceFile(): { readonly fileName: string };
}
