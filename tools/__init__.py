# SPDX-License-Identifier: Apache-2.0
"""What makes a release: locked requirements, bundles, translations, the page's share of the kit.

`lock`: which packages are installed, by hash. `platforms`: for which machines. `release`: wheel,
zips and bundles. `messages`: the catalogues of translations.
"""
