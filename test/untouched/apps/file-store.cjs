const fs = require("fs");
const path = require("path");
const { Store } = require("express-session");

let writes = 0;

// Each session a file: what every process reaches.
module.exports = class FileStore extends Store {
  constructor(folder) {
    super();
    this.folder = folder;
  }
  fileOf(id) {
    return path.join(this.folder, encodeURIComponent(id));
  }
  get(id, done) {
    fs.readFile(this.fileOf(id), "utf8", (error, text) => {
      if (error) return error.code === "ENOENT" ? done() : done(error);
      done(null, JSON.parse(text));
    });
  }
  set(id, session, done) {
    // Whoever reads meanwhile finds the one before.
    const written = `${this.fileOf(id)}.${process.pid}.${writes++}`;
    fs.writeFile(written, JSON.stringify(session), (error) => {
      if (error) return done(error);
      fs.rename(written, this.fileOf(id), done);
    });
  }
  destroy(id, done) {
    fs.rm(this.fileOf(id), { force: true }, done);
  }
};
