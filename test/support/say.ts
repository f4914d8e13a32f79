/** Numbers that a reader of the test's output wants to see, whether or not it passes. */
export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
