#!/bin/sh
# Installs Debian packages, as arguments, when we may (root, or sudo without a password).
# Else one line tells which are missing, and this fails.
set -eu

as_root=""
if [ "$(id -u)" != 0 ]; then
  as_root="sudo -n"
  if ! $as_root true 2>/dev/null; then
    echo "Only an administrator can install what is missing: apt-get install $*" >&2
    exit 1
  fi
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "There is no apt-get here to install what Debian calls: $*" >&2
  exit 1
fi
echo "Installing (once): $*"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
