#!/usr/bin/env bash
# ministack 1.5.33: a Lambda function whose module ends in .cjs cannot be invoked.
#
# AWS's runtime looks for the module of a handler as .js, .mjs and .cjs, in that order, as its interface client (aws-lambda-ric
# 3.3.0) shows; a bundler that makes CommonJS beside a package.json of modules writes the last. One would have guessed that an
# emulator that takes .js and .mjs takes that as well, the more since its own shim for functions in containers names all three.
# Its worker processes find no module, and the function answers with an error: behind an HTTP API, 502.
#
# It matters to whoever packages CommonJS for a service of modules: deployed on the emulator, none of it starts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet ministack==1.5.33
"$folder/python/bin/python" - <<'PYTHON' 2>/dev/null | tee "$folder/seen"
import io
import zipfile

from ministack.core.lambda_runtime import Worker

COMMONJS = "exports.handler = async () => 'found'"
MODULE = "export const handler = async () => 'found'"
CONFIG = {
    "Runtime": "nodejs24.x",
    "Handler": "index.handler",
    "Timeout": 10,
    "MemorySize": 128,
    "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:finding",
}

for name, text in (("index.js", COMMONJS), ("index.mjs", MODULE), ("index.cjs", COMMONJS)):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr(name, text)
    worker = Worker("finding", CONFIG, archive.getvalue())
    try:
        answer = worker.invoke({}, "1").get("result")
    except RuntimeError as error:
        answer = "Cannot find module" if "Cannot find module" in str(error) else str(error)
    finally:
        worker.kill()
    print(f"{name}: {answer}")
PYTHON
[[ $(<"$folder/seen") == $'index.js: found\nindex.mjs: found\nindex.cjs: Cannot find module' ]]
