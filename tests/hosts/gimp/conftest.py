# SPDX-License-Identifier: Apache-2.0
"""The real GIMPs, each with one home for all tests: a GIMP takes long over its first start."""

import pytest

from tests.hosts.gimp import gimphost


@pytest.fixture(scope="session")
def gimp3(tmp_path_factory: pytest.TempPathFactory) -> gimphost.Gimp:
    return gimphost.gimp3(tmp_path_factory.mktemp("gimp3"))


@pytest.fixture(scope="session")
def gimp32(tmp_path_factory: pytest.TempPathFactory) -> gimphost.Gimp:
    return gimphost.gimp32(tmp_path_factory.mktemp("gimp32"))


@pytest.fixture(scope="session")
def gimp210(tmp_path_factory: pytest.TempPathFactory) -> gimphost.Gimp:
    return gimphost.gimp210(tmp_path_factory.mktemp("gimp210"))
