#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build_darktable.sh DIR: today's darktable (Debian's unstable branch, 5.4 or later: Debian 12's 4.2
# and 13's 5.0 know no external raster masks) in the folder DIR, for the host tests. Needs Debian 12
# or later and root. Does nothing when DIR is already complete; says which version it has.
set -euo pipefail
dir=$1
if [ ! -e "$dir/.complete" ]; then
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | sort -u | head -1)
  apt_get() { apt-get -o DPkg::Lock::Timeout=600 "$@"; }
  command -v mmdebstrap >/dev/null || apt_get install -y --no-install-recommends mmdebstrap
  rm -rf --one-file-system "$dir"
  mkdir -p "$(dirname "$dir")"
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  # A mirror of the branch may lag by some days.
  mmdebstrap --quiet --variant=apt --mode=root \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --aptopt=Apt::Install-Recommends=false \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --include=darktable sid "$dir" \
    "deb [signed-by=$keys check-valid-until=no] $mirror sid main"
  rm -rf "$dir"/var/cache/apt/archives/*.deb
  chroot "$dir" dpkg-query -W -f '${Version}\n' darktable > "$dir/.complete.new"
  mv "$dir/.complete.new" "$dir/.complete"
fi
echo "darktable of Debian's unstable branch: $(cat "$dir/.complete")"
