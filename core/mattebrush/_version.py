# SPDX-License-Identifier: Apache-2.0
"""The version stands here and nowhere else: pyproject.toml reads it, a test checks the plug-ins."""

__version__ = "0.1.0"
