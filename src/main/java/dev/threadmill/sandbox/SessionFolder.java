package dev.threadmill.sandbox;

import dev.threadmill.sandbox.SandboxSession.SandboxFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The files of a session on the disk of this node. Code in the sandbox creates them, with any name,
 * kind and permissions; so nothing here follows a link, and files are read only while all processes
 * of the session are stopped.
 *
 * @param root only the server may enter it
 * @param owner the user that the session runs as; negative for the user of the server
 */
record SessionFolder(Path root, int owner) {
  private static final int MAX_DEPTH = 32;
  private static final int MAX_FIGURES = 20;
  private static final int MAX_FIGURE_BYTES = 16 << 20;
  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  private static final List<String> PARTS = List.of("data", "tmp", "shm", "figures");

  /** How much the session has stored. */
  record Use(long bytes, long files, boolean isTooDeep) {}

  /** Creates the folders. */
  static SessionFolder create(Path root, int owner) throws IOException {
    var folder = new SessionFolder(root, owner);
    Files.createDirectories(root.getParent());
    Files.createDirectory(
        root, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    for (var part : PARTS) {
      Files.createDirectory(root.resolve(part));
      folder.own(root.resolve(part));
    }
    return folder;
  }

  /** What is {@code /mnt/data} inside. */
  Path data() {
    return root.resolve("data");
  }

  Path tmp() {
    return root.resolve("tmp");
  }

  Path shm() {
    return root.resolve("shm");
  }

  Path figures() {
    return root.resolve("figures");
  }

  private void own(Path path) throws IOException {
    if (owner >= 0) {
      Files.setAttribute(path, "unix:uid", owner, LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(path, "unix:gid", owner, LinkOption.NOFOLLOW_LINKS);
    }
  }

  /** Counts what the session has stored. Code may run meanwhile. */
  Use use() {
    var count = new Counter();
    try {
      for (var part : PARTS) {
        Files.walkFileTree(root.resolve(part), java.util.Set.of(), MAX_DEPTH, count);
      }
    } catch (IOException e) {
      // A folder that disappeared; the next count sees the rest.
    }
    return new Use(count.bytes, count.files, count.isTooDeep);
  }

  private static final class Counter implements FileVisitor<Path> {
    private long bytes;
    private long files;
    private boolean isTooDeep;

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      files++;
      bytes += attributes.size();
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      files++;
      bytes += attributes.size();
      isTooDeep |= attributes.isDirectory();
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) {
      files++;
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, IOException e) {
      return FileVisitResult.CONTINUE;
    }
  }

  /** The regular files in {@code data}, hidden ones left out. */
  List<SandboxFile> files(int max) throws IOException {
    var found = new ArrayList<SandboxFile>();
    var base = data();
    Files.walkFileTree(
        base,
        java.util.Set.of(),
        MAX_DEPTH,
        new java.nio.file.SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return isHidden(folder) && !folder.equals(base)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (attributes.isRegularFile() && !isHidden(file) && found.size() < max) {
              found.add(describe(file));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
          }
        });
    found.removeIf(java.util.Objects::isNull);
    found.sort(Comparator.comparing(SandboxFile::path));
    return found;
  }

  private static boolean isHidden(Path path) {
    var name = path.getFileName().toString();
    return name.startsWith(".") || name.equals("__pycache__");
  }

  /** Null if it disappeared. */
  private SandboxFile describe(Path file) {
    try {
      // Programs can set every time of a file but this one.
      var attributes = Files.readAttributes(file, "unix:size,ctime,ino", LinkOption.NOFOLLOW_LINKS);
      return new SandboxFile(
          name(file),
          (Long) attributes.get("size"),
          attributes.get("ctime") + " " + attributes.get("ino"));
    } catch (IOException e) {
      return null;
    }
  }

