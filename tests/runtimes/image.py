# SPDX-License-Identifier: Apache-2.0
"""Container images of one program, busybox, as the archive that every runtime here can load.

No registry is asked. The program that containers run waits for orders, which come as signals.
"""
import hashlib
import io
import json
import os
import tarfile

BUSYBOX = "bin/busybox"
APPLETS = ("sh", "sleep", "dd", "true", "cat", "echo", "kill", "ls", "mkdir", "mount")
# Far more than any limit here.
LEAK = ["dd", "if=/dev/zero", "of=/dev/null", "bs=400M", "count=1"]
# What a container's init does: on HUP a child of its is too big, on USR2 init ends with 3, on
# TERM with 0.
INIT = ["/bin/sh", "-c",
        f"trap '{' '.join(LEAK)}' HUP; trap 'exit 3' USR2; "
        "trap 'exit 0' TERM; while :; do sleep 1000 & wait $!; kill $!; done"]
# Of a pod's own container: waits, and ends at once when it shall.
PAUSE = ["/bin/sh", "-c", "trap 'exit 0' TERM; sleep 100000 & wait"]
BRIEF = ["/bin/sh", "-c", "sleep 0.05"]


def add(tar, name, content):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def layer(root):
    """The tar of the only layer; root: the bed's Debian, which has the static busybox."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp", "run", "root"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        with open(os.path.join(root, BUSYBOX), "rb") as f:
            entry = tarfile.TarInfo(BUSYBOX)
            entry.mode, entry.size = 0o755, os.fstat(f.fileno()).st_size
            tar.addfile(entry, f)
        for applet in APPLETS:
            entry = tarfile.TarInfo("bin/" + applet)
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
        add(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    return out.getvalue()


def write_archive(path, root, images, command):
    """
    An archive of the kind of `docker save`. images: {name with tag: labels}; no two are the same
    image, because then some runtimes name the first of them. {name: id, "sha256:..."}
    """
    data = layer(root)
    ids, manifest = {}, []
    with tarfile.open(path, "w") as tar:
        add(tar, "layer.tar", data)
        for name, labels in images.items():
            config = json.dumps({
                "architecture": "amd64", "os": "linux", "created": "2024-01-01T00:00:00Z",
                "config": {"Cmd": command, "Env": ["PATH=/bin"], "Labels": labels},
                "rootfs": {"type": "layers",
                           "diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest()]},
                "history": [{"created": "2024-01-01T00:00:00Z", "created_by": name}]}).encode()
            digest = hashlib.sha256(config).hexdigest()
            add(tar, digest + ".json", config)
            ids[name] = "sha256:" + digest
            manifest.append({"Config": digest + ".json", "RepoTags": [name],
                             "Layers": ["layer.tar"]})
        add(tar, "manifest.json", json.dumps(manifest).encode())
    return ids


def unpack(path, root):
    """The same as a directory, for what takes no images."""
    os.makedirs(path, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(layer(root))) as tar:
        tar.extractall(path)
