# SPDX-License-Identifier: Apache-2.0
"""Stories of whose a container is: answers that come late, names that come again, what is in what."""
from story import (API, API_ID, DB, DB_ID, INIT, KILL, MASTER, MB, MS, ROOT, S, SHIM,
                   SLICE, W1, W2, W3, Story, Who, level)

POD_UID = "3a0de2f9-c977-4d81-b7be-a1f0e6ac01b3"
POD_PATH = "/kubepods/burstable/pod" + POD_UID
PAUSE_ID = "2dd432fa299f696ec2a0f365ae60d2bc865afa333efdf31096b571ccc77a8aac"
API_2_ID = "5895b8ddf51cf5ffcb7b9a4f9f593e1c2c82b35726e4b5d520687432ea5255a0"
IMAGE_ID = "sha256:52c29de0b807aa2ff00a4c83fd604c01249642e01df9c530eda3e19a97617d05"
CONMON = Who(701, "conmon", ROOT, uid=0)


def answer(s, cgroup, name, runtime="docker", source="runtime-state", **more):
    """What a runtime's files say; it is asked for and comes a moment later."""
    s.put("identity", id=cgroup, name=name, runtime=runtime, source=source, **more)
    s.mark()


def pod_answer(s, cgroup, container_id, container, restarts=None, **more):
    names = {"name": container, "k8s_container": container} if container else {}
    s.put("identity", id=cgroup, container_id=container_id, runtime="containerd",
          source="oci-config", pod_name="shop-5c46f56cd5-7q6lx", pod_uid=POD_UID,
          namespace="prod", restart_count=restarts, **names, **more)
    s.mark()


def host(s, *cgroups):
    s.scan(ROOT, 0, "/")
    for cgroup, path in cgroups:
        s.scan(cgroup, ROOT, path)
    s.tick([(INIT, INIT, 8 * MB), (SHIM, INIT, 5 * MB)], [(ROOT, 500 * MB)])


def begin(s, process, parent, exe, args):
    """runc's init, which becomes the program."""
    comm, process.comm = process.comm, "runc:[2:INIT]"
    s.fork(process, parent)
    s.wait(1 * MS)
    process.comm = comm
    s.exec(process, exe, args)
    s.mark()


def end(s, cgroup, process, parent, code=0, peak=20 * MB, **counts):
    """The last process leaves, and the cgroup goes."""
    s.exit(process, parent, code=code)
    s.wait(2 * MS)
    s.rmdir(cgroup, v1=0, peak=peak, oom_kills=0, level=level(cgroup, 0, 64 * MB, events_max=0))
    s.mark()
    s.counts(cgroup, **{"forks": 1, "execs": 1, "exits": 1, "faults": 900, **counts})
    s.mark()


def late_answer():
    """dockerd has not written its file yet: the path says what can be said, also of an exit. What
    the file says 60 ms later corrects that once; a renamed container is told of again."""
    s = Story(labels="app")
    s.service()
    s.wait(100 * MS)
    s.exit(W1, MASTER, code=1)
    s.mark()
    s.wait(60 * MS)
    known = dict(container_id=API_ID, image="shop/api:1.4", image_id=IMAGE_ID, restart_count=0,
                 labels="app=shop")
    answer(s, API, "api", **known)
    s.exit(W2, MASTER, code=1)
    answer(s, API, "api", **known)  # the same again is no news
    s.wait(60 * S)
    answer(s, API, "api-old", **known)
    s.exit(W3, MASTER, code=1)
    s.mark()
    s.stop()
    return s


def docker_restart():
    """docker counts the restarts of its own (--restart); podman's container comes again under its
    name with another id, and the agent counts. A third one shares podman's name, elsewhere."""
    s = Story()
    host(s, (SLICE, "/docker"), (50, "/libpod_parent"), (51, "/other_parent"))
    web, job = (Who(pid, comm, 0, ns_pid=1, ns=4026532000 + pid) for pid, comm in
                ((31300, "nginx"), (31400, "job")))
    for life in range(3):
        s.wait(500 * MS)
        web.memcg, web.pid, web.start = API + life, web.pid + 1, s.t
        s.mkdir(API + life, SLICE, "/docker/" + API_ID)
        answer(s, API + life, "web", container_id=API_ID, image="nginx:latest", restart_count=life)
        begin(s, web, SHIM, "/usr/sbin/nginx", "nginx -g daemon off;")
        s.wait(200 * MS)
        job.memcg, job.pid, job.start = 60 + life, job.pid + 1, s.t
        path = f"/libpod_parent/libpod-{DB_ID[:-1]}{life}"
        s.mkdir(60 + life, 50, path)
        answer(s, 60 + life, "job", runtime="podman", container_id=path[-64:], image="job:1")
        begin(s, job, CONMON, "/bin/job", "job")
        s.wait(200 * MS)
        end(s, 60 + life, job, CONMON, code=3)
        end(s, API + life, web, SHIM, code=1)
    job.memcg, job.pid, job.start = 70, 31500, s.t
    s.mkdir(70, 51, "/other_parent/libpod-" + DB_ID)
    answer(s, 70, "job", runtime="podman", container_id=DB_ID, image="job:1")
    begin(s, job, CONMON, "/bin/job", "job")
    s.wait(100 * MS)
    s.exit(job, CONMON, code=3)
    s.mark()
    s.stop()
    return s


