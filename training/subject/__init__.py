# SPDX-License-Identifier: Apache-2.0
"""The salient-object network: which pixels of a photograph belong to what stands out."""
