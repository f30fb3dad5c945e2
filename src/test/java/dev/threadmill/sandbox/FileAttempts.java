package dev.threadmill.sandbox;

import java.util.List;

/** Attempts to read or change files outside of the session. */
final class FileAttempts {
  static final List<Attempt> ALL =
      List.of(
          Attempt.of("read the passwords of this machine", "refused(open, '/etc/shadow')"),
          Attempt.of(
              "read the users of this machine",
              "print('contained' if len(open('/etc/passwd').readlines()) == 2 else 'ESCAPED')"),
          Attempt.of(
              "look into home folders", "absent('/root/.ssh'); absent('/home'); absent('/var')"),
          Attempt.of("look at the boot files", "absent('/boot'); absent('/srv'); absent('/sys')"),
          Attempt.of(
              "read the environment of the server",
              """
              text = open("/proc/self/environ").read() + open("/proc/1/environ").read() \\
                  if os.access("/proc/1/environ", os.R_OK) else open("/proc/self/environ").read()
              names = ("THREADMILL", "JAVA_HOME", "API_KEY", "DATABASE", "PASSWORD")
              print("ESCAPED" if any(name in text for name in names) else "contained")
              """),
          Attempt.of(
              "read environments through /proc",
              """
              found = [pid for pid in os.listdir("/proc") if pid.isdigit()]
              print("contained" if len(found) < 8 else "ESCAPED", found)
              """),
          Attempt.of(
              "reach the root through process 1", "refused(os.listdir, '/proc/1/root/root')"),
          Attempt.of(
              "reach folders through the working directory of process 1",
              "refused(os.listdir, '/proc/1/cwd/../home')"),
          Attempt.of("read the memory of the machine", "refused(open, '/dev/mem', 'rb')"),
          Attempt.of("read the memory of the kernel", "refused(open, '/proc/kcore', 'rb')"),
          Attempt.of("read the kernel's symbols", "refused(open, '/proc/kallsyms')"),
          Attempt.of("press SysRq", "refused(open, '/proc/sysrq-trigger', 'w')"),
          Attempt.of(
              "set the program that handles core dumps",
              "refused(open, '/proc/sys/kernel/core_pattern', 'w')"),
          Attempt.of(
              "set the memory policy", "refused(open, '/proc/sys/vm/overcommit_memory', 'w')"),
          Attempt.of(
              "be spared when memory is short",
              """
              def write():
                  with open("/proc/self/oom_score_adj", "w") as f: f.write("-1000")
              refused(write)
              """),
          Attempt.of("use cgroups to leave", "absent('/sys/fs/cgroup'); absent('/cgroup')"),
          Attempt.of("read a disk", "absent('/dev/vda'); absent('/dev/sda'); absent('/dev/kvm')"),
          Attempt.of("use FUSE", "absent('/dev/fuse'); absent('/dev/net/tun')"),
          Attempt.of(
              "make a device file",
              "refused(os.mknod, '/mnt/data/disk', 0o60600, os.makedev(254, 0))"),
          Attempt.of("write to the root folder", "refused(open, '/file', 'w')"),
          Attempt.of("write to /usr", "refused(open, '/usr/lib/x', 'w')"),
          Attempt.of("write to /etc", "refused(open, '/etc/passwd', 'a')"),
          Attempt.of("write to /dev", "refused(open, '/dev/x', 'w')"),
          Attempt.of("write to /mnt", "refused(open, '/mnt/x', 'w')"),
          Attempt.of(
              "link to a file of this machine",
              """
              os.symlink("/etc/shadow", "/mnt/data/link")
              refused(open, "/mnt/data/link")
              """),
          Attempt.of(
              "have the server read through a link",
              "os.symlink('/etc/hostname', '/mnt/data/report.csv'); print('contained')"),
          Attempt.of(
              "have the server read through a linked folder",
              "os.symlink('/', '/mnt/data/folder'); print('contained')"),
          Attempt.of(
              "link hard out of /mnt/data", "refused(os.link, '/etc/passwd', '/mnt/data/hard')"),
          Attempt.of(
              "link hard to a program", "refused(os.link, '/usr/bin/env', '/mnt/data/hard')"),
          Attempt.of(
              "unpack an archive that climbs",
              """
              import io, tarfile
              data = io.BytesIO()
              with tarfile.open(fileobj=data, mode="w") as tar:
                  for name in ("../../../../etc/cron.d/x", "/opt/threadmill/kernel.py"):
                      tar.addfile(tarfile.TarInfo(name))
              data.seek(0)
              refused(tarfile.open(fileobj=data).extractall, "/mnt/data")
              """),
          Attempt.of(
              "unpack a zip file that climbs",
              """
              import io, zipfile
              data = io.BytesIO()
              with zipfile.ZipFile(data, "w") as zip:
                  zip.writestr("../../../../usr/lib/climbed", "x")
              zipfile.ZipFile(data).extractall("/mnt/data")
              absent("/usr/lib/climbed")
              """),
          Attempt.of(
              "find the files of other threads",
              """
              found = subprocess.run(["find", "/mnt", "/tmp", "/opt", "/etc", "/dev", "-name", "secret.txt"],
                  capture_output=True, text=True).stdout
              print("ESCAPED" if found else "contained", found)
              """),
          Attempt.of(
              "open a file by its number",
              "denied(304, 265, -100, ctypes.create_string_buffer(64), 0)"),
          Attempt.of(
              "files in /dev/shm of others",
              "print('contained' if not os.listdir('/dev/shm') else 'ESCAPED')"),
          Attempt.of(
              "names that confuse a terminal",
              """
              for name in ("a\\nb.txt", "\\x1b[2J.txt", "%2e%2e%2fetc", "\\u202etxt.exe", "-rf"):
                  open(name, "w").close()
              open(b"\\xff\\xfe.bin", "w").close()
              print("contained")
              """),
          Attempt.of(
              "a pipe in place of a file", "os.mkfifo('/mnt/data/data.csv'); print('contained')"));

  private FileAttempts() {}
}
