"""A master's cells as the book shows them: solutions behind a click."""

import re

from nbformat import NotebookNode

SHOW, HIDE = "Show a solution", "Hide the solution"


def prepare(notebook: NotebookNode) -> NotebookNode:
    """The notebook with what Sphinx has to know about its cells; it is changed in place and returned."""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "solution" in tags:
            cell.source = re.sub(
                r"^[ \t]*### (BEGIN|END) SOLUTION[ \t]*\n?", "", cell.source, flags=re.MULTILINE
            ).rstrip()
            cell.metadata["tags"] = [*tags, "hide-input"]
            cell.metadata["mystnb"] = {"code_prompt_show": SHOW, "code_prompt_hide": HIDE}
    notebook.metadata.pop("widgets", None)
    return notebook
