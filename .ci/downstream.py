"""Does a change to the core break plugins? Checks those of this repository, new ones, and wheels built before it.

`python .ci/downstream.py [--base REV] [--wheels FOLDER] [--only PLUGIN] [--report FILE]`

1. the plugins of this repository as they are here, on the fixtures that they bring;
2. a new plugin of every kind, from the templates;
3. plugins as they were: their wheels built from the commit `--base`, and the wheels in `--wheels`, such as those that
   the last run on the main branch kept. Nothing of them is built again, as nothing of a stranger's plugin is.

Each goes through `hub plugin check`; the outcome is a table, and the exit code is 1 where one fails. Run it in the
environment that has the core installed: `make downstream`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hub.scaffold.package import KINDS

ROOT = Path(__file__).parents[1]
OWN = "this repository"
"""Where plugins come from of which every part has to be tried."""

BUILD = ("wheel", "--disable-pip-version-check", "--quiet", "--no-deps", "--no-build-isolation")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one plugin: where it came from, its checks, and what failed."""

    origin: str
    plugin: str
    version: str = ""
    passed: int = 0
    failures: list[str] = field(default_factory=list)


def main() -> int:
    """Check all, print a table, and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--base", help="Commit whose plugins are built and checked as well.")
    parser.add_argument("--wheels", type=Path, help="Folder of wheels that are checked as they are.")
    parser.add_argument(
        "--only", action="append", default=[], help="Of this repository's plugins, this one; again for more."
    )
    parser.add_argument("--no-new", action="store_true", help="Leave out new plugins.")
    parser.add_argument("--report", type=Path, help="Markdown file for the table, such as $GITHUB_STEP_SUMMARY.")
    given = parser.parse_args()
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="hub-downstream-") as scratch:
        for outcome in checked(given, Path(scratch)):
            print(row(outcome), flush=True)
            for failure in outcome.failures:
                print(f"    {failure}", flush=True)
            outcomes.append(outcome)
    if given.report:
        with given.report.open("a", encoding="utf-8") as out:
            out.write(table(outcomes))
    bad = [each for each in outcomes if each.failures]
    print(f"{len(outcomes)} plugins, {sum(each.passed for each in outcomes)} checks passed, {len(bad)} plugins fail")
    return 1 if bad or not outcomes else 0


def checked(given: argparse.Namespace, scratch: Path) -> Iterator[Outcome]:
    """Every plugin, one after the other."""
    for name in plugins(ROOT, given.only):
        yield from check(OWN, name)
    if not given.no_new:
        for kind in KINDS:
            folder = scratch / f"hub-new-{kind}"
            hub("plugin", "new", f"new-{kind}", "--kind", kind, "--into", str(folder), "--author", "downstream")
            yield from check("new plugin", str(folder))
    if given.base:
        for wheel in wheels_of(given.base, given.only, scratch):
            yield from check(f"built at {given.base[:12]}", str(wheel))
    for wheel in sorted(given.wheels.glob("*.whl")) if given.wheels else ():
        yield from check(f"from {given.wheels}", str(wheel))


def plugins(root: Path, only: list[str]) -> list[str]:
    """Names of the plugins of a tree."""
    names = []
    for path in sorted(root.glob("plugins/*/pyproject.toml")):
        project = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
        names += project.get("entry-points", {}).get("hub.plugins.v1", {})
    return [name for name in names if not only or name in only]


def wheels_of(revision: str, only: list[str], scratch: Path) -> list[Path]:
    """Wheels of the plugins as they were at a commit."""
    tree, wheels = scratch / "tree", scratch / "wheels"
    subprocess.run(["git", "-C", str(ROOT), "worktree", "add", "--quiet", "--detach", str(tree), revision], check=True)
    try:
        folders = [str(path.parent) for path in sorted(tree.glob("plugins/*/pyproject.toml"))]
        wanted = [folder for folder in folders if not only or Path(folder).name in only]
        subprocess.run([sys.executable, "-m", "pip", *BUILD, "--wheel-dir", str(wheels), *wanted], check=True)
    finally:
        subprocess.run(["git", "-C", str(ROOT), "worktree", "remove", "--force", str(tree)], check=True)
    return sorted(wheels.glob("*.whl"))


def check(origin: str, target: str) -> Iterator[Outcome]:
    """What `hub plugin check` says of it; a package that cannot even be looked at is an outcome too."""
    done = hub("plugin", "check", target, "--json")
    try:
        reports = json.loads(done.stdout)["plugins"]
    except ValueError:
        yield Outcome(origin=origin, plugin=Path(target).name, failures=done.stderr.strip().splitlines()[-5:] or ["?"])
        return
    for report in reports:
        failed = [each for each in report["checks"] if each["outcome"] == "failed"]
        told = [f"{each['part']}: {each['check']}: {' '.join(each['reason'].split())[:300]}" for each in failed]
        told += [f"{part}: no fixture, so it is not tried" for part in report["untried"] if origin == OWN]
        yield Outcome(
            origin=origin,
            plugin=report["plugin"],
            version=report["version"],
            passed=report["passed"],
            failures=told,
        )


def hub(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command of this environment."""
    return subprocess.run([sys.executable, "-m", "hub", *arguments], capture_output=True, text=True, check=False)


def row(outcome: Outcome) -> str:
    """A line for the terminal."""
    state = f"{len(outcome.failures)} FAIL" if outcome.failures else "ok"
    return f"{state:8} {outcome.plugin:20} {outcome.version:10} {outcome.passed:4} passed  {outcome.origin}"


def table(outcomes: list[Outcome]) -> str:
    """The same for people who review the change, in Markdown."""
    lines = ["| plugin | version | from | passed | failed |", "|---|---|---|---|---|"]
    for each in outcomes:
        failures = "<br>".join(text.replace("|", "\\|").replace("<", "&lt;") for text in each.failures) or "–"
        lines.append(f"| {each.plugin} | {each.version} | {each.origin} | {each.passed} | {failures} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
