"""Joining a Ray cluster that is not there ends at once, in one line that names the address."""

from __future__ import annotations

import socket
import time

import pytest

from trajsynth.errors import InputError
from trajsynth.raycluster import joined


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_nobody_listens(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("RAY_ADDRESS", f"{scheme}127.0.0.1:{port}")
    began = time.monotonic()
    with pytest.raises(InputError, match=rf"^ray: cannot connect to '{scheme}127.0.0.1:{port}' \(RAY_ADDRESS\): ."):
        joined().__enter__()
    assert time.monotonic() - began < 30
