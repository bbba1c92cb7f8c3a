from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def modules_of_their_own(tmp_path_factory):
    """transformers copies a folder's code before it runs it: not into the user's own cache here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path_factory.mktemp("modules")))
        yield
