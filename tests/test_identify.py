#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`memwitness identify` as a user runs it: its lines, its text, its exit codes.

usage: test_identify.py MEMWITNESS     (from the top of the tree)

Every container of tests/hosts is asked for by the path of its cgroup, below its host's root; what
comes out is held against expected.tsv, against the schema of the records (whose objects these are),
and each source against the file that it names. Hardly any of these cgroups is on this machine, and
the exit code says so. Needs a mounted memory hierarchy, and no privileges: as root
all of it is done once more as a user without any.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import validate  # noqa: E402

HOSTS = os.path.join(HERE, "hosts")
SCHEMA = os.path.join(HERE, "..", "user", "out", "schema.json")
ID = "308a25119baf6412319de8379ab87b623dfdb70adfa3b4e0edb27a503295578e"
NOBODY = 65534
COLUMNS = ("tree cgroup pid id name runtime type image image_id labels restarts pod uid namespace "
           "container source").split()
# What only a living process tells, by its mounts: no argument of this test has one.
BY_PROCESS = ("name", "container", "restarts")
# The field of a line for each column, besides the labels.
FIELDS = {"id": "container.id", "name": "container.name", "runtime": "container.runtime",
          "type": "container.type", "image": "container.image.name",
          "image_id": "container.image.id", "restarts": "container.restart_count",
          "pod": "k8s.pod.name", "uid": "k8s.pod.uid", "namespace": "k8s.namespace.name",
          "container": "k8s.container.name", "source": "container.identity_source",
          "cgroup": "container.cgroup"}
# What no file says: how it is known, and what follows from what has a source.
WITHOUT_SOURCE = re.compile(r"container\.(cgroup|cgroup_id|identity_source|restart_count_source)|"
                            r"k8s\.container\.restart_count|k8s\.workload\.(kind|name|derived)|"
                            r"container\.parent\..*")
COMMAND = []  # MEMWITNESS, after what gives privileges away
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def run(*arguments):
    return subprocess.run([*COMMAND, "identify", *arguments], capture_output=True, check=False,
                          timeout=60)


def lines(done):
    return [validate.parse_line(raw) for raw in done.stdout.splitlines(keepends=True)]


def at(node, path):
    """The value at a dotted path, or None; a key may hold dots itself when it is the last one."""
    while path:
        if not isinstance(node, dict):
            return None
        if path in node:
            return node[path]
        key, _, path = path.partition(".")
        node = node.get(key)
    return node


def leaves(node, path=""):
    for key, value in node.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict) and here != "container.labels":
            yield from leaves(value, here)
        else:
            yield here


def table():
    with open(os.path.join(HOSTS, "expected.tsv"), encoding="utf-8") as f:
        text = f.read().splitlines()
    labels = next(line for line in text if line.startswith("# labels: ")).split()[2:]
    rows = [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in text
            if not line.startswith("#")]
    return labels, rows


class LineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(SCHEMA, encoding="utf-8") as f:
            defs = json.load(f)["$defs"]
        cls.parts = {name: validate.Draft202012Validator({**defs[name], "$defs": defs})
                     for name in ("container", "k8s", "process", "truncated")}
        cls.labels, cls.rows = table()

    def check_schema(self, line, exists=None):
        """exists: whether the cgroup is on this machine; None: nobody knows."""
        self.assertLessEqual(set(line), {"argument", "container", "k8s", "process", "sources",
                                         "truncated"})
        for name, checker in self.parts.items():
            part = line.get(name)
            if name == "container":
                self.assertTrue(exists is None or ("cgroup_id" in part) == exists, line)
                part = {"cgroup_id": 1, **part}
            if part is not None:
                self.assertEqual([e.message for e in checker.iter_errors(part)], [], line)

    def check_sources(self, line, root):
        """Each value has one, each source is about a value, and its file is there."""
        named = [s["field"] for s in line["sources"]]
        self.assertEqual(len(named), len(set(named)), named)
        for field in named:
            self.assertIsNotNone(at(line, field), field)
        for field in leaves({k: line[k] for k in ("container", "k8s") if k in line}):
            if not WITHOUT_SOURCE.fullmatch(field):
                self.assertIn(field, named)
        for source in line["sources"]:
            self.assertLessEqual(set(source), {"field", "file", "key"})
            if "file" in source:
                self.assertTrue(os.path.exists(root + source["file"]), source)
                self.check_key(line, source, root + source["file"])

    def check_key(self, line, source, path):
        """Where the file is JSON, the key leads to what the value was taken from."""
        if not path.endswith(".json") or source["key"].startswith(("names", "metadata",
                                                                   "cgroup path")):
            return
        with open(path, encoding="utf-8") as f:
            found = json.load(f)
        if isinstance(found, list):  # podman's: the entry of this container
            found = next(e for e in found if e["id"] == at(line, "container.id"))
        found = at(found, source["key"])
        self.assertIsNotNone(found, source)
        if source["field"] in ("k8s.pod.name", "k8s.pod.uid", "k8s.namespace.name",
                               "k8s.container.name", "container.restart_count"):
            self.assertEqual(at(line, source["field"]), found)

    def check_row(self, row, line):
        self.assertEqual(line["argument"], row["cgroup"])
        for column, field in FIELDS.items():
            want = None if row[column] == "-" else row[column]
            if row["source"] == "pod-directory" and column in BY_PROCESS:
                want = None
            if column == "runtime":
                want = want or (None if row["source"] == "pod-directory" else "none")
            got = at(line, field)
            if column == "cgroup":
                self.assertTrue(want == got or want.startswith(got + "/"), (want, got))
            else:
                self.assertEqual(None if got is None else str(got), want, (field, row["cgroup"]))
        labels = at(line, "container.labels") or {}
        self.assertEqual(";".join(f"{k}={labels[k]}" for k in self.labels if k in labels) or "-",
                         row["labels"])

    def test_hosts(self):
        options = [o for label in self.labels for o in ("--label", label)]
        for tree in sorted({row["tree"] for row in self.rows}):
            rows = [row for row in self.rows if row["tree"] == tree]
            root = os.path.join(HOSTS, tree)
            done = run("--json", "--host-root", root, *options, *(r["cgroup"] for r in rows))
            self.assertEqual(done.stderr, b"")
            self.assertEqual(done.returncode, 1)
            for row, line in zip(rows, lines(done), strict=True):
                with self.subTest(tree=tree, cgroup=row["cgroup"]):
                    self.check_schema(line)
                    self.check_row(row, line)
                    self.check_sources(line, root)
        self.assertGreater(len(self.rows), 40)

    def test_workload_and_parent(self):
        rows = [r for r in self.rows if r["pod"].startswith("shop-5c46f56cd5-")]
        self.assertTrue(rows)
        line = lines(run("--json", "--host-root", os.path.join(HOSTS, rows[0]["tree"]),
                         rows[0]["cgroup"]))[0]
        self.assertEqual(line["k8s"]["workload"],
                         {"kind": "Deployment", "name": "shop", "derived": True})
        self.assertIn({"field": "k8s.workload", "key": "k8s.pod.name"}, line["sources"])
        line = lines(run("--json", "/docker/" + ID + "/system.slice/x.service"))[0]
        self.check_schema(line, False)
        self.assertEqual(at(line, "container.name"), "x.service")
        self.assertEqual(at(line, "container.parent"), {
            "id": ID, "runtime": "docker", "cgroup": "/docker/" + ID})

    def test_this_process(self):
        done = run("--json", str(os.getpid()))
        line = lines(done)[0]
        if "error" in line:
            self.assertIn("outside of this cgroup namespace", line["error"])
            self.skipTest(line["error"])
        self.check_schema(line, True)
        self.assertEqual(done.returncode, 0)
        process = line["process"]
        self.assertEqual(process["pid"], os.getpid())
        self.assertEqual(process["parent_pid"], os.getppid())
        self.assertEqual(process["uid"], os.getuid())
        with open("/proc/self/comm", encoding="utf-8") as f:
            self.assertEqual(process["name"], f.read().strip())
        # The same cgroup by its path, and by the path of its directory.
        cgroup = at(line, "container.cgroup")
        again = lines(run("--json", cgroup, cgroup + "/", "/" + cgroup))
        for other in again:
            self.assertEqual(other["container"], line["container"])
            self.assertNotIn("process", other)

    def test_the_root(self):
        done = run("--json", "/")
        self.assertEqual(done.returncode, 0)
        line = lines(done)[0]
        self.check_schema(line, True)
        self.assertEqual(at(line, "container.name"), "host")
        self.assertEqual(at(line, "container.runtime"), "none")

    def test_several(self):
        """One line an argument, in their order; the worst decides."""
        done = run("--json", "/", "/no/such", "abc", "/")
        self.assertEqual([line["argument"] for line in lines(done)], ["/", "/no/such", "abc", "/"])
        self.assertEqual(done.returncode, 1)
        self.assertEqual(lines(done)[2].keys(), {"argument", "error"})
        self.assertEqual(run("--json", "/", "/").returncode, 0)

    def test_what_names_nothing(self):
        for argument in ("abc", "0", "-1", "99999999999", "1x", "", "docker/" + ID, "/" + "x" * 999):
            with self.subTest(argument=argument):
                done = run("--json", "--", argument)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(lines(done)[0].keys() - {"argument"}, {"error"})
                self.assertEqual(done.stderr, b"")
                done = run("--", argument)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stdout, b"")
                self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_usage(self):
        for arguments in ((), ("--json",), ("--label", "", "/"), ("--label", "a=b", "/"),
                          ("--label", "a\nb", "/"), ("--label", "x" * 256, "/"),
                          ("--label", "x") * 17 + ("/",), ("--nonsense", "/"),
                          ("--json=yes", "/"), ("--host-root", "/no/such", "/"),
                          ("--host-root", __file__, "/")):
            with self.subTest(arguments=arguments):
                done = run(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stdout, b"")
                self.assertNotEqual(done.stderr, b"")


