const { readFile } = require("node:fs/promises");
const path = require("node:path");

/** The text of the edge's function: of a `.js` file itself, the framework would take what it exports. */
module.exports = () => readFile(path.join(__dirname, "choose-origin.js"), "utf8");
