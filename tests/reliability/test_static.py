"""What the code never calls: what runs code from a file, or writes where an archive says."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted([*(ROOT / "lmfn_core").rglob("*.py"), *(ROOT / "workflow").rglob("*.py"), ROOT / "lab.py"])
NEVER = {"eval", "exec", "compile", "__import__", "pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.loads",
         "yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load", "shelve.open", "joblib.load", "dill.loads",
         "os.system", "os.popen", "shutil.unpack_archive"}  # fmt: skip
MAY = {"workflow/reliability/cosmic.py": ["compile(source, 'mutant', 'exec')"]}
"""Compiled to see whether Python takes a mutant; what comes out is thrown away."""
IMPORTS = {"pickle", "cPickle", "dill", "marshal", "shelve", "cloudpickle", "joblib"}


def offences(text: str) -> list[str]:
    """Calls and imports of the text that open a door."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None), *(alias.name for alias in node.names)]
            found += [name for name in names if name and name.split(".")[0] in IMPORTS]
        if not isinstance(node, ast.Call):
            continue
        name, given = ast.unparse(node.func), {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        bad = name in NEVER
        bad |= name.endswith("torch.load") and given.get("weights_only") != "True"
        bad |= name.endswith(("np.load", "numpy.load")) and given.get("allow_pickle", "False") != "False"
        bad |= name.endswith((".extractall", ".extract")) and given.get("filter") not in ("'data'",)
        bad |= given.get("shell") == "True"
        bad |= name == "Image.open" and "formats" not in given  # PostScript is a program
        found += [ast.unparse(node)] if bad else []
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_file_opens_a_door(path):
    assert offences(path.read_text(encoding="utf-8")) == MAY.get(path.relative_to(ROOT).as_posix(), [])


@pytest.mark.parametrize(
    "code",
    ["torch.load(f)", "torch.load(f, weights_only=False)", "yaml.load(f)", "yaml.load(f, Loader=yaml.Loader)",
     "eval(x)", "exec(x)", "import pickle", "from pickle import loads", "archive.extractall(to)", 
     "Image.open(f)", "archive.extractall(to, filter='fully_trusted')", "subprocess.run(x, shell=True)",
     "np.load(f, allow_pickle=True)"],
)  # fmt: skip
def test_the_proof_notices(code):
    assert offences(code)


def test_the_proof_lets_the_safe_forms_pass():
    assert not offences("torch.load(f, weights_only=True); yaml.safe_load(f); t.extractall(to, filter='data')")
    assert not offences("Image.open(f, formats=FORMATS); model.eval(); re.compile(x); ast.literal_eval(x); np.load(f)")
