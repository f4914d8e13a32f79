#!/usr/bin/env bash
# osls 4.3.1: `serverless deploy` does not see a function's `package.artifact` unless the function also says `individually`.
#
# `package.artifact` on a function names the archive that is uploaded for it, and `serverless package` takes it, without
# building anything. One would have guessed that `serverless deploy` of the same service deploys that archive. It ends before
# its first call with "No NAME.zip file found in the package path you provided": where `individually` is not set on the
# function or the service, the check before a deployment looks for the archive of the whole service, which a service whose
# functions all have artifacts never builds.
#
# It matters to whoever builds archives with a tool of their own, and to plugins: a service that passes `package` in CI fails at
# its first deployment. Nothing is called here: the endpoint is a closed port.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund osls@4.3.1
# An archive with nothing in it: the end of a central directory.
printf 'PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >hello.zip

deploy() {
  cat >serverless.yml <<YAML
service: finding
provider: { name: aws, runtime: nodejs24.x }
functions:
  hello: { handler: hello.handler, package: { artifact: hello.zip$1 } }
YAML
  env -u AWS_PROFILE AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1 AWS_EC2_METADATA_DISABLED=true \
    AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none SLS_NOTIFICATIONS_MODE=off npx osls "$2" 2>&1 || true
}

packaged=$(deploy "" package)
artifact=$(deploy "" deploy)
individually=$(deploy ", individually: true" deploy)
summary() { grep -oE "Service packaged|No [a-z]+\.zip file found|ECONNREFUSED" <<<"$1" | head -1 || true; }
echo "package, artifact:                    $(summary "$packaged")"
echo "deploy, artifact:                     $(summary "$artifact")"
echo "deploy, artifact and individually:    $(summary "$individually")"
[[ $(summary "$packaged") == "Service packaged" && $(summary "$artifact") == "No finding.zip file found" &&
  $(summary "$individually") == ECONNREFUSED ]]
