"""Starting the studio's server: a free port, the model warmed, the browser opened, a clean end."""

from __future__ import annotations

import contextlib
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator

import uvicorn

from musicvae.errors import InputError
from musicvae.studio.app import create_app
from musicvae.studio.session import Studio

HOST = "127.0.0.1"
_TRIED_PORTS = 20
_LAST_PORT = 65_535
_GRACE_SECONDS = 3
_KEEP_ALIVE_SECONDS = 30


def free_socket(port: int) -> socket.socket:
    """Returns a socket of this machine alone that listens, on a port or the next free one.

    Args:
      port: the first to try; 0 for any.

    Raises:
      InputError: none is free, or this user may not take it.
    """
    candidates = range(port, min(port + _TRIED_PORTS, _LAST_PORT + 1)) if port else [0]
    reason = ""
    for candidate in [*candidates, 0]:
        # asyncio turns Nagle's algorithm off for sockets that say they are TCP's, and no others;
        # with it a reply's body waits 40 ms for the client's acknowledgement of its head.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, candidate))
            listener.listen(128)
            return listener
        except OSError as error:
            listener.close()
            reason = error.strerror or str(error)
    raise InputError(f"--port={port}: no port is free here ({reason})")


class StudioServer:
    """A server of a studio on a socket."""

    def __init__(self, studio: Studio, listener: socket.socket) -> None:
        """Makes the server.

        Args:
          studio: models and what they remember.
          listener: a socket that listens.
        """
        self.port = int(listener.getsockname()[1])
        self._studio = studio
        self._listener = listener
        config = uvicorn.Config(
            create_app(studio, self.port),
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            server_header=False,
        )
        self._server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.port}/"

    def run(self) -> None:
        """Serves until Ctrl-C."""
        try:
            self._server.run([self._listener])
        finally:
            self._studio.close()
            self._listener.close()

    @contextlib.contextmanager
    def running(self) -> Iterator[str]:
        """Serves in a thread while the block runs, and gives the address."""
        thread = threading.Thread(target=self._server.run, args=([self._listener],), daemon=True)
        thread.start()
        try:
            yield self.address
        finally:
            self._server.should_exit = True
            thread.join()
            self._listener.close()


def open_soon(address: str, opener: Callable[[str], bool] = webbrowser.open) -> None:
    """Opens a page in the browser, without waiting for it."""
    threading.Thread(target=opener, args=(address,), daemon=True).start()
