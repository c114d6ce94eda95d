# SPDX-License-Identifier: Apache-2.0
"""Our matting network: drawn subjects with exact alpha, the network, its training and figures."""
