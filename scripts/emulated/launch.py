"""Starts ministack with what it lacks of AWS for this stack: one file a gap, in patches/.

Each patch begins with the reason why it is there and has two functions: `is_needed` looks whether the emulator still has
the gap, `apply` fills it. A patch that a newer release no longer needs stops the start: it is to be deleted.
"""

import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from patches import PATCHES  # noqa: E402


def main():
    # All before any is applied: two look at one function.
    idle = [patch.__name__.replace(".", "/") for patch in PATCHES if not patch.is_needed()]
    if idle:
        sys.exit(f"expected ministack to need all of its patches, got one that does without {', '.join(idle)}: delete them")
    for patch in PATCHES:
        patch.apply()
        print(f"patched: {patch.__doc__.strip().splitlines()[0]}", flush=True)
    from ministack.app import main as serve

    sys.argv[1:] = []
    # Whoever started it holds the other end, and may be killed without a word.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    serve()


if __name__ == "__main__":
    main()
