"""Who may do what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from eagle_core.errors import ConfigurationError
from flows.service.app import make_app
from flows.service.security import Access, access_for
from tasks.machinery.params import load_params
from tests.flows.service.conftest import plate, write_project

OPERATOR, ENGINEER = "operator-token-0123456789", "engineer-token-0123456789"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A station with a token for each role and nothing fitted."""
    params = write_project(tmp_path_factory.mktemp("guarded"), {}, max_upload_mib=1)
    access = Access((("operator", OPERATOR), ("engineer", ENGINEER)))
    with TestClient(make_app(load_params(params), access), base_url="http://station.example") as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_without_a_token_nothing_is_told(guarded: TestClient) -> None:
    for path in ("/api/categories", "/api/parts", "/metrics", "/reports/x"):
        assert guarded.get(path).status_code == 401
        assert guarded.get(path, headers=bearer("wrong" * 5)).status_code == 401
    assert guarded.get("/healthz").status_code == 200


def test_an_operator_changes_no_threshold(guarded: TestClient) -> None:
    assert guarded.get("/api/categories", headers=bearer(OPERATOR)).status_code == 200
    wanted = {"tau": 1.0, "name": "mine"}
    refused = guarded.post("/api/categories/plate/thresholds", json=wanted, headers=bearer(OPERATOR))
    assert refused.status_code == 403
    allowed = guarded.post("/api/categories/plate/thresholds", json=wanted, headers=bearer(ENGINEER))
    assert allowed.status_code == 404


def test_another_site_changes_nothing(guarded: TestClient) -> None:
    headers = bearer(ENGINEER) | {"Origin": "http://evil.example"}
    assert guarded.post("/api/categories/plate/images", content=plate(1), headers=headers).status_code == 403


def test_too_large_a_body_is_refused(guarded: TestClient) -> None:
    answer = guarded.post("/api/categories/plate/images", content=b"x" * (2**20 + 1), headers=bearer(ENGINEER))
    assert answer.status_code == 413


def test_every_answer_carries_the_policy(guarded: TestClient) -> None:
    for path in ("/", "/healthz", "/api/parts"):
        policy = guarded.get(path, headers=bearer(ENGINEER)).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_other_machines_need_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EAGLE_OPERATOR_TOKEN", "EAGLE_ENGINEER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert access_for("127.0.0.1") == Access()
    with pytest.raises(ConfigurationError, match="lets other machines connect"):
        access_for("0.0.0.0")
    monkeypatch.setenv("EAGLE_ENGINEER_TOKEN", "short")
    with pytest.raises(ConfigurationError, match="shorter than 16"):
        access_for("127.0.0.1")
    monkeypatch.setenv("EAGLE_ENGINEER_TOKEN", ENGINEER)
    assert access_for("0.0.0.0") == Access((("engineer", ENGINEER),))


def test_loopback_is_not_reached_under_another_name(tmp_path: Path) -> None:
    app = make_app(load_params(write_project(tmp_path, {})), Access())
    with TestClient(app, base_url="http://rebound.example") as client:
        assert client.get("/api/categories").status_code == 403
