import runpy
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "dev", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


def test_dev_alone_tells_what_it_can_do() -> None:
    told = dev()

    assert [line.split()[0] for line in told.stdout.splitlines() if line.startswith("  ")] == [
        *("up", "test", "check", "bench", "chaos")
    ]


def test_dev_refuses_what_it_cannot_do_with_its_usage() -> None:
    refused = dev("deploy")

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("usage: ./dev COMMAND")


def test_the_tests_that_run_beside_the_others_are_there() -> None:
    beside = runpy.run_path(str(ROOT / "dev"), run_name="dev")["WAITING"]

    assert [it for it in beside if not (ROOT / it).exists()] == []


def test_a_package_named_graphql_stops_the_test_run_at_once_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "graphql").mkdir()
    (tmp_path / "graphql" / "__init__.py").touch()
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    (tmp_path / "tests" / "test_nothing.py").write_text("def test_nothing(): pass\n")

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", tmp_path, "tests"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert run.returncode == 4
    assert (
        "graphql/__init__.py must not exist: it makes our source root a package that hides graphql-core" in run.stderr
    )
    assert "passed" not in run.stdout
