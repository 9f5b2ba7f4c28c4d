"""`hub registry build`: writes a registry as a static index for any web server.

Knows nothing of the files of the index.
"""

from __future__ import annotations

from pathlib import Path

import click

from hub.cli.output import note, print_json
from hub.cli.registry_check import read

__all__ = ["build_command"]


@click.command("build")
@click.argument("path", type=click.Path(path_type=Path), default=Path("registry.json"), required=False)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR", help="Folder to write it into.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def build_command(path: Path, out: Path, as_json: bool) -> None:
    """Write a registry as a static index: one small file a model, the names, a search database.

    Serve the folder with any web server; people add it with: hub registry tap add https://host/folder/. Files carry
    their hash in their names and never change, but for index.json. A build into the same folder keeps the earlier ones,
    so who pinned one goes on.
    """
    from hub.registry.building import build
    from hub.registry.validate import validate

    content = read(path)
    built = build(validate(content, name=str(path), local=False), content, out)
    if as_json:
        print_json(
            {
                "out": str(out),
                "sha256": built.sha256,
                "models": built.models,
                "files": built.files,
                "written": built.written,
            }
        )
        return
    note(f"{built.models} models in {built.files} files, {built.written} of them new, in {out}")
    note(f"index.json has sha256 {built.sha256}")
