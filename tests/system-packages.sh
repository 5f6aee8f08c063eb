#!/bin/sh
# What the tests need of the system: PostgreSQL with PostGIS, Chromium, and wrk. Installed when missing.
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
command -v wrk >/dev/null 2>&1 || missing="$missing wrk"
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086
exec sh "$(dirname "$0")/../system-packages.sh" $missing
