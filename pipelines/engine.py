"""A quiet, private Prefect for one run on one machine, often offline.

    with running(home):
        consolidate(job)

Prefect's state lives under `home` and nowhere else. Its API server is a child process on the loopback that ends with this one,
however it ends. There is no telemetry, no network, no banner and no log on the terminal; errors reach the caller as raised.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

STARTUP_SECONDS = 180.0
"""Cold byte code and all migrations on a slow disk."""
DB_MAX_BYTES = 64 * 1024 * 1024

_FIXED = {
    "DO_NOT_TRACK": "1",  # SDK analytics (Amplitude) + tty notice
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",  # server telemetry (sens-o-matic)
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_PLUGINS_ENABLED": "false",
    "PREFECT_DEBUG_MODE": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",  # no log rows, no log thread
    "PREFECT_LOGGING_LOG_PRINTS": "false",
    "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "false",
    "PREFECT_TASKS_DEFAULT_NO_CACHE": "true",
    "PREFECT_TASKS_DISABLE_CACHING": "true",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "false",  # one request less
    "PREFECT_CLIENT_MAX_RETRIES": "2",
    "PREFECT_API_REQUEST_TIMEOUT": "60",
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",  # never a second server behind our back
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",  # slow start, writes memo_store.toml
    "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",  # else memo_store.toml + hashing anyway
    "PREFECT_SERVER_UI_ENABLED": "false",
    **{
        f"PREFECT_SERVER_SERVICES_{s}_ENABLED": "false"
        for s in (
            "SCHEDULER",
            "LATE_RUNS",
            "FOREMAN",
            "PAUSE_EXPIRATIONS",
            "CANCELLATION_CLEANUP",
            "TRIGGERS",
            "REPOSSESSOR",
            "CLEANUP_RECONCILER",
            "EVENT_LOGGER",
            "EVENT_PERSISTER",
        )
    },
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_ENABLED": "true",  # task runs appear in the db
}

# Read by prefect from PREFECT_HOME/logging.yml: touches only prefect's own loggers, so the
# root logger (and the application's logging) stays as the application set it.
_LOGGING_YML = """\
version: 1
disable_existing_loggers: false
handlers:
  none: {class: logging.NullHandler}
loggers:
  prefect: {level: CRITICAL, handlers: [none], propagate: false}
  prefect.extra: {level: CRITICAL, handlers: [none], propagate: false}
  prefect._internal: {level: CRITICAL, handlers: [none], propagate: false}
"""

# The server: binds port 0 itself (no port race), tells the port, and ends when its standard
# input closes, i.e. when the parent ends in ANY way, SIGKILL included.
_SERVER = """\
import os, socket, sys, threading
sock = socket.socket(); sock.bind(("127.0.0.1", 0)); sock.listen(64)
os.write(1, b"%d\\n" % sock.getsockname()[1])
server = None
def watch():
    os.read(0, 1)
    if server is None: os._exit(0)
    server.should_exit = True
    threading.Event().wait(3.0); os._exit(0)
threading.Thread(target=watch, daemon=True).start()
import uvicorn
server = uvicorn.Server(uvicorn.Config("prefect.server.api.server:create_app", factory=True,
    log_level="error", access_log=False, lifespan="on", timeout_graceful_shutdown=1))
server.run(sockets=[sock])
sys.stdout.flush(); sys.stderr.flush()
os._exit(0 if server.started else 3)
"""


class EngineStartError(RuntimeError):
    """The private Prefect server could not be started."""


def _server_env(home: Path) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    env.update(_FIXED)
    env["PREFECT_HOME"] = str(home)
    env["PREFECT_PROFILES_PATH"] = str(home / "profiles.toml")
    env["PREFECT_LOGGING_SETTINGS_PATH"] = str(home / "logging.yml")
    env["PREFECT_RESULTS_LOCAL_STORAGE_PATH"] = str(home / "storage")
    env["PREFECT_SERVER_MEMO_STORE_PATH"] = str(home / "memo_store.toml")
    env["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = f"sqlite+aiosqlite:///{home / 'prefect.db'}"
    env["SQLITE_TMPDIR"] = str(home)  # else /var/tmp/etilqs_* in migrations
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(x for x in (env.get(name), "127.0.0.1", "localhost") if x)
    return env


def configure(home: Path) -> dict[str, str]:
    """Prepare `home` and this process's environment. Call before prefect is imported."""
    home = home.resolve()
    home.mkdir(parents=True, exist_ok=True)
    tmp = home / f".logging.{os.getpid()}"
    tmp.write_text(_LOGGING_YML, encoding="utf-8")
    tmp.replace(home / "logging.yml")
    env = _server_env(home)
    for key in [k for k in os.environ if k.startswith("PREFECT_") and k not in env]:
        del os.environ[key]
    os.environ.update(env)
    return env


