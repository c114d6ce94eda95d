# SPDX-License-Identifier: Apache-2.0
"""Coarse mask: where is the subject. One module per kind of model."""
