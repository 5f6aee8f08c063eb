#!/bin/sh
# What the tests need of the system: PostgreSQL with PostGIS, and Chromium. Installed when missing and when we may
# (root, or sudo without a password); else one line tells which packages are missing, and the tests do not begin.
set -eu

missing=""
for file in /usr/lib/postgresql/*/bin/initdb; do
  [ -x "$file" ] || missing="$missing postgresql"
  break
done
for file in /usr/share/postgresql/*/extension/postgis.control; do
  [ -f "$file" ] || missing="$missing postgresql-postgis"
  break
done
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" != 0 ]; then
  as_root="sudo -n"
  if ! $as_root true 2>/dev/null; then
    echo "The tests need packages that only an administrator can install: apt-get install$missing" >&2
    exit 1
  fi
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need what Debian calls$missing, and there is no apt-get here to install it" >&2
  exit 1
fi
echo "Installing for the tests (once):$missing"
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