@contextlib.contextmanager
def _start_lock(home: Path) -> Iterator[None]:
    """One starter (database check + migrations) at a time; freed by the OS if killed."""
    with (home / "start.lock").open("a+b") as handle:
        if sys.platform == "win32":
            import msvcrt

            while True:
                with contextlib.suppress(OSError):
                    handle.seek(0)
                    msvcrt.locking(handle.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _drop_db(home: Path) -> None:
    for path in home.glob("prefect.db*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _db_is_sound(home: Path) -> bool:
    db = home / "prefect.db"
    if not db.exists():
        return not any(home.glob("prefect.db-*"))  # a stray -wal spoils the next db
    try:
        if db.stat().st_size > DB_MAX_BYTES:
            return False
        with contextlib.closing(sqlite3.connect(db, timeout=30)) as con:
            return bool(con.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.OperationalError as exc:
        return "locked" in str(exc)
    except (sqlite3.DatabaseError, OSError):
        return False


class _Server:
    def __init__(self, home: Path, env: dict[str, str]) -> None:
        self.home, self.log = home, home / f"server-{os.getpid()}.log"
        # a process group of its own: Ctrl-C is for this program, which then stops the server
        apart: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        with self.log.open("wb") as err:
            self.proc = subprocess.Popen(
                [sys.executable, "-P", "-W", "ignore", "-c", _SERVER],
                cwd=home,
                env={**env, "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                **apart,
            )
        assert self.proc.stdout is not None
        line = self.proc.stdout.readline()
        if not line:
            self.stop()
            raise EngineStartError(self.tail())
        self.url = f"http://127.0.0.1:{int(line)}/api"

    def wait_ready(self) -> None:
        """The socket listens from the start: this single request returns when it serves."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.url + "/health", timeout=STARTUP_SECONDS) as reply:
                reply.read()
        except OSError as exc:
            self.stop(graceful=False)
            raise EngineStartError(self.tail() or str(exc)) from exc

    def tail(self) -> str:
        with contextlib.suppress(OSError):
            return self.log.read_text("utf-8", "replace").strip()[-2000:]
        return ""

    def stop(self, graceful: bool = True) -> None:
        if self.proc.stdin and not self.proc.stdin.closed:
            self.proc.stdin.close()
        try:
            self.proc.wait(timeout=5 if graceful else 0.2)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            self.proc.wait()
        if self.proc.stdout:
            self.proc.stdout.close()
        if not self.tail():
            self.log.unlink(missing_ok=True)


def _start(home: Path, env: dict[str, str], meanwhile: Callable[[], None]) -> _Server:
    with _start_lock(home):
        if not _db_is_sound(home):
            _drop_db(home)
        for log in home.glob("server-*.log"):  # left by killed runs
            with contextlib.suppress(OSError):
                if log.stat().st_mtime < time.time() - 3600:
                    log.unlink()
        server = _Server(home, env)
        try:
            meanwhile()  # import prefect while the server starts
            server.wait_ready()
            return server
        except EngineStartError:
            pass
        except BaseException:
            server.stop(graceful=False)
            raise
        _drop_db(home)  # half-migrated / of a newer version / unreadable
        server = _Server(home, env)
        server.wait_ready()
        return server


def _drain(worker: Any, seconds: float = 5.0) -> None:
    """Let queued task-run events go out, then stop the worker; bounded, never raises.

    Emptied first, since a drain with items left prints 'Still processing items' by a logger
    of its own (its level is raised too)."""
    with contextlib.suppress(Exception):
        end = time.monotonic() + seconds
        for one in list(worker._instances.values()):
            one._logger.setLevel(logging.CRITICAL)
            while one._queue.unfinished_tasks and time.monotonic() < end:
                time.sleep(0.005)
        worker.drain_all(timeout=max(0.5, end - time.monotonic()))


@contextlib.contextmanager
def running(home: Path) -> Iterator[None]:
    home = home.resolve()
    env = configure(home)

    def warm() -> None:
        import prefect.events.worker
        import prefect.flow_engine
        import prefect.task_engine  # noqa: F401

    server = _start(home, env, warm)
    try:
        os.environ["PREFECT_API_URL"] = server.url
        from prefect.context import refresh_global_settings_context
        from prefect.events.worker import EventsWorker
        from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

        for name in [n for n in logging.root.manager.loggerDict if n.split(".")[0] == "prefect"]:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # if imported before configure
        refresh_global_settings_context()  # also right when prefect was imported before
        try:
            # None cannot be given by environment; a heartbeat thread costs a 1 s join
            with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
                yield
        finally:
            _drain(EventsWorker)  # while the server is still there
            shutil.rmtree(home / "storage", ignore_errors=True)  # if a flow kept the default storage
    finally:
        os.environ.pop("PREFECT_API_URL", None)
        server.stop()
