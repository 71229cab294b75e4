#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The schema is as strict as it is meant to be, and validate.py sees what is wrong.

usage: test_schema.py [RECORD_LINES_COMMAND]     (from the top of the tree)

Every golden line passes. Then, one change at a time: each required member removed, and one byte of
each key changed, must fail, and for the reason it was made to fail for. With the path of the built
test_record_json its golden and its hostile lines are held against the schema as well.
"""
import copy
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import validate  # noqa: E402

SCHEMA = os.path.join(HERE, "..", "user", "out", "schema.json")
GOLDEN = [os.path.join(HERE, "golden", n) for n in ("records.jsonl", "later_records.jsonl")]
PRINTER = None
# Objects whose keys are somebody else's choice.
OPEN = ("labels", "measured", "memory_stat", "threshold")


def load(path):
    with open(path, "rb") as f:
        return [validate.parse_line(raw) for raw in f]


def objects(node, path=()):
    """Every object in a record with its path."""
    if isinstance(node, dict):
        yield path, node
        for key, value in node.items():
            yield from objects(value, path + (key,))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from objects(value, path + (i,))


def at(record, path):
    for step in path:
        record = record[step]
    return record


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(SCHEMA, encoding="utf-8") as f:
            cls.schema = json.load(f)
        cls.checker = validate.Checker(cls.schema)
        cls.whole = validate.Draft202012Validator(cls.schema)
        cls.records = [r for path in GOLDEN for r in load(path)]

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            node = self.schema["$defs"][node["$ref"].split("/")[-1]]
        return node

    def subschema(self, kind, path):
        node = self.resolve(self.schema["$defs"][kind])
        for step in path:
            if isinstance(step, int):
                node = self.resolve(node["items"])
            else:
                node = self.resolve(node.get("properties", {}).get(step, {}))
        return node

    def test_every_type_has_a_golden(self):
        kinds = {r["type"] for r in self.records}
        self.assertEqual(kinds, set(self.schema["$defs"]["type"]["enum"]))

    def test_goldens_pass(self):
        for record in self.records:
            self.assertEqual(self.checker.errors(record), [], record["type"])
            # Not by type: as any other validator would, by the schema as it is printed.
            self.assertTrue(self.whole.is_valid(record), record["type"])

    def test_every_reference_is_there(self):
        text = json.dumps(self.schema)
        for name in self.schema["$defs"]:
            self.assertIn('"#/$defs/%s"' % name, text)
        for part in text.split('"$ref": "')[1:]:
            self.assertIn(part.split('"')[0].split("/")[-1], self.schema["$defs"])

    def test_own_objects_are_closed(self):
        def walk(node, path):
            if isinstance(node, dict):
                if node.get("type") == "object" and len(path) > 0:
                    self.assertIn("additionalProperties", node, path)
                    if path[-1] not in OPEN:
                        self.assertIs(node["additionalProperties"], False, path)
                for key, value in node.items():
                    walk(value, path + (key,))
            elif isinstance(node, list):
                for i, value in enumerate(node):
                    walk(value, path + (i,))

        walk(self.schema, ())

    def test_required_members(self):
        tried = 0
        for record in self.records:
            for path, node in objects(record):
                for key in self.subschema(record["type"], path).get("required", []):
                    bad = copy.deepcopy(record)
                    del at(bad, path)[key]
                    errors = self.checker.errors(bad)
                    wanted = "'%s' is a required property" % key
                    if path + (key,) == ("type",):
                        wanted = "no type of record"
                    self.assertTrue(any(wanted in m for _, m in errors), (path, key, errors))
                    self.assertFalse(self.whole.is_valid(bad), (path, key))
                    tried += 1
        self.assertGreater(tried, 200)

    def test_one_byte_of_a_key(self):
        tried = 0
        for record in self.records:
            for path, node in objects(record):
                if path and path[-1] in OPEN:
                    continue
                for key in node:
                    other = key[:-1] + chr(ord(key[-1]) ^ 1)
                    bad = copy.deepcopy(record)
                    parent = at(bad, path)
                    parent[other] = parent.pop(key)
                    errors = self.checker.errors(bad)
                    self.assertTrue(errors, (path, other))
                    if path + (key,) != ("type",):
                        self.assertTrue(any(other in m for _, m in errors), (path, other, errors))
                    self.assertFalse(self.whole.is_valid(bad), (path, other))
                    tried += 1
        self.assertGreater(tried, 600)

    def expect(self, kind, change, path):
        bad = copy.deepcopy(next(r for r in self.records if r["type"] == kind))
        change(bad)
        self.assertIn(path, [p for p, _ in self.checker.errors(bad)])

    def test_values(self):
        def put(*steps):
            def change(record):
                at(record, steps[:-2])[steps[-2]] = steps[-1]
            return change

        for value in ("2026-11-20T10:42:39Z", "2026-11-20T10:42:39.123456789+00:00",
                      "2026-13-20T10:42:39.123456789Z", 1795171359):
            self.expect("oom_kill", put("time", value), "time")
        self.expect("oom_kill", put("severity", "fatal"), "severity")
        self.expect("oom_kill", put("schema", "memwitness/2"), "schema")
        self.expect("oom_kill", put("seq", 0), "seq")
        self.expect("oom_kill", put("seq", True), "seq")
        self.expect("oom_kill", put("constraint", "none"), "constraint")
        self.expect("oom_kill", put("victim", "memory", "anon", -1), "victim.memory.anon")
        self.expect("oom_kill", put("victim", "memory", "anon", None), "victim.memory.anon")
        self.expect("oom_kill", put("victim", "process", "pid", 0), "victim.process.pid")
        self.expect("oom_kill", put("victim", "process", "name", ""), "victim.process.name")
        self.expect("oom_kill", put("allocation", "gfp_mask", "cc0"), "allocation.gfp_mask")
        self.expect("oom_kill", put("truncated", []), "truncated")
        self.expect("process_exit", put("exit", {"core_dumped": False}), "exit")
        self.expect("process_exit", put("exit", {"signal": 9, "core_dumped": False}), "exit")
        self.expect("process_exit", put("exit", "signal_name", "SIGHUP"), "exit.signal_name")
        self.expect("process_exit", put("cause", "killed"), "cause")
        self.expect("process_exit", put("incident", None), "incident")
        self.expect("container_sample", put("final", False), "final")
        self.expect("container_sample", put("memory", "usage", None), "memory.usage")
        self.expect("agent_start", put("configuration", "redact", "some"), "configuration.redact")
        self.expect("finding", put("state", "seen"), "state")


class ValidatorTest(unittest.TestCase):
    def run_on(self, data, *options):
        with tempfile.NamedTemporaryFile() as f:
            f.write(data)
            f.flush()
            done = subprocess.run([sys.executable, os.path.join(HERE, "validate.py"), *options,
                                   SCHEMA, f.name], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.replace(f.name, "F")

    def setUp(self):
        with open(GOLDEN[0], "rb") as f:
            self.data = f.read()
        self.lines = self.data.splitlines(keepends=True)

    def test_whole(self):
        self.assertEqual(self.run_on(self.data), (0, "%d lines, 0 errors\n" % len(self.lines)))
        self.assertEqual(self.run_on(self.data * 2)[0], 0)  # a second start

    def test_gap(self):
        data = b"".join(self.lines[:3] + self.lines[4:])
        code, out = self.run_on(data)
        self.assertEqual(code, 1)
        self.assertIn("F:4: seq: seq 5 follows 3", out)
        self.assertEqual(self.run_on(data, "--allow-gaps")[0], 0)

    def test_bytes(self):
        for bad, says in ((self.data[:-1], "no end of line"),
                          (self.data.replace(b'"0.1.0"', b'"0.1\xff0"'), "not UTF-8"),
                          (self.data.replace(b'"severity":"info"', b'"severity":"info'), "not JSON"),
                          (self.data.replace(b'"seq":1,', b'"seq":1,"seq":1,'), "there twice"),
                          (self.data.replace(b"2677.1", b"NaN"), "NaN is no JSON"),
                          (self.data + b"\n", "not JSON"), (self.data + b"[]\n", "not an object"),
                          (self.data + b" " * 65536 + b"\n", "more than 65536")):
            code, out = self.run_on(bad)
            self.assertEqual(code, 1, says)
            self.assertIn(says, out)

    def test_path_of_an_error(self):
        code, out = self.run_on(self.data.replace(b'"level":"slice"', b'"level":"slide"'))
        self.assertEqual(code, 1)
        self.assertIn("F:7: limit_hit.level: 'slide' is not one of", out)
        self.assertTrue(out.endswith("%d lines, 1 errors\n" % len(self.lines)))

    def test_what_the_writer_writes(self):
        if not PRINTER:
            self.skipTest("no path of test_record_json given")
        for option in ("--print", "--hostile"):
            done = subprocess.run([PRINTER, option], capture_output=True, check=True)
            code, out = self.run_on(done.stdout)
            self.assertEqual(code, 0, out)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PRINTER = sys.argv.pop(1)
    unittest.main()
