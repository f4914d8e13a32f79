/**
 * For mocha's --require. Tests end inside of handlers, where they call `done`: what follows must not run in the turn of
 * the test before. And `done` counts once, since a connection listener that calls it is replayed.
 */
const { AsyncResource } = require("node:async_hooks");
const { Runnable } = require("mocha");

const outside = new AsyncResource("outside of any turn");
const original = Runnable.prototype.run;

Runnable.prototype.run = function run(callback) {
  const { fn } = this;
  if (fn?.length > 0) {
    this.fn = function body(done) {
      let isDone = false;
      return fn.call(this, (error) => {
        if (isDone && error === undefined) return;
        isDone = true;
        outside.runInAsyncScope(done, undefined, error);
      });
    };
  }
  original.call(this, callback);
};
