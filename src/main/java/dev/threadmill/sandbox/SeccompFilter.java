package dev.threadmill.sandbox;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * A seccomp program that refuses system calls which a program in the sandbox does not need and
 * which have been ways out of containers. It lists what is refused and not what is allowed, since
 * the C library and Python use new calls with every version.
 */
final class SeccompFilter {
  private static final int EPERM = 1;
  private static final int ENOSYS = 38;
  private static final int EAFNOSUPPORT = 97;

  private static final int LOAD = 0x20;
  private static final int JUMP_IF_EQUAL = 0x15;
  private static final int JUMP_IF_AT_LEAST = 0x35;
  private static final int JUMP_IF_ANY_BIT = 0x45;
  private static final int RETURN = 0x06;

  private static final int ALLOW = 0x7fff0000;
  private static final int ERROR = 0x00050000;
  private static final int KILL_PROCESS = 0x80000000;

  private static final int OFFSET_OF_NUMBER = 0;
  private static final int OFFSET_OF_ARCHITECTURE = 4;
  private static final int OFFSET_OF_ARGUMENTS = 16;

  /** From here on are the calls of the x32 ABI, which are other names for those of x86-64. */
  private static final int X32 = 0x40000000;

  /** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
  private static final int NEW_NAMESPACES = 0x7e020080;

  private static final int[] ALLOWED_SOCKET_FAMILIES = {1, 2, 10};

  /** TIOCSTI, TIOCCONS, TIOCLINUX: they put input into a terminal. */
  private static final int[] REFUSED_IOCTLS = {0x5412, 0x541d, 0x541c};

  private static final Call[] REFUSED = {
    // Keys of the kernel.
    new Call(EPERM, 248, 217), // add_key
    new Call(EPERM, 249, 218), // request_key
    new Call(EPERM, 250, 219), // keyctl
    // Large parts of the kernel that are reached by nothing else.
    new Call(ENOSYS, 425, 425), // io_uring_setup
    new Call(ENOSYS, 426, 426), // io_uring_enter
    new Call(ENOSYS, 427, 427), // io_uring_register
    new Call(ENOSYS, 206, 0), // io_setup
    new Call(EPERM, 321, 280), // bpf
    new Call(EPERM, 323, 282), // userfaultfd
    new Call(EPERM, 298, 241), // perf_event_open
    new Call(EPERM, 300, 262), // fanotify_init
    new Call(EPERM, 301, 263), // fanotify_mark
    // Other processes.
    new Call(EPERM, 101, 117), // ptrace
    new Call(EPERM, 310, 270), // process_vm_readv
    new Call(EPERM, 311, 271), // process_vm_writev
    new Call(EPERM, 312, 272), // kcmp
    new Call(EPERM, 438, 438), // pidfd_getfd
    new Call(EPERM, 440, 440), // process_madvise
    new Call(EPERM, 448, 448), // process_mrelease
    new Call(EPERM, 256, 238), // migrate_pages
    new Call(EPERM, 279, 239), // move_pages
    // Namespaces and mounts.
    new Call(ENOSYS, 435, 435), // clone3: its flags are not visible here; the C library uses clone
    new Call(EPERM, 272, 97), // unshare
    new Call(EPERM, 308, 268), // setns
    new Call(EPERM, 165, 40), // mount
    new Call(EPERM, 166, 39), // umount2
    new Call(EPERM, 155, 41), // pivot_root
    new Call(EPERM, 161, 51), // chroot
    new Call(EPERM, 428, 428), // open_tree
    new Call(EPERM, 429, 429), // move_mount
    new Call(EPERM, 430, 430), // fsopen
    new Call(EPERM, 431, 431), // fsconfig
    new Call(EPERM, 432, 432), // fsmount
    new Call(EPERM, 433, 433), // fspick
    new Call(EPERM, 442, 442), // mount_setattr
    new Call(EPERM, 303, 264), // name_to_handle_at
    new Call(EPERM, 304, 265), // open_by_handle_at
    // The machine.
    new Call(EPERM, 163, 89), // acct
    new Call(EPERM, 159, 171), // adjtimex
    new Call(EPERM, 305, 266), // clock_adjtime
    new Call(EPERM, 227, 112), // clock_settime
    new Call(EPERM, 164, 170), // settimeofday
    new Call(EPERM, 174, -1), // create_module
    new Call(EPERM, 175, 105), // init_module
    new Call(EPERM, 313, 273), // finit_module
    new Call(EPERM, 176, 106), // delete_module
    new Call(EPERM, 246, 104), // kexec_load
    new Call(EPERM, 320, 294), // kexec_file_load
    new Call(EPERM, 169, 142), // reboot
    new Call(EPERM, 167, 224), // swapon
    new Call(EPERM, 168, 225), // swapoff
    new Call(EPERM, 170, 161), // sethostname
    new Call(EPERM, 171, 162), // setdomainname
    new Call(EPERM, 179, 60), // quotactl
    new Call(EPERM, 443, 443), // quotactl_fd
    new Call(EPERM, 103, 116), // syslog
    new Call(EPERM, 153, 58), // vhangup
    new Call(EPERM, 172, -1), // iopl
    new Call(EPERM, 173, -1), // ioperm
    new Call(EPERM, 154, -1), // modify_ldt
    new Call(EPERM, 135, 92), // personality
    new Call(EPERM, 134, -1), // uselib
    new Call(EPERM, 180, 42), // nfsservctl
    new Call(EPERM, 212, 18), // lookup_dcookie
    new Call(EPERM, 278, 75), // vmsplice
    // Memory that counts against no limit of a process.
    new Call(ENOSYS, 319, 279), // memfd_create
    new Call(ENOSYS, 447, 447), // memfd_secret
    new Call(ENOSYS, 29, 194), // shmget
    new Call(ENOSYS, 64, 190), // semget
    new Call(ENOSYS, 68, 186), // msgget
    new Call(ENOSYS, 240, 180), // mq_open
  };

