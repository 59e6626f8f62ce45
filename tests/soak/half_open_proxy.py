"""A TCP proxy whose connections can stop: nothing passes any more, and neither side hears of an end. Thread-safe."""

import socket
import threading


class HalfOpenProxy:
    def __init__(self):
        self._lock = threading.Lock()
        self._frozen = threading.Event()  # of the connections that there are; later ones have another
        self._target = None
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def forward_to(self, port):
        """Sends new connections to `port`; returns the port on which they come."""
        with self._lock:
            self._target = port
        return self._listener.getsockname()[1]

    def freeze(self):
        """Stops the connections that there are; new ones work."""
        with self._lock:
            self._frozen.set()
            self._frozen = threading.Event()

    def close(self):
        self._listener.close()
        with self._lock:
            for each in self._sockets:
                each.close()

    def _accept(self):
        while True:
            try:
                caller, _ = self._listener.accept()
                with self._lock:
                    frozen, port = self._frozen, self._target
                server = socket.create_connection(("127.0.0.1", port))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                caller.close()
                continue
            with self._lock:
                self._sockets += [caller, server]
            for source, sink in ((caller, server), (server, caller)):
                threading.Thread(target=self._pump, args=(source, sink, frozen), daemon=True).start()

    @staticmethod
    def _pump(source, sink, frozen):
        try:
            while data := source.recv(1 << 16):
                if frozen.is_set():
                    return
                sink.sendall(data)
            if not frozen.is_set():
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            if not frozen.is_set():
                for each in (source, sink):
                    each.close()