  /** The path as text: names are bytes, which Java decodes in the charset of the locale. */
  private String name(Path file) {
    var base = data().toUri().getRawPath();
    var raw = file.toUri().getRawPath().substring(base.length());
    return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** The file with this path below {@code data}, whatever the locale. */
  private Path path(String name) throws IOException {
    var encoded = new ArrayList<String>();
    for (var part : name.split("/", -1)) {
      if (part.isEmpty() || part.equals(".") || part.equals("..") || part.indexOf('\0') >= 0) {
        throw new IOException("not the name of a file: " + name);
      }
      encoded.add(URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"));
    }
    return Path.of(URI.create(data().toUri() + String.join("/", encoded)));
  }

  /** The content of a file; no part of its path may be a link. */
  InputStream open(String name) throws IOException {
    var file = path(name);
    if (!isReal(file)) {
      throw new IOException("not a regular file: " + name);
    }
    return Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** Removes a file, if it is there. */
  void remove(String name) throws IOException {
    var file = path(name);
    if (isReal(file)) {
      Files.delete(file);
    }
  }

  /** Whether it is a regular file in folders that are no links. */
  private boolean isReal(Path file) {
    for (var parent = file.getParent(); !parent.equals(data()); parent = parent.getParent()) {
      if (!Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
        return false;
      }
    }
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  /** Writes a file, replacing what has its name, unless that is a folder. */
  SandboxFile write(String name, InputStream content, long maxBytes) throws IOException {
    var file = path(name);
    var parents = new ArrayList<Path>();
    for (var parent = file.getParent(); !parent.equals(data()); parent = parent.getParent()) {
      parents.addFirst(parent);
    }
    for (var parent : parents) {
      if (!Files.isDirectory(parent, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(parent);
        own(parent);
      }
    }
    // Written where no code can reach it, so that no link is followed.
    var incoming = root.resolve("incoming");
    Files.deleteIfExists(incoming);
    try (var out = Files.newOutputStream(incoming)) {
      var buffer = new byte[1 << 16];
      long written = 0;
      for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
        written += read;
        if (written > maxBytes) {
          throw new NoSpaceException();
        }
        out.write(buffer, 0, read);
      }
    } catch (IOException e) {
      Files.deleteIfExists(incoming);
      throw e;
    }
    own(incoming);
    Files.move(incoming, file, StandardCopyOption.REPLACE_EXISTING);
    return describe(file);
  }

  /** A file is larger than what is left. */
  static final class NoSpaceException extends IOException {
    private static final long serialVersionUID = 1;
  }

  /** The pictures in {@code figures}, which are removed. */
  List<byte[]> takeFigures() throws IOException {
    var pictures = new ArrayList<byte[]>();
    try (Stream<Path> files = Files.list(figures())) {
      for (var file : files.sorted().limit(MAX_FIGURES).toList()) {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          picture(file).ifPresent(pictures::add);
        }
      }
    }
    empty(figures());
    return pictures;
  }

  private static java.util.Optional<byte[]> picture(Path file) throws IOException {
    try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      var bytes = new ByteArrayOutputStream();
      bytes.write(in.readNBytes(MAX_FIGURE_BYTES + 1));
      var data = bytes.toByteArray();
      boolean isPicture =
          data.length <= MAX_FIGURE_BYTES
              && data.length > PNG.length
              && Arrays.equals(data, 0, PNG.length, PNG, 0, PNG.length);
      return isPicture ? java.util.Optional.of(data) : java.util.Optional.empty();
    }
  }

  /** Deletes what is not in {@code data}, which a new process does not expect. */
  void emptyScratch() {
    empty(tmp());
    empty(shm());
    empty(figures());
  }

  /** Deletes what is in a folder. */
  void empty(Path folder) {
    run("chmod -R u+rwX -- \"$0\" 2>/dev/null; find \"$0\" -mindepth 1 -delete", folder);
  }

  /** Deletes what was created or changed since a time, except folders that have older content. */
  void deleteChangedSince(java.time.Instant time) {
    emptyScratch();
    var since = "@%d.%09d".formatted(time.getEpochSecond(), time.getNano());
    run(
        "chmod -R u+rwX -- \"$0\" 2>/dev/null;"
            + " find \"$0\" -mindepth 1 -depth -newerct "
            + since
            + " -delete",
        data());
  }

  /** Deletes everything. */
  void delete() {
    delete(root);
  }

  /** Deletes a folder of any depth, whatever its permissions. */
  static void delete(Path folder) {
    run("chmod -R u+rwX -- \"$0\" 2>/dev/null; rm -rf -- \"$0\"", folder);
  }

  private static void run(String script, Path folder) {
    try {
      new ProcessBuilder("/bin/sh", "-c", script, folder.toString())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
          .start()
          .waitFor();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