  /** The number of a system call on each architecture; -1 where it does not exist. */
  private record Call(int error, int x86, int arm) {}

  /** An architecture: its audit number, and the calls whose arguments are looked at. */
  enum Architecture {
    X86_64(0xc000003e, 56, 41, 16),
    AARCH64(0xc00000b7, 220, 198, 29);

    private final int audit;
    private final int clone;
    private final int socket;
    private final int ioctl;

    Architecture(int audit, int clone, int socket, int ioctl) {
      this.audit = audit;
      this.clone = clone;
      this.socket = socket;
      this.ioctl = ioctl;
    }

    /** The architecture of that name as Java has it; null if there is no filter for it. */
    static Architecture of(String name) {
      return switch (name) {
        case "amd64", "x86_64" -> X86_64;
        case "aarch64" -> AARCH64;
        default -> null;
      };
    }
  }

  private record Instruction(int code, int ifTrue, int ifFalse, int value) {}

  private final List<Instruction> program = new ArrayList<>();

  private SeccompFilter() {}

  /** The program as the kernel reads it. */
  static byte[] program(Architecture architecture) {
    var filter = new SeccompFilter();
    filter.assemble(architecture);
    var bytes = ByteBuffer.allocate(filter.program.size() * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (var each : filter.program) {
      bytes.putShort((short) each.code);
      bytes.put((byte) each.ifTrue).put((byte) each.ifFalse).putInt(each.value);
    }
    return bytes.array();
  }

  private void assemble(Architecture architecture) {
    add(LOAD, OFFSET_OF_ARCHITECTURE);
    jump(JUMP_IF_EQUAL, 1, 0, architecture.audit);
    add(RETURN, KILL_PROCESS);
    add(LOAD, OFFSET_OF_NUMBER);
    if (architecture == Architecture.X86_64) {
      jump(JUMP_IF_AT_LEAST, 0, 1, X32);
      add(RETURN, ERROR | ENOSYS);
    }
    for (var call : REFUSED) {
      int number = architecture == Architecture.X86_64 ? call.x86 : call.arm;
      if (number >= 0) {
        jump(JUMP_IF_EQUAL, 0, 1, number);
        add(RETURN, ERROR | call.error);
      }
    }
    refuseNamespaces(architecture.clone);
    refuseSockets(architecture.socket);
    refuseIoctls(architecture.ioctl);
    add(RETURN, ALLOW);
  }

  private void refuseNamespaces(int clone) {
    jump(JUMP_IF_EQUAL, 0, 4, clone);
    add(LOAD, OFFSET_OF_ARGUMENTS);
    jump(JUMP_IF_ANY_BIT, 0, 1, NEW_NAMESPACES);
    add(RETURN, ERROR | EPERM);
    add(LOAD, OFFSET_OF_NUMBER);
  }

  private void refuseSockets(int socket) {
    int allowed = ALLOWED_SOCKET_FAMILIES.length;
    jump(JUMP_IF_EQUAL, 0, allowed + 3, socket);
    add(LOAD, OFFSET_OF_ARGUMENTS);
    for (int i = 0; i < allowed; i++) {
      jump(JUMP_IF_EQUAL, allowed - i, 0, ALLOWED_SOCKET_FAMILIES[i]);
    }
    add(RETURN, ERROR | EAFNOSUPPORT);
    add(LOAD, OFFSET_OF_NUMBER);
  }

  private void refuseIoctls(int ioctl) {
    int refused = REFUSED_IOCTLS.length;
    jump(JUMP_IF_EQUAL, 0, 2 * refused + 1, ioctl);
    add(LOAD, OFFSET_OF_ARGUMENTS + 8);
    for (int request : REFUSED_IOCTLS) {
      jump(JUMP_IF_EQUAL, 0, 1, request);
      add(RETURN, ERROR | EPERM);
    }
  }

  private void add(int code, int value) {
    program.add(new Instruction(code, 0, 0, value));
  }

  /** The counts say how many instructions to skip. */
  private void jump(int code, int ifTrue, int ifFalse, int value) {
    program.add(new Instruction(code, ifTrue, ifFalse, value));
  }
}
