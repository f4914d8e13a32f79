"""A function's module is found as .js and .mjs, not as .cjs.

AWS's runtime looks for all three: a bundle of CommonJS says by its name what it is, wherever it lies.
"""

import ministack.core.lambda_runtime as runtime

LOOKS_FOR = 'const mjsPath = fullPath + ".mjs";'
LOOKS_ON = """const mjsPath = [".mjs", ".cjs"].map((extension) => fullPath + extension)
              .find((file) => fs.existsSync(file)) || fullPath + ".mjs";"""


def is_needed():
    return LOOKS_FOR in runtime._NODEJS_WORKER_SCRIPT and '".cjs"' not in runtime._NODEJS_WORKER_SCRIPT


def apply():
    runtime._NODEJS_WORKER_SCRIPT = runtime._NODEJS_WORKER_SCRIPT.replace(LOOKS_FOR, LOOKS_ON)
