#!/bin/sh
# Installs the outside clients that the suites drive: @stomp/stompjs, webstomp-client, @stomp/rx-stomp, stompjs with
# sockjs-client, and stompit for Node, stomp.py and wsproto for Python; builds the programs on Spring's client for Java,
# so that the tests need no Maven.
# Called before the tests; does nothing where neither lock files nor Java have changed since.
set -eu
cd "$(dirname "$0")"

# done_for MARK FILE...
done_for() {
  mark=$1
  shift
  [ -f "$mark" ] && [ "$(cat "$mark")" = "$(sha256sum "$@")" ]
}

for client in stompjs webstomp rxstomp sockjs stompit; do
  if ! done_for $client/node_modules/.installed $client/package-lock.json; then
    (cd $client && npm ci --no-audit --no-fund --ignore-scripts --omit=optional)
    (sha256sum $client/package-lock.json) > $client/node_modules/.installed
  fi
done

for client in stomppy wsproto; do
  if ! done_for $client/.venv/.installed $client/requirements.txt; then
    rm -rf $client/.venv
    python3 -m venv $client/.venv
    $client/.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r $client/requirements.txt
    (sha256sum $client/requirements.txt) > $client/.venv/.installed
  fi
done

set -- spring/pom.xml spring/src/main/java/clients/*.java
if ! done_for spring/target/.built "$@"; then
  rm -rf spring/target
  (cd spring && mvn -q -B -C package)
  sha256sum "$@" > spring/target/.built
fi
