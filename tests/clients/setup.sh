#!/bin/sh
# Installs the outside clients that the suites drive: @stomp/stompjs for Node, stomp.py for Python.
# Called before the tests; does nothing where the lock files have not changed since.
set -eu
cd "$(dirname "$0")"

done_for() { [ -f "$1" ] && [ "$(cat "$1")" = "$(sha256sum "$2")" ]; }

if ! done_for stompjs/node_modules/.installed stompjs/package-lock.json; then
  (cd stompjs && npm ci --no-audit --no-fund --ignore-scripts)
  (sha256sum stompjs/package-lock.json) > stompjs/node_modules/.installed
fi

if ! done_for stomppy/.venv/.installed stomppy/requirements.txt; then
  rm -rf stomppy/.venv
  python3 -m venv stomppy/.venv
  stomppy/.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r stomppy/requirements.txt
  (sha256sum stomppy/requirements.txt) > stomppy/.venv/.installed
fi
