#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# build_gimp32.sh DIR: today's GIMP 3 (Debian's unstable branch, 3.2 or later) with a virtual screen
# in the folder DIR, for the host tests. Needs Debian 12 or later and root. Does nothing when DIR is
# already complete, so that what is tested stays the same until somebody deletes the folder; it says
# which version it has, and whether the branch has a newer one by now.
set -euo pipefail
dir=$1
if [ -e "$dir/.complete" ]; then
  echo "GIMP of Debian's unstable branch: $(cat "$dir/.complete")"
  # Told, not followed: a branch that moves must not fail what was fine yesterday.
  if timeout 60 chroot "$dir" apt-get -qq update 2>/dev/null; then
    newest=$(chroot "$dir" apt-cache policy gimp | sed -n 's/ *Candidate: //p')
    [ "$newest" = "$(cat "$dir/.complete")" ] ||
      echo "The branch has $newest by now: delete $dir to test that."
  fi
  exit 0
fi
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Codename: bookworm' | sort -u | head -1)
apt_get() { apt-get -o DPkg::Lock::Timeout=600 "$@"; }
command -v mmdebstrap >/dev/null || apt_get install -y --no-install-recommends mmdebstrap
rm -rf --one-file-system "$dir"
mkdir -p "$(dirname "$dir")"

keys=/usr/share/keyrings/debian-archive-keyring.gpg
gimp=gimp,gir1.2-gimp-3.0,python3-gi
screen=xvfb,openbox,xdotool,dbus,dbus-x11,imagemagick,adwaita-icon-theme,fonts-dejavu-core
# The languages stay: translations are tested here. A mirror of the branch may lag by some days.
mmdebstrap --quiet --variant=apt --mode=root \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
  --aptopt=Apt::Install-Recommends=false \
  --aptopt='Acquire::Check-Valid-Until "false"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --include=$gimp,$screen sid "$dir" \
  "deb [signed-by=$keys check-valid-until=no] $mirror sid main"
# No sandbox can be made in a folder: the icons' loaders run without theirs.
cat > "$dir/usr/bin/bwrap" <<'S'
#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in /usr/libexec/glycin-loaders/*) exec "$@" ;; esac
  shift
done
exit 1
S
chroot "$dir" dpkg-query -W -f '${Version}\n' gimp > "$dir/.complete.new"
mv "$dir/.complete.new" "$dir/.complete"
echo "GIMP of Debian's unstable branch: $(cat "$dir/.complete")"
