"""The kind of web process that gunicorn.conf.py asks for."""

from gunicorn.workers.gthread import ThreadWorker


class DrainingWorker(ThreadWorker):  # type: ignore[misc]  # which has no types
    """Closes its door as soon as it is told to stop, after letting in whoever stands before it.

    Gunicorn's own goes on listening, without accepting, until its last connection is closed. Who connects meanwhile is
    cut off then, and a proxy cannot know whether a POST was done; somebody whose connection is refused, it asks again.
    """

    listens = True

    def set_accept_enabled(self, enabled: bool) -> None:
        if not self.listens:
            return
        super().set_accept_enabled(enabled)
        if not self.alive and not enabled:
            self.listens = False
            for listener in self.sockets:
                self._let_in(listener)
                listener.close()

    def _let_in(self, listener: object) -> None:
        before = -1
        while before < self.nr_conns:
            before = self.nr_conns
            self.accept(listener)
