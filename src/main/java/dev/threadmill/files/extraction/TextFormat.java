package dev.threadmill.files.extraction;

import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The formats that are plain text in a charset. */
public enum TextFormat {
  PLAIN("text/plain"),
  MARKDOWN("text/markdown"),
  CODE("text/plain"),
  CSV("text/csv"),
  TSV("text/tab-separated-values"),
  JSON("application/json"),
  JSON_LINES("application/jsonl");

  private static final Set<String> CODE_ENDINGS =
      Set.of(
          "asm",
          "awk",
          "bash",
          "bat",
          "bzl",
          "c",
          "cc",
          "cfg",
          "clj",
          "cmake",
          "cmd",
          "conf",
          "cpp",
          "cs",
          "css",
          "cu",
          "cxx",
          "dart",
          "diff",
          "el",
          "erl",
          "ex",
          "exs",
          "f90",
          "fs",
          "go",
          "gradle",
          "graphql",
          "groovy",
          "h",
          "hcl",
          "hpp",
          "hs",
          "ini",
          "java",
          "jl",
          "js",
          "jsx",
          "kt",
          "kts",
          "less",
          "lisp",
          "lua",
          "m",
          "mjs",
          "ml",
          "mm",
          "nim",
          "nix",
          "patch",
          "php",
          "pl",
          "pm",
          "properties",
          "proto",
          "ps1",
          "py",
          "pyi",
          "r",
          "rb",
          "rs",
          "sass",
          "scala",
          "scm",
          "scss",
          "sh",
          "sol",
          "sql",
          "svelte",
          "swift",
          "tcl",
          "tf",
          "toml",
          "ts",
          "tsx",
          "v",
          "vb",
          "vue",
          "yaml",
          "yml",
          "zig",
          "zsh");

  private static final Map<String, TextFormat> ENDINGS =
      Map.ofEntries(
          Map.entry("txt", PLAIN),
          Map.entry("text", PLAIN),
          Map.entry("log", PLAIN),
          Map.entry("srt", PLAIN),
          Map.entry("vtt", PLAIN),
          Map.entry("tex", PLAIN),
          Map.entry("rst", PLAIN),
          Map.entry("adoc", PLAIN),
          Map.entry("org", PLAIN),
          Map.entry("md", MARKDOWN),
          Map.entry("markdown", MARKDOWN),
          Map.entry("mdx", MARKDOWN),
          Map.entry("csv", CSV),
          Map.entry("tsv", TSV),
          Map.entry("tab", TSV),
          Map.entry("json", JSON),
          Map.entry("geojson", JSON),
          Map.entry("ipynb", JSON),
          Map.entry("jsonl", JSON_LINES),
          Map.entry("ndjson", JSON_LINES));

  private static final Map<String, TextFormat> TYPES =
      Map.of(
          "text/markdown", MARKDOWN,
          "text/x-markdown", MARKDOWN,
          "text/csv", CSV,
          "text/tab-separated-values", TSV,
          "application/json", JSON,
          "application/jsonl", JSON_LINES,
          "application/x-ndjson", JSON_LINES,
          "text/plain", PLAIN);

  private final String mediaType;

  TextFormat(String mediaType) {
    this.mediaType = mediaType;
  }

  public String mediaType() {
    return mediaType;
  }

  /** The format that the name says, else the content type; null if they say none of these. */
  public static TextFormat of(String filename, String contentType) {
    var ending = ending(filename);
    var format = CODE_ENDINGS.contains(ending) ? CODE : ENDINGS.get(ending);
    if (format != null || contentType == null) {
      return format;
    }
    return TYPES.get(contentType.replaceFirst(";.*", "").strip().toLowerCase(Locale.ROOT));
  }

  /** What follows the last dot of a name, in lower case; empty for none. */
  public static String ending(String filename) {
    if (filename == null) {
      return "";
    }
    int dot = filename.lastIndexOf('.');
    return dot < 0 || filename.length() - dot > 12
        ? ""
        : filename.substring(dot + 1).toLowerCase(Locale.ROOT);
  }
}
