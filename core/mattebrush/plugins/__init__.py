# SPDX-License-Identifier: Apache-2.0
"""Puts the plug-ins into GIMP, Krita and Blender: `mattebrush plugin ...`.

`places` knows where each host looks for plug-ins, `packages` what a plug-in consists of,
`commands` is the command line. Nothing here runs a host or loads the engine.
"""