def pod_restart():
    """A pod: its sandbox, which runs nothing of the user's, a container that fails and comes again
    with a new id (the kubelet's count says so), and one that lives on."""
    s = Story()
    host(s, (40, "/kubepods"), (41, "/kubepods/burstable"))
    s.wait(300 * MS)
    s.mkdir(42, 41, POD_PATH)
    s.mkdir(43, 42, f"{POD_PATH}/{PAUSE_ID}")
    pod_answer(s, 43, PAUSE_ID, "", sandbox=1, image="pause:3.6")
    pause = Who(31000, "pause", 43, start=s.t, uid=65535, ns_pid=1, ns=4026532100)
    begin(s, pause, SHIM, "/pause", "/pause")
    s.wait(300 * MS)
    s.mkdir(API, 42, f"{POD_PATH}/{API_ID}")
    pod_answer(s, API, API_ID, "api", restarts=0, image="shop/api:1.4")
    api = Who(31300, "api", API, start=s.t, ns_pid=1, ns=4026532101)
    begin(s, api, SHIM, "/bin/api", "api --port 80")
    s.mkdir(DB, 42, f"{POD_PATH}/{DB_ID}")
    pod_answer(s, DB, DB_ID, "db", restarts=0, image="redis:7")
    db = Who(31400, "redis-server", DB, start=s.t, ns_pid=1, ns=4026532102)
    begin(s, db, SHIM, "/usr/bin/redis-server", "redis-server *:6379")
    s.tick([(INIT, INIT, 8 * MB), (SHIM, INIT, 5 * MB), (pause, SHIM, 100_000),
            (api, SHIM, 30 * MB), (db, SHIM, 9 * MB)],
           [(42, 60 * MB, 512 * MB), (43, MB), (API, 40 * MB, 256 * MB), (DB, 12 * MB, 128 * MB)])
    s.wait(2 * S)
    end(s, API, api, SHIM, code=2, peak=41 * MB)
    s.wait(10 * S)
    s.mkdir(4720, 42, f"{POD_PATH}/{API_2_ID}")
    pod_answer(s, 4720, API_2_ID, "api", restarts=1, image="shop/api:1.4")
    again = Who(31500, "api", 4720, start=s.t, ns_pid=1, ns=4026532103)
    begin(s, again, SHIM, "/bin/api", "api --port 80")
    s.tick([(INIT, INIT, 8 * MB), (SHIM, INIT, 5 * MB), (pause, SHIM, 100_000),
            (again, SHIM, 30 * MB), (db, SHIM, 9 * MB)],
           [(42, 60 * MB, 512 * MB), (43, MB), (4720, 40 * MB, 256 * MB), (DB, 12 * MB, 128 * MB)])
    s.stop()
    return s


def unit_in_lxc():
    """A system in an lxc container: one of its units runs into the limit of the whole. The record
    names the unit, the container around it, and whose limit it was."""
    s = Story()
    host(s, (30, "/lxc.monitor.web"), (31, "/lxc.payload.web"))
    s.scan(32, 31, "/lxc.payload.web/system.slice")
    s.scan(33, 32, "/lxc.payload.web/system.slice/app.service")
    inner = Who(31200, "systemd", 31, uid=100000, ns_pid=1, ns=4026532200)
    app = Who(31300, "app", 33, uid=100033, ns_pid=77, ns=4026532200)
    s.tick([(INIT, INIT, 8 * MB), (SHIM, INIT, 5 * MB), (inner, INIT, 9 * MB), (app, inner, 200 * MB)],
           [(31, 230 * MB, 256 * MB), (32, 205 * MB), (33, 204 * MB)])
    s.put("proc_info", pid=app.pid, start=app.start, found=1, executable="/usr/bin/app",
          command_line="app --serve", args_cut=0, container_uid=33)
    s.mark()
    s.wait(400 * MS)
    s.kernel_kill(app, app)
    own = level(33, 240 * MB, "max", events_max=0)
    s.oom(app, app, s.t, anon=238 * MB, raw_anon=238 * MB, parent=inner.pid,
          parent_start=inner.start, ns_pid=app.ns_pid, pid_ns=app.ns, total_pages=256 * MB,
          limit=level(31, 256 * MB, 256 * MB, oom_local=1),
          levels=[own, level(32, 241 * MB, "max", events_max=0),
                  level(31, 256 * MB, 256 * MB, oom_local=1)])
    s.wait(3 * MS)
    s.exit(app, inner, signal=KILL, oom=1)
    s.mark()
    s.stop(kills=1)
    return s


