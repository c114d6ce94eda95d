# SPDX-License-Identifier: Apache-2.0
"""Soft edge: how opaque is each pixel of the unknown region. One module per method."""
