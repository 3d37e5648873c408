#!/bin/sh
# QEMU 7.2 (Debian 12's qemu-system-x86 and qemu-utils): `stop` writes the disk out.
#
# One would guess: the monitor's `stop` halts the processors and nothing else, so that a machine that is stopped, looked
# at and then killed has lost its power at the moment of the `stop`: what its guest had not flushed may be gone.
# What happens: `stop` flushes every disk, whatever its guest asked for. After it nothing can be lost any more, and a
# power cut that is tried in this way proves nothing.
# Source: do_vm_stop() in softmmu/cpus.c ends with bdrv_drain_all() and bdrv_flush_all().
# Cure: kill the process without a word to its monitor; take a picture of the screen before, with the processors running.
#
# Ends with 0 unchanged, 1 changed, 69 without Debian's packages qemu-system-x86 and qemu-utils. What reaches the disk
# is noted by QEMU's own driver blklogwrites.
set -eu
for program in qemu-system-x86_64 qemu-img; do command -v "$program" >/dev/null || exit 69; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/finding.py" <<'END'
import json, socket, struct, subprocess, sys

folder = sys.argv[1]
SECTOR, FLUSH = 512, 1

def requests(*commands):
    """What reached the disk of a machine that got these commands and was then killed."""
    for name in ("disk", "log"):
        subprocess.run(["qemu-img", "create", "-q", "-f", "raw", f"{folder}/{name}", "1M"], check=True)
    ours, theirs = socket.socketpair()
    file = "driver=file,filename={},node-name={}".format
    machine = subprocess.Popen(
        ["qemu-system-x86_64", "-M", "none", "-nodefaults", "-display", "none",
         "-chardev", f"socket,id=monitor,fd={theirs.fileno()}", "-mon", "chardev=monitor,mode=control",
         "-blockdev", file(f"{folder}/disk", "disk"), "-blockdev", file(f"{folder}/log", "log"),
         "-blockdev", "driver=blklogwrites,node-name=noted,file=disk,log=log"],
        pass_fds=[theirs.fileno()])
    theirs.close()
    lines = ours.makefile("r")
    lines.readline()
    for command in ({"execute": "qmp_capabilities"}, *commands):
        ours.sendall(json.dumps(command).encode())
        while "return" not in (answer := json.loads(lines.readline())):
            assert "error" not in answer, answer
    machine.kill()
    machine.wait()
    with open(f"{folder}/log", "rb") as log:
        log.seek(SECTOR)
        while entry := log.read(SECTOR):
            _, sectors, flags, _ = struct.unpack_from("<4Q", entry)
            if not sectors and not flags:
                return
            yield "flush" if flags & FLUSH else "write"
            log.seek(sectors * SECTOR, 1)

version = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True).stdout.splitlines()[0]
write = {"execute": "human-monitor-command", "arguments": {"command-line": 'qemu-io noted "write 0 4k"'}}
killed, stopped = " ".join(requests(write)), " ".join(requests(write, {"execute": "stop"}))
print(f"{version}\n  a write, killed:            {killed}\n  a write, `stop`, killed:    {stopped}")
sys.exit((killed, stopped) != ("write", "write flush"))
END
timeout 120 python3 "$folder/finding.py" "$folder"
