#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# install_krita.sh [DIR]: the Kritas of the host tests. Debian 12's 5.1.5 with a virtual screen from
# apt; in DIR (default ~/.cache/mattebrush-ci/hosts) a folder each for Debian 13 with 5.2, unstable
# with 5.3 (Qt 5) and experimental with 6.0 (Qt 6). Needs Debian 12 and root. What is there already
# is left alone; unstable moves, so each folder says in `.complete` which Krita it got.
set -euo pipefail
dir=${1:-$HOME/.cache/mattebrush-ci/hosts}
apt_get() { apt-get -o DPkg::Lock::Timeout=600 "$@"; }

packages="krita python3-pyqt5 python3-sip xvfb xdotool openbox imagemagick x11-utils
  xauth dbus dbus-x11 adwaita-icon-theme fonts-dejavu-core fonts-noto-cjk mmdebstrap"
# shellcheck disable=SC2086 - several names
if ! dpkg-query --show $packages >/dev/null 2>&1; then
  apt_get update -q
  apt_get install -y -q --no-install-recommends $packages
fi

mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | sort -u | head -1)

folder() { # folder NAME PACKAGES SUITE...: one Debian with its Krita
  local root=$dir/$1 include=$2
  shift 2
  [ -e "$root/.complete" ] && return
  rm -rf --one-file-system "$root"
  mkdir -p "$dir"
  # Mirrors that are kept as they were on one day have outlived their own dates.
  local suite
  for suite in "$@"; do
    echo "deb [check-valid-until=no] $mirror $suite main"
  done | mmdebstrap --quiet --variant=apt --mode=root \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
    --aptopt='Acquire::Check-Valid-Until "false"' \
    --aptopt=Apt::Install-Recommends=false \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --include="$include,dbus,dbus-x11,adwaita-icon-theme,fonts-dejavu-core" \
    "$1" "$root" -
  chroot "$root" dpkg-query --show krita >"$root/.complete"
}

folder krita52 krita,python3-pyqt5 trixie
folder krita53 krita,python3-pyqt5 sid
folder krita60 krita/experimental,krita-data/experimental,python3-pyqt6 sid experimental
