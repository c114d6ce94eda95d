#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A browser for the tests of the server's page, unless this machine has one already.
set -euo pipefail

if command -v chromium >/dev/null; then
  exit 0
fi
if [ "$(id -u)" -eq 0 ]; then as_root=(); else as_root=(sudo); fi
apt_get=(apt-get -qq -o DPkg::Lock::Timeout=300)
"${as_root[@]}" "${apt_get[@]}" update
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" "${apt_get[@]}" install --yes \
  --no-install-recommends chromium fonts-dejavu-core >/dev/null
chromium --version
