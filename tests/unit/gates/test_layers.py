"""What the gates may import: the operator's image has neither scipy nor numpy, and verdicts are pure."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import slipway

ROOT = Path(slipway.__file__).parent
FORBIDDEN = {"kopf", "kubernetes", "mlflow", "httpx", "aiohttp", "asyncio", "os", "time", "random", "socket"}
OPERATORS = ("governance", "metrics", "job", "decision", "approval", "admission", "contract", "evidence")


def imports(path: Path) -> set[str]:
    """The top-level packages that the module at `path` imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "gates").glob("*.py")), ids=lambda path: path.stem)
def test_a_gate_is_a_pure_function(path: Path) -> None:
    assert imports(path) & FORBIDDEN == set()


@pytest.mark.parametrize("module", OPERATORS)
def test_what_the_operator_calls_needs_no_scipy(module: str) -> None:
    program = f"import sys, slipway.gates.{module}; print({{'scipy', 'numpy', 'sklearn', 'pandas'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT.parent)
    assert done.stdout.strip() == "set()"
