"""The connection before there is a request: how large a head, and how slow a sender, we bear.

The protocol class `cli.serve` gives to uvicorn, which itself sets no limit to a head with its
fast parser and waits for ever for what was begun. Nothing is known here of what is asked.
"""

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 64 << 10
"""Bytes of request line and headers, or of trailers; a signed POST has two thousand."""
PATIENCE = 60.0
"""Seconds a request may take to come in whole; a megabyte needs less on any line."""


class BoundedProtocol(HttpToolsProtocol):
    """Refuses endless heads, requests without end, and targets that are no path (SIG-23)."""

    _beside = 0  # bytes since the last that were body
    _timer: TimerHandle | None = None
    _is_coming = False  # a request has begun and is not whole

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, as long as not too many of them are neither body nor the end of anything."""
        self._beside += len(data)
        super().data_received(data)
        if self._is_coming and self._timer is None:  # most come whole, and need no timer
            self._wait()
        if self._beside > LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Note that a request comes; whoever does not end it in the same breath is waited for."""
        super().on_message_begin()
        self._beside = 0
        self._is_coming = True
        self._came()

    def on_headers_complete(self) -> None:
        """Judge the head; what is raised here, the parser turns into 400."""
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > LARGEST_HEAD or not self.url.startswith(b"/"):
            raise ValueError("the head is too large, or the target is no path")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body; how large that may be, the application says."""
        self._beside = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait no longer."""
        self._beside = 0
        self._is_coming = False
        self._came()
        super().on_message_complete()

    def _wait(self) -> None:
        self._came()
        self._timer = self.loop.call_later(PATIENCE, self._give_up)

    def _came(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _give_up(self) -> None:
        """Close, unless an earlier request on this connection is still being answered."""
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering and not self.cycle.more_body:
            self._wait()
        else:
            self.transport.close()
