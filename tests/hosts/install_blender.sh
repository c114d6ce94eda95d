#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# install_blender.sh [DIR]: the Blenders of the host tests. Debian's 3.4.1 with a virtual screen
# from apt, and in DIR (default ~/.cache/mattebrush-ci/hosts/blender) one virtual environment for
# each bpy wheel, and in DIR/window the 5.2 of Debian's unstable branch, with its window. Needs
# Debian 12, root, and Pythons 3.11 and 3.13 (on PATH or in pyenv). What is there already is left
# alone.
set -euo pipefail
dir=${1:-$HOME/.cache/mattebrush-ci/hosts/blender}
wheels="4.2.23:3.11 4.5.15:3.11 5.0.1:3.11 5.2.3:3.13"

apt_get() { apt-get -o DPkg::Lock::Timeout=600 "$@"; }
packages="blender python3-numpy xvfb xdotool imagemagick libgl1-mesa-dri mmdebstrap
  libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1"
if ! dpkg-query --show $packages >/dev/null 2>&1; then
  apt_get update -q
  apt_get install -y -q --no-install-recommends $packages
fi

python_of() {
  local candidate
  # pyenv's own python3.13 on PATH may be a stand-in that only prints advice: try each.
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1."*/bin/python; do
    if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  echo "Python $1 is not here; its bpy wheel needs exactly it: pyenv install $1" >&2
  return 1
}

mkdir -p "$dir"
for wheel in $wheels; do
  version=${wheel%:*} python=${wheel#*:}
  venv=$dir/$(cut -d. -f1,2 <<<"$version")
  [ "$(cat "$venv/.complete" 2>/dev/null)" = "$version" ] && continue
  rm -rf "$venv"
  interpreter=$(python_of "$python")
  "$interpreter" -m venv "$venv"
  "$venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check "bpy==$version"
  echo "$version" >"$venv/.complete"
done

window=$dir/window
[ -e "$window/.complete" ] && exit 0
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | sort -u | head -1)
rm -rf --one-file-system "$window"
mmdebstrap --quiet --variant=apt --mode=root \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
  --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
  --aptopt=Apt::Install-Recommends=false \
  --aptopt='Acquire::Check-Valid-Until "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --include=blender,python3-numpy,python3-cattr,libgl1,libgl1-mesa-dri,libegl1 \
  sid "$window" "deb [check-valid-until=no] $mirror sid main"
version=$(chroot "$window" blender --version | sed -n 's/^Blender //p')
case $version in
5.2.*) ;;
*) echo "Debian's unstable branch has Blender $version now: the window tests are for 5.2" ;;
esac
echo "$version" >"$window/.complete"
