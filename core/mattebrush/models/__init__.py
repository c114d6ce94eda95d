# SPDX-License-Identifier: Apache-2.0
"""Published and embedded models: what they are (catalog), where they lie (store), how they run
(runtime)."""
