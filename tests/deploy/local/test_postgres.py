"""A cluster of our own: safe by default, recovered after any end, never outliving its starter."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.errors import LocalRunError
from deploy.local.ports import port_of, reserve
from deploy.local.postgres import Cluster, ClusterInfo, StartFailure


@pytest.fixture
def cluster(open_folder: Path) -> Iterator[Cluster]:
    made = Cluster(open_folder / "postgres", system_folder=open_folder / "system")
    yield made
    made.stop()


def query(info: ClusterInfo, sql: str, password: str | None = None) -> object:
    async def ask() -> object:
        connection = await asyncpg.connect(info.dsn(info.user, password or info.password, "postgres"))
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    return asyncio.run(ask())


def test_it_keeps_what_was_committed_over_a_stop(cluster: Cluster) -> None:
    query(cluster.start(), "CREATE TABLE kept AS SELECT 42 AS number")
    cluster.stop()
    assert query(cluster.start(), "SELECT number FROM kept") == 42


def test_it_is_durable_and_wants_the_password_even_on_its_socket(cluster: Cluster) -> None:
    info = cluster.start()
    assert query(info, "SHOW fsync") == "on"
    assert query(info, "SHOW synchronous_commit") == "on"
    assert query(info, "SHOW listen_addresses") == ""
    with pytest.raises(asyncpg.InvalidPasswordError):
        query(info, "SELECT 1", password="wrong")


def test_its_trigrams_and_words_know_every_script(cluster: Cluster) -> None:
    info = cluster.start()
    query(info, "CREATE EXTENSION pg_trgm")
    assert query(info, "SELECT cardinality(show_trgm('王小明'))") == 4
    assert query(info, "SELECT lower('ÀÉ')") == "àé"


def test_it_recovers_from_a_killed_server(cluster: Cluster) -> None:
    query(cluster.start(), "CREATE TABLE kept AS SELECT 42 AS number")
    cluster.kill()
    assert query(cluster.start(), "SELECT number FROM kept") == 42


def test_it_ends_a_server_that_an_earlier_start_left_running(cluster: Cluster, open_folder: Path) -> None:
    cluster.start()
    earlier = cluster.pid
    again = Cluster(open_folder / "postgres")
    assert query(again.start(), "SELECT 1") == 1
    assert again.pid != earlier
    again.stop()


def test_it_starts_although_the_noted_process_id_belongs_to_another_process(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    stale = cluster.data / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{cluster.data}\n0\n5432\n\n\n")
    assert query(cluster.start(), "SELECT 1") == 1


def test_a_start_that_was_killed_in_the_middle_leaves_nothing_half_made(cluster: Cluster, open_folder: Path) -> None:
    cluster.start()
    cluster.stop()
    cluster.data.rename(cluster.data.with_name("data.new"))
    (cluster.data.with_name("data.new") / "PG_VERSION").unlink()
    assert query(cluster.start(), "SELECT 1") == 1


def test_another_major_version_is_named(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster.data / "PG_VERSION").write_text("17\n")
    with pytest.raises(LocalRunError, match=r"made by PostgreSQL 17, Kith brings 18"):
        cluster.start()
    (cluster.data / "PG_VERSION").write_text("")
    with pytest.raises(LocalRunError, match=r"is damaged: restore a backup"):
        cluster.start()


def test_a_lost_password_is_named(cluster: Cluster, open_folder: Path) -> None:
    cluster.start()
    cluster.stop()
    (open_folder / "postgres" / "superuser.password").unlink()
    with pytest.raises(LocalRunError, match=r"password .* is gone"):
        cluster.start()


def test_a_taken_port_is_named(open_folder: Path) -> None:
    holder = reserve(0)
    holder.listen()
    cluster = Cluster(open_folder / "postgres", throwaway=True, port=port_of(holder))
    with pytest.raises(LocalRunError, match=rf"Port {port_of(holder)} is taken"):
        cluster.start()
    holder.close()
    cluster.stop()


def test_a_throwaway_gives_up_durability_and_leaves_no_files(open_folder: Path) -> None:
    cluster = Cluster(open_folder / "postgres", throwaway=True)
    assert query(cluster.start(), "SHOW fsync") == "off"
    cluster.stop()
    assert not list(open_folder.iterdir())


def test_it_starts_where_the_path_is_too_long_for_a_socket(open_folder: Path) -> None:
    cluster = Cluster(open_folder / ("long" * 30) / "postgres", throwaway=True)
    info = cluster.start()
    assert query(info, "SELECT 1") == 1
    cluster.stop()
    assert not Path(info.host).exists()


def test_it_starts_under_a_folder_that_only_its_owner_may_enter(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    cluster = Cluster(closed / "postgres", system_folder=open_folder / "system")
    query(cluster.start(), "CREATE TABLE kept AS SELECT 42 AS number")
    cluster.stop()
    assert query(cluster.start(), "SELECT number FROM kept") == 42
    cluster.stop()
    assert closed.stat().st_mode & 0o777 == 0o700
    # Only root hands the server to another user, who then needs another place.
    assert (closed / "postgres" / "elsewhere").is_symlink() == (os.geteuid() == 0)


STARTER = """
import sys, time
from pathlib import Path
from deploy.local.postgres import Cluster
cluster = Cluster(Path(sys.argv[1]), throwaway=True)
cluster.start()
print(cluster.pid, flush=True)
time.sleep(600)
"""


def test_it_ends_with_the_process_that_started_it_even_if_that_was_killed(open_folder: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(open_folder / "postgres")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        server = int(starter.stdout.readline())
        starter.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 120
    while Path(f"/proc/{server}/cmdline").exists() and Path(f"/proc/{server}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the server still runs"
        time.sleep(0.1)


class TestWhyAStartFailed:
    HELD = "FATAL:  pre-existing shared memory block (key 7, ID 1) is still in use"
    DYING = "FATAL:  terminating connection due to unexpected postmaster exit"

    def test_it_passes_as_long_as_a_killed_servers_backends_hold_its_memory_whatever_they_say_last(self) -> None:
        assert StartFailure([self.HELD, self.DYING]).passes
        assert not StartFailure([self.DYING]).passes

    def test_the_reason_is_never_a_last_word_of_the_server_before(self) -> None:
        bad_setting = 'FATAL:  configuration file "postgresql.conf" contains errors'

        assert StartFailure([bad_setting, self.DYING]).reason == 'configuration file "postgresql.conf" contains errors'
        assert StartFailure([self.DYING]).reason == "it gave no reason"

    def test_the_reason_is_the_fault_also_before_there_is_a_log(self) -> None:
        initdb = ["creating subdirectories ... ", "initdb: error: could not write to file", "initdb: removing data"]
        assert StartFailure(initdb).reason == "could not write to file"
        assert StartFailure(["postgres: could not find the database system", "Expected to find it"]).reason == (
            "could not find the database system"
        )
