"""What the machine has, whether it takes the code of this visit, what it says of each kernel."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import importlib
import platform
from pathlib import Path

from .artifact import FoveaError
from .session import Session

PACKAGES = ("numpy", "torch", "triton", "flash_attn", "transformers")


def packages() -> dict[str, str]:
    """Versions of what peers and checks need; "" for what is not there."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = str(getattr(importlib.import_module(name), "__version__", "?"))
        except Exception as error:
            found[name] = "" if isinstance(error, ModuleNotFoundError) else f"broken: {error}"[:200]
    return found


def torch_facts() -> dict[str, object]:
    """Empty without PyTorch."""
    try:
        import torch
    except Exception:
        return {}
    return {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),
            "sees_device": torch.cuda.is_available()}  # fmt: skip


def _machine(session: Session) -> None:
    processor = next((line.split(":", 1)[1].strip() for line in
                      Path("/proc/cpuinfo").read_text().splitlines()
                      if line.startswith("model name")), "unknown")  # fmt: skip
    driver = session.device.driver
    session.add(
        "machine", device=session.device.facts, driver=driver.version() if driver else "",
        free_bytes=session.device.free_bytes(), processor=processor,
        python=platform.python_version(), libc=" ".join(platform.libc_ver()),
        plan=session.plan["about"],
    )  # fmt: skip


def run(session: Session) -> None:
    for case in session.cases([{"case": "machine"}]):
        with session.guarded(case):
            _machine(session)
    cases = ({"case": f"load {file}", "file": file} for file in session.plan["examined"])
    for case in session.cases(cases):
        with session.guarded(case):
            said = session.examined(case["file"])
            # The runtime takes what is left; PTX is assembled by the driver, perhaps otherwise.
            results = {target: one["result"] for target, one in said.get("sections", {}).items()}
            if refused := {key: text for key, text in results.items() if text != "loaded"}:
                said["refused"] = refused
            try:
                session.load(case["file"]).close()
            except FoveaError as error:
                session.add(case["case"], ok=False, error=str(error), code=error.code, **said)
                continue
            session.add(case["case"], **said)
    # Last, for to import them may take longer than all else.
    for case in session.cases([{"case": "packages"}]):
        with session.guarded(case):
            session.add("packages", found=packages(), torch=torch_facts())
