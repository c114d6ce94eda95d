#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The npm package remove.bg, a client that the server's remove.bg API is tested with, and Node.
set -euo pipefail

folder=${XDG_CACHE_HOME:-$HOME/.cache}/mattebrush-ci/node
if [ -d "$folder/node_modules/remove.bg" ] && command -v node >/dev/null; then
  exit 0
fi
if ! command -v npm >/dev/null; then
  if [ "$(id -u)" -eq 0 ]; then as_root=(); else as_root=(sudo); fi
  apt_get=(apt-get -qq -o DPkg::Lock::Timeout=300)
  "${as_root[@]}" "${apt_get[@]}" update
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" "${apt_get[@]}" install --yes \
    --no-install-recommends nodejs npm >/dev/null
fi
mkdir -p "$folder"
npm install --prefix "$folder" --no-save --no-audit --no-fund --silent remove.bg
