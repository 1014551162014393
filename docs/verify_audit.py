#!/usr/bin/env python3
"""Checks a whole exported audit log: python3 verify_audit.py audit.jsonl [HASH OF THE LAST ENTRY, IF KNOWN]"""
import hashlib
import json
import sys


def canonical(entry):  # RFC 8785, for what occurs: text, whole numbers, true, false, null, lists, objects
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def once(pairs):  # a key that stands twice is taken for its first value by one reader, for its last by another
    if len({key for key, _ in pairs}) < len(pairs):
        sys.exit(f"entry {seq}: says something twice")
    return dict(pairs)


seq, prev = 0, "0" * 64
for line in open(sys.argv[1], encoding="utf-8"):
    seq += 1
    entry = json.loads(line, object_pairs_hook=once)
    claimed = entry.pop("hash")
    if entry["seq"] != seq or entry["prev"] != prev:
        sys.exit(f"entry {seq}: missing, moved, or not linked to the one before it")
    if hashlib.sha256(canonical(entry)).hexdigest() != claimed:
        sys.exit(f"entry {seq}: does not match its hash")
    prev = claimed
if len(sys.argv) > 2 and sys.argv[2] != prev:
    sys.exit(f"entry {seq}: is the last one here, but not the one that was named")
print(f"{seq} entries, the chain is whole; last hash {prev}")
