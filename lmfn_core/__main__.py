"""``python -m lmfn_core`` is ``lmfn``, where scripts are not on the path."""

from lmfn_core.cli.main import main

if __name__ == "__main__":
    main()
