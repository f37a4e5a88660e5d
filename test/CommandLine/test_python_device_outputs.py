"""Results in Python that stay on their device: by DLPack, how long they live, streams."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import gc

import fovea
import numpy as np
import pytest
from fovea import device_tensors
from small_models import linear
from test_python_on_a_device import python  # noqa: F401

ROWS = {"x": np.ones((3, 40), np.float32), "w": np.ones((5, 40), np.float32),
        "b": np.arange(5, dtype=np.float32)}  # fmt: skip
# Parts that a test of the fake driver uses.
GIVEN = """
import gc
def given(module):
    return [np.ones([s if isinstance(s, int) else 3 for s in info.shape], np.float32)
            for info in module.inputs]
module = compiled()
"""


def test_outputs_of_a_processor_are_taken_by_numpy() -> None:
    module = fovea.compile(linear(40, 5))
    want = module(**ROWS)["y"]
    (tensor,) = module.run(ROWS, outputs="device").values()
    assert (tensor.shape, tensor.dtype) == (want.shape, want.dtype)
    assert tensor.__dlpack_device__() == (1, 0)
    array = np.from_dlpack(tensor)
    del tensor
    module.run(list(ROWS.values()), outputs="device")
    gc.collect()
    np.testing.assert_array_equal(array, want)
    assert len(device_tensors._EXPORTED) == 1
    del array
    gc.collect()
    assert not device_tensors._EXPORTED
    np.testing.assert_array_equal(module.run(ROWS)["y"], want)


@pytest.mark.parametrize("version", [None, (0, 8), (1, 0), (1, 1)])
def test_a_capsule_that_nobody_takes_frees_its_tensor(version: tuple[int, int] | None) -> None:
    (tensor,) = fovea.compile(linear(40, 5)).run(ROWS, outputs="device").values()
    capsule = tensor.__dlpack__(max_version=version)
    assert ("versioned" in repr(capsule)) == (version is not None and version[0] >= 1)
    assert len(device_tensors._EXPORTED) == 1
    del capsule
    assert not device_tensors._EXPORTED


def test_what_cannot_be_given_is_refused() -> None:
    module = fovea.compile(linear(40, 5))
    with pytest.raises(fovea.FoveaError, match="outputs is 'gpu', expected 'host' or 'device'"):
        module.run(ROWS, outputs="gpu")
    with pytest.raises(fovea.FoveaError, match="the CPU has no streams"):
        module.run(ROWS, stream=1)
    with pytest.raises(fovea.FoveaError, match="stream is -1, expected a CUDA stream"):
        module.run(ROWS, stream=-1)
    (tensor,) = module.run(ROWS, outputs="device").values()
    for options in ({"copy": True}, {"dl_device": (2, 0)}):
        with pytest.raises(BufferError, match="without a copy"):
            tensor.__dlpack__(**options)


def test_outputs_stay_on_a_gpu(python) -> None:  # noqa: ANN001, F811
    told, calls = python(
        GIVEN
        + """
(tensor,) = module.run(given(module), outputs="device").values()
print(tensor.__dlpack_device__())
capsule = tensor.__dlpack__(stream=7)
results = module.run([*given(module)[:0], *given(module)], outputs="device")
del tensor, capsule, results, module
gc.collect()
"""
    )
    assert told.split("\n")[0] == "(2, 0)"
    copies = {call.split()[1] for call in calls if call.startswith("cuMemcpyDtoHAsync")}
    assert copies == {"40"}, "the record of faults, and the barriers' counter behind it"
    freed = sum(call.startswith("cuMemFreeAsync") for call in calls)
    assert freed == sum(call.startswith("cuMemAllocAsync") for call in calls)


def test_a_run_on_a_stream_is_waited_for_where_it_is_used(python) -> None:  # noqa: ANN001, F811
    _, calls = python(
        GIVEN
        + """
from fovea import module as of_module
import os
def mark(text):
    with open(os.environ["FAKE_CUDA_CALLS"], "a") as log:
        log.write(f"mark {text}\\n")
(tensor,) = module.run(given(module), outputs="device", stream=2).values()
mark("queued")
own = tensor.__dlpack__(stream=2)
mark("same")
other = tensor.__dlpack__(stream=1)
mark("other")
module.run(given(module), stream=2)
mark("host")
module.synchronize()
"""
    )
    parts = "\n".join(calls).split("mark ")
    waits = ["Synchronize" in part for part in parts]
    launches = ["cuLaunchKernelEx" in part for part in parts]
    assert [part.split("\n")[0] for part in parts[1:]] == ["queued", "same", "other", "host"]
    assert waits[:4] == [False, False, True, True]
    assert launches == [True, False, False, True, False]


def test_inputs_of_queued_runs_are_kept_up_to_a_number(python) -> None:  # noqa: ANN001, F811
    told, calls = python(
        GIVEN
        + """
import os, weakref
from fovea import module as of_module
of_module.MOST_QUEUED = 3
refs = []
for run in range(8):
    values = given(module)
    with open(os.environ["FAKE_CUDA_CALLS"], "a") as log:
        log.write(f"mark {run}\\n")
    module.run(values, outputs="device", stream=2)
    refs.append(weakref.ref(values[0]))
    del values
    gc.collect()
    print(sum(ref() is not None for ref in refs))
"""
    )
    assert told.split() == ["1", "2", "3", "1", "2", "3", "1", "2"]
    parts = "\n".join(calls).split("mark ")[1:]
    # The last one is followed by the end of the program.
    assert ["Synchronize" in part for part in parts[:7]] == [run in (3, 6) for run in range(7)]


def test_another_thread_waits_for_the_run_that_wrote_a_result(python) -> None:  # noqa: ANN001, F811
    _, calls = python(
        GIVEN
        + """
import os, threading
(tensor,) = module.run(given(module), outputs="device", stream=2).values()
def take():
    with open(os.environ["FAKE_CUDA_CALLS"], "a") as log:
        log.write("mark thread\\n")
    tensor.__dlpack__(stream=1)
    with open(os.environ["FAKE_CUDA_CALLS"], "a") as log:
        log.write("mark done\\n")
thread = threading.Thread(target=take)
thread.start()
thread.join()
"""
    )
    _, taken, _ = "\n".join(calls).split("mark ")
    assert "cuStreamSynchronize" in taken or "cuEventSynchronize" in taken
    assert "cuStreamCreate" not in taken, "no context of the thread's own is made"


def test_runs_and_waits_of_two_threads_take_turns(python) -> None:  # noqa: ANN001, F811
    told, _ = python(
        GIVEN
        + """
import threading, weakref
(tensor,) = module.run(given(module), outputs="device", stream=2).values()
stop = threading.Event()
def take():
    while not stop.is_set():
        tensor.__dlpack__(stream=1)
thread = threading.Thread(target=take)
thread.start()
for _ in range(100):
    module.run(given(module), outputs="device", stream=2)
stop.set()
thread.join()
values = given(module)
kept = [weakref.ref(value) for value in values]
(tensor,) = module.run(values, outputs="device", stream=2).values()
del values
print([one() is not None for one in kept])
tensor.__dlpack__(stream=1)
gc.collect()
print([one() is not None for one in kept])
"""
    )
    before, after = told.split("\n")[:2]
    assert "False" not in before, "the run may still read them"
    assert "True" not in after, "somebody has waited for the run"
