# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: ours and a peer alternately in one go, printed as ratios. `docs/benchmarks.md`."""

import mattebrush  # noqa: F401 - before onnxruntime, whose telemetry it switches off
