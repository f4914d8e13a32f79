"""A function's requests to AWS's names reach the emulator if they go through `https.request`, and no others.

On AWS a name is resolved, whoever asks: a function may have connections of its own.
"""

import json
import os

import ministack.core.lambda_runtime as runtime

REROUTE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "reroute.cjs")


def is_needed():
    script = runtime._NODEJS_WORKER_SCRIPT
    return "https.request = " in script and "Socket.prototype" not in script


def apply():
    # Not by NODE_OPTIONS, of which the function has its own.
    runtime._NODEJS_WORKER_SCRIPT = f"require({json.dumps(REROUTE)});\n" + runtime._NODEJS_WORKER_SCRIPT
