#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Hold JSON lines against the schema of the records.

usage: validate.py [--allow-gaps] [--max-errors N] SCHEMA [FILE...]     ("-" or no FILE: stdin)

The files are read as one stream, in the order given. Checked are the schema itself, each line's
bytes (UTF-8, at most 64 KiB, an end of line, no key twice, no NaN), each record against the schema
of its type, and that `seq` counts on without a gap (it begins anew at an agent_start). Each error
names file, line and path; the exit status is 1 if there was any, 2 if the check could not be made.
"""
import argparse
import json
import sys

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

LINE_MAX = 65536


class BadLine(Exception):
    """A line that is no JSON object of ours."""


def no_duplicates(pairs):
    out = dict(pairs)
    if len(out) != len(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise BadLine("key %r is there twice" % key)
            seen.add(key)
    return out


def no_constant(name):
    raise BadLine("%s is no JSON" % name)


DECODER = json.JSONDecoder(object_pairs_hook=no_duplicates, parse_constant=no_constant)


def parse_line(raw):
    """The record in a line of bytes; BadLine says what is wrong with it."""
    if len(raw) > LINE_MAX:
        raise BadLine("%d bytes: more than %d" % (len(raw), LINE_MAX))
    if not raw.endswith(b"\n"):
        raise BadLine("no end of line")
    try:
        record = DECODER.decode(raw[:-1].decode("utf-8"))
    except UnicodeDecodeError as e:
        raise BadLine("not UTF-8 at byte %d" % e.start) from e
    except ValueError as e:
        raise BadLine("not JSON: %s" % e) from e
    if not isinstance(record, dict):
        raise BadLine("not an object")
    return record


class Checker:
    """One compiled validator a record type: faster than all of them, and clearer in its errors."""

    def __init__(self, schema):
        Draft202012Validator.check_schema(schema)
        defs = schema["$defs"]
        self.types = {}
        for name in defs["type"]["enum"]:
            if name not in defs:
                raise SchemaError("the schema has no $defs/%s" % name)
            self.types[name] = Draft202012Validator({**defs[name], "$defs": defs})
        self.seq = None

    def errors(self, record):
        """What the schema says against the record: a list of (path, message)."""
        kind = record.get("type")
        if not isinstance(kind, str) or kind not in self.types:
            return [("type", "%r is no type of record" % (kind,))]
        found = []
        for e in self.types[kind].iter_errors(record):
            path = ".".join(str(p) for p in e.absolute_path) or "."
            found.append((path, e.message if len(e.message) < 300 else e.message[:297] + "..."))
        return sorted(found)

    def seq_error(self, record):
        """Keep count of seq; a message if this one is not the next."""
        seq, before = record.get("seq"), self.seq
        if not isinstance(seq, int):
            return None  # the schema has said so
        self.seq = seq
        if record.get("type") == "agent_start":
            return None if seq == 1 else "seq begins with %d, not with 1" % seq
        if before is not None and seq != before + 1:
            return "seq %d follows %d" % (seq, before)
        return None


def check_stream(checker, name, stream, allow_gaps, report):
    lines = 0
    for raw in stream:
        lines += 1
        try:
            record = parse_line(raw)
        except BadLine as e:
            report(name, lines, ".", str(e))
            continue
        for path, message in checker.errors(record):
            report(name, lines, path, message)
        gap = checker.seq_error(record)
        if gap and not allow_gaps:
            report(name, lines, "seq", gap)
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--allow-gaps", action="store_true", help="lines may be missing")
    parser.add_argument("--max-errors", type=int, default=50, metavar="N", help="print at most N")
    parser.add_argument("schema")
    parser.add_argument("files", nargs="*", default=["-"])
    args = parser.parse_args()
    try:
        with open(args.schema, encoding="utf-8") as f:
            checker = Checker(json.load(f))
    except (OSError, ValueError, KeyError, SchemaError) as e:
        print("%s: %s" % (args.schema, e), file=sys.stderr)
        return 2

    errors = 0

    def report(name, line, path, message):
        nonlocal errors
        errors += 1
        if errors <= args.max_errors:
            print("%s:%d: %s: %s" % (name, line, path, message))

    lines = 0
    for name in args.files:
        try:
            if name == "-":
                lines += check_stream(checker, "-", sys.stdin.buffer, args.allow_gaps, report)
                continue
            with open(name, "rb") as f:
                lines += check_stream(checker, name, f, args.allow_gaps, report)
        except OSError as e:
            print("%s: %s" % (name, e.strerror), file=sys.stderr)
            return 2
    if errors > args.max_errors:
        print("... and %d more" % (errors - args.max_errors))
    print("%d lines, %d errors" % (lines, errors))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
