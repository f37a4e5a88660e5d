"""./dev sets up what is missing, says exactly what it would do, and repairs a half-done state."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import python_env
from build_tree import ROOT


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **environment}
    )


def packages(listed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("scripts/system_packages.sh", *arguments, FOVEA_APT_LIST=str(listed))


needs_dpkg = pytest.mark.skipif(not shutil.which("dpkg-query"), reason="needs a Debian system")


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    path = tmp_path / "packages.txt"
    path.write_text(
        "# a comment\nbuild dpkg # there\nbuild fovea-no-such # not\nlint other-no # x\n"
    )
    return path


@needs_dpkg
def test_missing_packages_of_the_group_are_named_with_the_command(listed: Path) -> None:
    done = packages(listed, "--dry-run", "build")
    assert done.returncode == 0
    assert "missing Debian packages: fovea-no-such\n" in done.stderr
    assert "apt-get install --yes --no-install-recommends fovea-no-such\n" in done.stderr
    assert "other-no" not in done.stderr


@needs_dpkg
def test_nothing_is_said_when_nothing_is_missing(listed: Path) -> None:
    listed.write_text("build dpkg # there\n")
    done = packages(listed, "build")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_dpkg
def test_without_root_the_command_is_printed_and_the_exit_code_is_3(
    listed: Path, tmp_path: Path
) -> None:
    somebody = tmp_path / "bin" / "id"
    somebody.parent.mkdir()
    somebody.write_text("#!/bin/sh\necho 1000\n")
    somebody.chmod(0o755)
    path = f"{somebody.parent}:{os.environ['PATH']}"
    command = ("scripts/system_packages.sh", "build")
    done = run(*command, FOVEA_APT_LIST=str(listed), PATH=path)
    assert done.returncode == 3
    assert "sudo apt-get install --yes --no-install-recommends fovea-no-such\n" in done.stderr
    assert run(*command, "--optional", FOVEA_APT_LIST=str(listed), PATH=path).returncode == 0


def test_every_package_has_a_group_and_a_reason() -> None:
    lines = (ROOT / "scripts/apt-packages.txt").read_text().splitlines()
    for line in (line for line in lines if line and not line.startswith("#")):
        fields, _, reason = line.partition("#")
        assert len(fields.split()) == 2, line
        assert fields.split()[0] in ("build", "test", "lint"), line
        assert reason.strip(), line


@pytest.mark.parametrize("name", ["core", "models", "models-data", "sources", "bench",
                                  "bench-ggml", "device"])
def test_requirements_are_pinned_with_hashes(name: str) -> None:
    text = (ROOT / f"scripts/requirements-{name}.txt").read_text()
    body = "".join(line for line in text.splitlines(True) if not line.startswith("#"))
    for entry in body.replace("\\\n", "").splitlines():
        assert "==" in entry and "--hash=sha256:" in entry, entry


def test_environment_is_made_once_and_repaired(tmp_path: Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# nothing\n")
    folder = tmp_path / "venv"
    stamp = folder / python_env.STAMP

    python_env.make(folder, requirements, "data")
    first = stamp.stat().st_mtime_ns
    (folder / "kept").touch()
    python_env.make(folder, requirements, "data")
    assert stamp.stat().st_mtime_ns == first
    assert (folder / "kept").exists()

    stamp.unlink()  # as after an interrupted installation
    python_env.make(folder, requirements, "data")
    assert not (folder / "kept").exists()

    (folder / "kept").touch()
    requirements.write_text("# something else\n")
    python_env.make(folder, requirements, "data")
    assert not (folder / "kept").exists()


def test_a_failed_installation_leaves_no_stamp(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("no-hash-here==1.0\n")
    monkeypatch.setattr(python_env.time, "sleep", lambda seconds: None)
    with pytest.raises(SystemExit) as ended:
        python_env.make(tmp_path / "venv", requirements, "data")
    assert ended.value.code == 3
    assert not (tmp_path / "venv" / python_env.STAMP).exists()


@pytest.mark.parametrize(("ends", "status"), [(0, 0), (3, 0), (1, 1)])
def test_only_tools_that_pip_cannot_get_are_done_without(
    tmp_path: Path, ends: int, status: int
) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\nexit {ends}\n")
    python.chmod(0o755)
    text = (ROOT / "dev").read_text()
    tools = text[text.index("device_tools() {") :].split("\n}\n")[0]
    script = f"set -e; dry_run=0; say() {{ echo $*; }}\n{tools}\n}}\ndevice_tools; echo on"
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout.endswith("on\n")) == (status, status == 0)
    assert ("are skipped" in done.stdout, "exit code" in done.stdout) == (ends == 3, ends == 1)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["help"], 0, "Usage: ./dev"),
        ([], 0, "Usage: ./dev"),
        (["frobnicate"], 2, "no verb named 'frobnicate'"),
        (["test", "nonsense"], 2, "no suite named 'nonsense'"),
        (["--dry-run", "--no-install", "run"], 0, "would make .venv"),
    ],
)
def test_command_line(arguments: list[str], status: int, words: str) -> None:
    done = run("./dev", *arguments)
    assert done.returncode == status
    assert words in done.stdout + done.stderr
