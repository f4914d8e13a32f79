#!/usr/bin/env bash
# @aws-sdk/client-dynamodb 3.1164.0: why a request was throttled is declared as `ThrottlingReasons` of two exceptions, and as
# `throttlingReasons` of the third, which is the one that tables billed by the request throw.
#
# The three are documented side by side with the same list of reasons; one would have guessed that `error.ThrottlingReasons` is
# there whichever it is. A `ThrottlingException` is modelled with a small letter, so it does not compile, and in JavaScript
# finds nothing: whatever spelling the wire has is what the error has.
#
# It matters to whoever tells a hot key from an account's limit: read both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @aws-sdk/client-dynamodb@3.1164.0 typescript@6.0.3 @types/node@20.19.25
for name in ProvisionedThroughputExceededException RequestLimitExceeded ThrottlingException; do
  for field in ThrottlingReasons throttlingReasons; do
    echo "import type { $name } from \"@aws-sdk/client-dynamodb\"; export const f = (e: $name) => e.$field;" >of.ts
    errors=$(npx tsc --noEmit --strict --skipLibCheck --module nodenext --target es2022 --types node of.ts || true)
    echo "$name.$field: $(grep -oE "error TS[0-9]+" <<<"$errors" || echo compiles)"
  done
done | tee seen
diff seen - <<'SEEN'
ProvisionedThroughputExceededException.ThrottlingReasons: compiles
ProvisionedThroughputExceededException.throttlingReasons: error TS2551
RequestLimitExceeded.ThrottlingReasons: compiles
RequestLimitExceeded.throttlingReasons: error TS2551
ThrottlingException.ThrottlingReasons: error TS2551
ThrottlingException.throttlingReasons: compiles
SEEN
