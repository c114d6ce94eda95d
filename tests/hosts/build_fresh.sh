#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build_fresh.sh [DIR]: what a desktop has beside its GIMP or Krita, for tests/hosts/test_fresh.py:
# certificates (with those that this machine's administrator added) and a file manager
# that unpacks zips. DIR (default ~/.cache/mattebrush-ci/hosts) must hold gimp3 and krita52; each
# gets a layer beside it, DIR/NAME-desktop, to be mounted over it. What is there already is left.
set -euo pipefail
dir=${1:-$HOME/.cache/mattebrush-ci/hosts}

layer() { # layer NAME PACKAGES: what installing them over the folder NAME writes
  local base=$dir/$1 upper=$dir/$1-desktop
  shift
  [ -e "$upper/.complete" ] && return
  rm -rf --one-file-system "$upper" "$upper.work"
  mkdir -p "$upper" "$upper.work/work" "$upper.work/root"
  unshare --mount bash -euo pipefail -s "$base" "$upper" "$@" <<'INSIDE'
base=$1 upper=$2 root=$2.work/root
shift 2
mount -t overlay overlay -o "lowerdir=$base,upperdir=$upper,workdir=$upper.work/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
cp /etc/resolv.conf "$root/etc/resolv.conf"
mkdir -p "$root/usr/local/share/ca-certificates"
find /usr/local/share/ca-certificates -name '*.crt' \
  -exec cp -t "$root/usr/local/share/ca-certificates" {} +
export DEBIAN_FRONTEND=noninteractive
# A mirror that is kept as it was on one day has outlived its own dates.
within() { chroot "$root" apt-get -qq -o Acquire::Check-Valid-Until=false "$@"; }
within update
within install --yes --no-install-recommends "$@" >/dev/null
within clean
rm -rf "$root"/var/lib/apt/lists/*
INSIDE
  rm -rf "$upper.work"
  touch "$upper/.complete"
}

layer gimp3 ca-certificates thunar thunar-archive-plugin xarchiver unzip
layer krita52 ca-certificates thunar thunar-archive-plugin xarchiver unzip
