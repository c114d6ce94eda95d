# SPDX-License-Identifier: Apache-2.0
"""How the networks in `core/mattebrush/networks/` are made; nothing here runs in the product.

`shards.py` reads the data, `loop.py` is the one training loop, `salient/` and `matting/` hold what
belongs to each network. See README.md for the commands.
"""

import mattebrush  # noqa: F401 - before onnxruntime, whose telemetry it switches off
