#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# install_krita.sh [DIR]: the Kritas of the host tests. Debian 12's 5.1.5 with a virtual screen from
# apt, and in the folder DIR (default ~/.cache/mattebrush-ci/hosts/krita52) Debian 13 with 5.2.9.
# Needs Debian 12 and root. What is there already is left alone.
set -euo pipefail
dir=${1:-$HOME/.cache/mattebrush-ci/hosts/krita52}
apt_get() { apt-get -o DPkg::Lock::Timeout=600 "$@"; }

# PyQt6 is what Krita 6 brings; beside Krita 5 it must not be taken.
packages="krita python3-pyqt5 python3-sip python3-pyqt6 xvfb xdotool openbox imagemagick x11-utils
  xauth dbus dbus-x11 adwaita-icon-theme fonts-dejavu-core mmdebstrap"
# shellcheck disable=SC2086 - several names
if ! dpkg-query --show $packages >/dev/null 2>&1; then
  apt_get update -q
  apt_get install -y -q --no-install-recommends $packages
fi

[ -e "$dir/.complete" ] && exit 0
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | sort -u | head -1)
rm -rf --one-file-system "$dir"
mkdir -p "$(dirname "$dir")"
mmdebstrap --quiet --variant=apt --mode=root \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
  --aptopt=Apt::Install-Recommends=false \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --include=krita,python3-pyqt5,dbus,dbus-x11,adwaita-icon-theme,fonts-dejavu-core \
  trixie "$dir" "$mirror"
touch "$dir/.complete"