class HostileTest(unittest.TestCase):
    """Names come from containers, and a terminal obeys what is in them."""

    NAME = "a\x1b[31mb\x07\x00c\r\nd\x7f\x9b1me\u202e\u2028f\ud7ff\"\\"

    def setUp(self):
        self.root = tempfile.TemporaryDirectory()
        os.chmod(self.root.name, 0o755)
        self.addCleanup(self.root.cleanup)

    def put(self, name, content):
        path = os.path.join(self.root.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content)

    def put_docker(self, name):
        self.put(f"var/lib/docker/containers/{ID}/config.v2.json", json.dumps({
            "ID": ID, "Name": "/" + name, "State": {"Running": True},
            "Config": {"Image": "nginx", "Labels": {"app": name, name: "x", "big": "y" * 5000}}}))

    def identify(self, *arguments):
        return run("--host-root", self.root.name, *arguments)

    def test_text(self):
        name = self.NAME.replace("\x00", "")
        self.put_docker(name)
        clean = self.identify("--label", "app", "/docker/" + ID)
        text = clean.stdout.decode()
        self.assertIsNone(CONTROL.search(text), text)
        self.assertIn("a?[31mb?c??d??1me", text)
        shown = text.rstrip("\n").split("\n")
        self.assertEqual(shown[0], "/docker/" + ID)
        for line in shown[1:]:
            self.assertRegex(line, r"^  (container|k8s|process)\.[A-Za-z0-9._]+ +\S")
        # The same in JSON, where everything can be written down.
        line = lines(self.identify("--json", "--label", "app", "/docker/" + ID))[0]
        self.assertEqual(at(line, "container.name"), name)
        self.assertEqual(at(line, "container.labels.app"), name.replace("\n", " "))

    def test_no_strict_json(self):
        """A NUL in a text, a key twice, half a file: the path says what can be said."""
        self.put_docker(self.NAME)
        line = lines(self.identify("--json", "/docker/" + ID))[0]
        self.assertEqual(at(line, "container.identity_source"), "path")
        self.assertIsNone(at(line, "container.name"))
        self.put(f"var/lib/docker/containers/{ID}/config.v2.json",
                 '{"ID":"%s","Name":"/a","Name":"/b"}' % ID)
        line = lines(self.identify("--json", "/docker/" + ID))[0]
        self.assertEqual(at(line, "container.identity_source"), "path")

    def test_arguments(self):
        """An argument may be a hostile name, too: find ... | xargs memwitness identify."""
        path = "/\x1b[31m\x07\r\n\x7f\u009b1m"
        for arguments in ((path,), ("x" + path,)):
            done = self.identify(*arguments)
            self.assertEqual(done.returncode, 1)
            for text in (done.stdout.decode(), done.stderr.decode()):
                self.assertIsNone(CONTROL.search(text), text)
            self.assertEqual(done.stderr.count(b"\n"), 1)
        line = lines(self.identify("--json", path))[0]
        self.assertEqual(line["argument"], path)
        # Not even UTF-8.
        done = self.identify("--json", b"/\xff\xfe\xc3(")
        self.assertEqual(lines(done)[0]["argument"], "/\ufffd\ufffd\ufffd(")

    def test_long_texts(self):
        self.put_docker("n" * 5000)
        line = lines(self.identify("--json", "--label", "big", "--label", "app",
                                   "/docker/" + ID))[0]
        self.assertLess(len(at(line, "container.name")), 257)
        self.assertEqual(set(line["truncated"]) & {"container.labels"}, {"container.labels"})
        self.assertLess(len(json.dumps(line)), 65536)

    def test_a_label_with_any_key(self):
        self.put_docker("x")
        key = "x"
        line = lines(self.identify("--json", "--label", key, "/docker/" + ID))[0]
        self.assertEqual(line["container"]["labels"], {"x": "x"})
        self.assertIn("container.labels", [s["field"] for s in line["sources"]])


def main():
    memwitness = os.path.abspath(sys.argv.pop(1))
    COMMAND[:] = [memwitness]
    if run("--json", "/").returncode:
        print("test_identify: no memory hierarchy is mounted here: nothing was tested")
        return 0
    print("as uid", os.getuid())
    result = unittest.main(exit=False).result
    if result.wasSuccessful() and os.getuid() == 0:
        print("without privileges")
        COMMAND[:] = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                      memwitness]
        result = unittest.main(exit=False).result
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
