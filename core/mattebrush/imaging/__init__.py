# SPDX-License-Identifier: Apache-2.0
"""Arithmetic on planes of pixels that every stage shares, each kind of it once: rectangles, strips,
tiles, bit depths, resizing, blur, morphology. Knows no files and no networks."""
