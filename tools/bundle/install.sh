#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Sets Mattebrush up from this folder, for this user, without a network: the engine, then the
# plug-ins of GIMP, Krita and Blender. `install.sh --remove` takes it away again.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
if [ "$(uname -s)" = Darwin ]; then
    data="$HOME/Library/Application Support/mattebrush"
    command -v xattr >/dev/null && xattr -dr com.apple.quarantine "$here" 2>/dev/null || true
else
    data="${XDG_DATA_HOME:-$HOME/.local/share}/mattebrush"
fi
data="${MATTEBRUSH_HOME:-$data}"

if [ "$(id -u)" = 0 ] && [ -n "${SUDO_UID:-}" ]; then
    echo "Run this as yourself, without sudo." >&2
    exit 1
fi
if command -v sha256sum >/dev/null; then
    (cd "$here" && sha256sum --check --quiet SHA256SUMS)
elif command -v shasum >/dev/null; then
    (cd "$here" && shasum -a 256 --check --quiet SHA256SUMS)
fi

# Any Python can run the set-up; where there is none, the bundle's own is unpacked.
wanted=$(sed -n 's/.*"python": "\([^"]*\)".*/\1/p' "$here/engine.json")
export UV_NO_CONFIG=1 UV_OFFLINE=1
export UV_CACHE_DIR="$data/engine/cache" UV_PYTHON_INSTALL_DIR="$data/engine/python"
if ! python=$("$here/uv" python find --no-project --no-python-downloads "$wanted" 2>/dev/null); then
    if [ ! -f "$here/python/downloads.json" ]; then
        echo "This machine needs Python $wanted, or the bundle that brings one." >&2
        exit 1
    fi
    mkdir -p "$data/engine"
    sed "s|@HERE@|$here|" "$here/python/downloads.json" >"$data/engine/downloads.json"
    "$here/uv" python install --quiet --no-bin \
        --python-downloads-json-url "$data/engine/downloads.json" "$wanted"
    python=$("$here/uv" python find --no-project --no-python-downloads "$wanted")
fi
unset UV_NO_CONFIG UV_OFFLINE UV_CACHE_DIR UV_PYTHON_INSTALL_DIR

export PYTHONPATH="$here/setup" PYTHONDONTWRITEBYTECODE=1
if [ "${1:-}" = --remove ]; then
    engine=$("$python" -m mattebrush_setup which)
    [ -z "$engine" ] || PYTHONPATH='' "$engine" -m mattebrush plugin uninstall || true
    exec "$python" -m mattebrush_setup remove
fi
"$python" -m mattebrush_setup run --yes --folder "$here"
engine=$("$python" -m mattebrush_setup which)
unset PYTHONPATH
"$engine" -m mattebrush plugin install || echo "The engine is ready. Install the plug-ins from \
$here/plugins, or start this again when GIMP, Krita or Blender has been started once."
