# SPDX-License-Identifier: Apache-2.0
"""Frames of shops: what they ask for (`presets`), a subject placed in one (`framing`), and why a
picture fails one (`checking`)."""
