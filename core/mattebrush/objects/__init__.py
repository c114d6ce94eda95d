# SPDX-License-Identifier: Apache-2.0
"""Several objects in one picture: found without words or by them, one soft mask each.

`result` is what comes back, `find` the pipeline, `parts` the way without words; files with an
object each are written by `files`. The words' networks are in `mattebrush.segmentation.text`.
"""

from __future__ import annotations
