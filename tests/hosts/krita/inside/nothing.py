# SPDX-License-Identifier: Apache-2.0
"""Starts Krita, for what it does at its first start."""


def main():
    yield 1000
