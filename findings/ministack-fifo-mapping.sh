#!/usr/bin/env bash
# ministack 1.5.33: the event source mapping of a FIFO queue has one batch in flight, however many message groups wait.
#
# A mapping of a FIFO queue hands each message group over in order, and different groups side by side: that is what groups
# are for. One would have guessed that an emulator with groups, which locks one while its message is in flight, runs as many
# batches as there are groups. Its mapping allows one, since its batches span groups; of a standard queue it allows several.
#
# It matters to whoever tries a handler that waits for something which a message of another group brings: on AWS it is
# answered, here it waits until the function's timeout.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet ministack==1.5.33
"$folder/python/bin/python" - <<'PYTHON' 2>/dev/null | tee "$folder/seen"
from ministack.services.lambda_svc import _sqs_esm_concurrency

print("FIFO queue, batches at once:", _sqs_esm_concurrency({}, {}, {}, {"is_fifo": True}))
print("standard queue, several at once:", _sqs_esm_concurrency({}, {}, {}, {"is_fifo": False}) > 1)
PYTHON
grep -qx "FIFO queue, batches at once: 1" "$folder/seen" && grep -qx "standard queue, several at once: True" "$folder/seen"
