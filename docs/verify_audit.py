#!/usr/bin/env python3
"""Checks a whole exported audit log: python3 verify_audit.py audit.jsonl [VERIFIER KEY …] [HASH OF THE LAST ENTRY]"""
import base64, hashlib, json, sys

def need(truth, problem="cannot be read"):
    if not truth: raise ValueError(problem)
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519, RFC 8032; points are (X, Y, Z, T)
D, ZERO = -121665 * pow(121666, -1, P) % P, (0, 1, 1, 0)
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P

def times(n, p):
    return add(times(n >> 1, add(p, p)), p if n & 1 else ZERO) if n else ZERO

def point(raw):
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    need(x * x % P == square and y < P and len(raw) == 32)
    x = P - x if x % 2 != raw[31] >> 7 else x
    return x, y, 1, x * y % P

def is_signed(note, key):  # https://c2sp.org/signed-note
    text, _, line = note.rpartition("\n\n")
    dash, signer, blob = line.rstrip("\n").split(" ")
    name, _, public = key.split("+", 2)
    public, blob = base64.b64decode(public)[1:], base64.b64decode(blob, validate=True)
    if signer != name or blob[:4] != hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]: return False
    r, s = blob[4:36], int.from_bytes(blob[36:], "little")
    h = int.from_bytes(hashlib.sha512(r + public + text.encode() + b"\n").digest(), "little") % L
    p, q = times(s, point(bytes.fromhex("58" + "66" * 31))), add(point(r), times(h, point(public)))
    return s < L and (p[0] * q[2] - q[0] * p[2]) % P == 0 == (p[1] * q[2] - q[1] * p[2]) % P

def once(pairs):  # a key that stands twice is taken for its first value by one reader, for its last by another
    need(len(dict(pairs)) == len(pairs), "says something twice")
    return dict(pairs)

def check(entry):  # the text is RFC 8785, for what occurs: text, whole numbers, true, false, null, lists, objects
    claimed = entry.pop("hash")
    need(entry["seq"] == seq and entry["prev"] == prev, "missing, moved, or not linked to the one before it")
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    need(hashlib.sha256(text.encode()).hexdigest() == claimed, "does not match its hash")
    if entry["event"] == "checkpoint" and keys:
        head = f"customgpt-retention\n{seq - 1}\n{base64.b64encode(bytes.fromhex(prev)).decode()}\n\n"
        need(entry["note"].startswith(head), "signs something else than the entries before it")
        need(any(is_signed(entry["note"], key) for key in keys), "is not signed by that key")
    return claimed, seq if entry["event"] == "checkpoint" else signed

if len(sys.argv) < 2: sys.exit(__doc__)
seq, prev, signed, keys = 0, "0" * 64, 0, [word for word in sys.argv[2:] if "+" in word]
try:
    for seq, line in enumerate(open(sys.argv[1], encoding="utf-8", newline="\n"), 1):
        prev, signed = check(json.loads(line, object_pairs_hook=once))
    need(seq, "there is none")
    need(all(word in keys + [prev] for word in sys.argv[2:]), "is the last one here, but not the one that was named")
    need(signed or not keys, "is the last one here, and nothing is signed")
except Exception as error:
    sys.exit(f"entry {seq}: {error}")
print(seq, "entries, the chain is whole;", f"signed to entry {signed};" if keys else "signatures not checked;", "last hash", prev)
