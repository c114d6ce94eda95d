#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build_gimp3.sh DIR: a real GIMP 3.0 (Debian 13) with a virtual screen in the folder DIR, for the
# host tests. Needs Debian 12 or later and root. Does nothing when DIR is already complete.
set -euo pipefail
dir=$1
[ -e "$dir/.complete" ] && exit 0
apt_get() { apt-get -o DPkg::Lock::Timeout=600 "$@"; }
command -v mmdebstrap >/dev/null || apt_get install -y --no-install-recommends mmdebstrap
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | sort -u | head -1)
rm -rf --one-file-system "$dir"
mkdir -p "$(dirname "$dir")"

gimp=gimp,gir1.2-gimp-3.0,python3-gi
screen=xvfb,openbox,xdotool,dbus,dbus-x11,imagemagick,adwaita-icon-theme,fonts-dejavu-core
mmdebstrap --quiet --variant=apt --mode=root \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
  --aptopt=Apt::Install-Recommends=false \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --include=$gimp,$screen trixie "$dir" "$mirror"
touch "$dir/.complete"
