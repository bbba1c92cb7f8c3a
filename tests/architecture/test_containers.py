"""Dockerfile and compose file, as far as they can be checked without Docker: what they name is there, nobody is root."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.cli.serve import PORT

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
COMMANDS = {name: service["command"] for name, service in SERVICES.items() if "command" in service}


def help_of(words: list[str]) -> str:
    """What a program of this environment says about a command."""
    program = Path(sys.executable).with_name(words[0])
    done = subprocess.run([program, *words[1:], "--help"], capture_output=True, text=True, timeout=120, env={"COLUMNS": "200", "PATH": "/usr/bin:/bin"}, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_exists(name: str) -> None:
    words = [str(word) for word in COMMANDS[name]]
    first_option = next(i for i, word in enumerate(words) if word.startswith("--"))
    said = help_of(words[:first_option])
    assert not [word for word in words if word.startswith("--") and word not in said]


def test_the_image_is_the_projects() -> None:
    [command] = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert json.loads(command)[:2] == ["eagle", "serve"]
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE) == [str(PORT)]
    users = re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE)
    assert users == ["eagle"]
    assert DOCKERFILE.index("USER eagle") < DOCKERFILE.index("CMD [\"eagle\"")
    [extras] = re.findall(r"/opt/eagle\[([\w,]+)\]", DOCKERFILE)
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(extras.split(",")) <= set(known)
    assert (ROOT / "constraints.txt").is_file()


def test_services_fit_together() -> None:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    for name, service in SERVICES.items():
        assert ("build" in service) != ("image" in service), name
        assert "user" not in service, name
        assert set(service.get("depends_on", ())) <= set(SERVICES), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source.startswith(".") or source in composed["volumes"], volume
        for port in service.get("ports", ()):
            assert port == f"127.0.0.1:{PORT}:{PORT}"
    # Secrets are demanded from the environment, never written down.
    assert SERVICES["station"]["environment"]["EAGLE_ENGINEER_TOKEN"].startswith("${EAGLE_ENGINEER_TOKEN:?")
    for service in SERVICES.values():
        secret = [v for k, v in service.get("environment", {}).items() if "PASSWORD" in k or "TOKEN" in k]
        assert all(value.startswith("${") for value in secret)
