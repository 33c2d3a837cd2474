"""The kinds of the chart's objects that are not Kubernetes' own, as their projects' Go modules have them."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.parts import golang
from tests.parts.part import CACHE, CHECKOUT, Part

_MODULE: Final = CHECKOUT / "tests/parts/go/crds"
_FILES: Final = {
    "github.com/kedacore/keda/v2": ("config/crd/bases", ("keda.sh_scaledobjects.yaml",)),
    "github.com/prometheus-operator/prometheus-operator": (
        "example/prometheus-operator-crd",
        ("monitoring.coreos.com_podmonitors.yaml", "monitoring.coreos.com_prometheusrules.yaml"),
    ),
}


def _fetch(folder: Path) -> None:
    made = folder / CRDS.place.name
    made.mkdir()
    for module, (where, names) in _FILES.items():
        # The hashes in go.sum are compared with what comes.
        command = [golang.go(), "mod", "download", "-json", module]
        done = subprocess.run(command, cwd=_MODULE, env=golang.env(), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(done.stderr + done.stdout)
        source = Path(json.loads(done.stdout)["Dir"]) / where
        for name in names:
            shutil.copyfile(source / name, made / name)


_HASH: Final = hashlib.sha256((_MODULE / "go.sum").read_bytes()).hexdigest()[:12]
CRDS: Final = Part("The kinds of KEDA and prometheus-operator", CACHE / "crds" / _HASH, _fetch)
