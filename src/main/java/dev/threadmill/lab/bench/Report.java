package dev.threadmill.lab.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What a bench has found: rows of server beside control, and whether the aims are met. */
final class Report {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final List<Row> rows = new ArrayList<>();
  private final List<Target> aims = new ArrayList<>();

  /** In what something is measured. Values are kept as nanoseconds, bytes, shares or numbers. */
  enum Unit {
    PER_SECOND("/s", 1, 0),
    MILLIS("ms", 1e6, 2),
    KILOBYTES("kB", 1e3, 1),
    PERCENT("%", 0.01, 2),
    COUNT("", 1, 1);

    private final String name;
    private final double factor;
    private final int digits;

    Unit(String name, double factor, int digits) {
      this.name = name;
      this.factor = factor;
      this.digits = digits;
    }

    String show(Double value) {
      return value == null
          ? "–"
          : String.format(Locale.ROOT, "%,." + digits + "f", value / factor)
              + (name.isEmpty() ? "" : " " + name);
    }
  }

  /** How the server's value is set against the control's. */
  enum Relation {
    RATIO,
    DIFFERENCE,
    NOTHING
  }

  /**
   * A row.
   *
   * @param server null if it has no such thing
   * @param control null if it has no such thing
   */
  record Row(String name, Unit unit, Double server, Double control, Relation against) {
    private String compared() {
      if (server == null || control == null) {
        return "";
      }
      return switch (against) {
        case RATIO -> String.format(Locale.ROOT, "× %.2f", server / control);
        case DIFFERENCE ->
            (server >= control ? "+ " : "– ") + unit.show(Math.abs(server - control));
        case NOTHING -> "";
      };
    }
  }

  /** What we are after, and whether this run of the bench got there. */
  record Target(String text, String found, boolean met) {}

  /** Adds a row. */
  void row(String name, Unit unit, Number server, Number control, Relation against) {
    rows.add(new Row(name, unit, toDouble(server), toDouble(control), against));
  }

  /** Adds an aim. */
  void target(String text, String found, boolean met) {
    aims.add(new Target(text, found, met));
  }

  private static Double toDouble(Number value) {
    return value == null ? null : value.doubleValue();
  }

  /** Prints the table, then the aims. */
  void print(PrintStream out) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("", "server", "control", "server : control"));
    for (var row : rows) {
      lines.add(
          List.of(row.name, row.unit.show(row.server), row.unit.show(row.control), row.compared()));
    }
    int[] widths = new int[4];
    for (var line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    for (var line : lines) {
      var text = new StringBuilder(pad(line.get(0), -widths[0]));
      for (int i = 1; i < widths.length; i++) {
        text.append("   ").append(pad(line.get(i), widths[i]));
      }
      out.println(text.toString().stripTrailing());
    }
    out.println();
    for (var aim : aims) {
      out.println((aim.met ? "met      " : "NOT met  ") + aim.text + ": " + aim.found);
    }
  }

  private static String pad(String text, int width) {
    return String.format("%" + width + "s", text);
  }

  /** Writes all of it as JSON, with nanoseconds and bytes as they were measured. */
  void write(Path file) throws IOException {
    var report = JSON.createObjectNode();
    var machine = report.putObject("machine");
    machine.put("processors", Runtime.getRuntime().availableProcessors());
    machine.put("java", Runtime.version().toString());
    machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    var array = report.putArray("rows");
    for (var row : rows) {
      ObjectNode json = array.addObject().put("name", row.name);
      json.put("unit", unit(row.unit)).put("server", row.server).put("control", row.control);
    }
    report.set("aims", JSON.valueToTree(aims));
    JSON.writeValue(file.toFile(), report);
  }

  private static String unit(Unit unit) {
    return switch (unit) {
      case PER_SECOND -> "1/s";
      case MILLIS -> "ns";
      case KILOBYTES -> "bytes";
      case PERCENT, COUNT -> "1";
    };
  }
}
