#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the server's remove.bg API is tested with beside Python and curl: Node with the npm packages
# remove.bg and axios, Ruby and PHP.
set -euo pipefail

folder=${XDG_CACHE_HOME:-$HOME/.cache}/mattebrush-ci/node
packages=()
command -v npm >/dev/null || packages+=(nodejs npm)
command -v ruby >/dev/null || packages+=(ruby)
command -v php >/dev/null && php -r 'exit(extension_loaded("curl") ? 0 : 1);' ||
  packages+=(php-cli php-curl)
if [ "${#packages[@]}" -gt 0 ]; then
  if [ "$(id -u)" -eq 0 ]; then as_root=(); else as_root=(sudo); fi
  apt_get=(apt-get -qq -o DPkg::Lock::Timeout=300)
  "${as_root[@]}" "${apt_get[@]}" update
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" "${apt_get[@]}" install --yes \
    --no-install-recommends "${packages[@]}" >/dev/null
fi
if [ -d "$folder/node_modules/axios" ]; then
  exit 0
fi
mkdir -p "$folder"
npm install --prefix "$folder" --no-save --no-audit --no-fund --silent remove.bg axios form-data