def crun_joined():
    """crun puts a container's processes one below its cgroup, and its status file comes after both.
    A round has told of the lower one by then: that was a part, and ends as such; the container has
    all that it had. The second one is answered in time."""
    s = Story()
    host(s)
    s.wait(300 * MS)
    for number, late in ((0, True), (1, False)):
        own, sub, path = 80 + 10 * number, 81 + 10 * number, f"/mine/c{number}"
        s.mkdir(own, ROOT, path)
        s.mkdir(sub, own, path + "/container")
        app = Who(31300 + number, "app", sub, start=s.t, ns_pid=1, ns=4026532300 + number)
        begin(s, app, CONMON, "/bin/app", "app")
        if late:
            s.tick([(INIT, INIT, 8 * MB), (SHIM, INIT, 5 * MB), (app, CONMON, 3 * MB)],
                   [(own, 4 * MB), (sub, 4 * MB)])
        answer(s, sub, f"c{number}", runtime="crun", container_id=f"c{number}", own_len=len(path))
        s.tick([(INIT, INIT, 8 * MB), (SHIM, INIT, 5 * MB), (app, CONMON, 3 * MB)],
                   [(own, 4 * MB), (sub, 4 * MB)])
        s.wait(200 * MS)
        s.exit(app, CONMON, code=4)
        s.wait(1 * MS)
        s.rmdir(sub, v1=0, peak=5 * MB, oom_kills=0, level=level(sub, 0, "max", events_max=0))
        s.rmdir(own, v1=0, peak=5 * MB, oom_kills=0, level=level(own, 0, "max", events_max=0))
        s.mark()
        s.counts(sub, forks=1, execs=1, exits=1, faults=700)
        s.counts(own)
        s.mark()
    s.stop()
    return s


def brief_named():
    """A container of 50 ms: its file was read while it lived, and every record has its name."""
    s = Story(all_exits=1)
    host(s, (SLICE, "/docker"))
    s.wait(300 * MS)
    s.mkdir(DB, SLICE, "/docker/" + DB_ID)
    s.wait(8 * MS)
    answer(s, DB, "migrate", container_id=DB_ID, image="shop/migrate:1.4", restart_count=0)
    run = Who(31600, "migrate", DB, start=s.t, ns_pid=1, ns=4026532400)
    begin(s, run, SHIM, "/bin/migrate", "migrate up")
    s.wait(40 * MS)
    end(s, DB, run, SHIM, code=1)
    s.stop()
    return s


def crowd():
    """More containers than there is room for (16). Ten that stay, then twenty short ones, one after
    the other: those that are gone make room, and each is named. Of eight more that stay at once only
    four find room, the others are counted, once each, and what they do is told without a container.
    The service that was there first keeps its name through all of it."""
    s = Story(max_containers=16)
    s.service()
    answer(s, API, "api", container_id=API_ID, restart_count=0)
    ids = [f"{n:02x}{DB_ID[2:]}" for n in range(38)]
    for n, container_id in enumerate(ids):
        cgroup, run = 100 + n, Who(32000 + n, "job", 100 + n, start=s.t, ns_pid=1,
                                   ns=4026532500 + n)
        s.mkdir(cgroup, SLICE, "/docker/" + container_id)
        answer(s, cgroup, f"job-{n}", container_id=container_id, restart_count=0)
        begin(s, run, SHIM, "/bin/job", "job")
        if 10 <= n < 30:
            end(s, cgroup, run, SHIM)
        elif n >= 30:
            s.exit(run, SHIM, code=1)
    s.exit(W1, MASTER, code=1)
    s.mark()
    s.stop()
    return s


STORIES = (late_answer, docker_restart, pod_restart, unit_in_lxc, crun_joined, brief_named, crowd)
