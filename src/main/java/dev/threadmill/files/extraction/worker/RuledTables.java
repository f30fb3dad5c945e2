package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.MarkdownTable;
import dev.threadmill.files.extraction.worker.PageContent.Rule;
import dev.threadmill.files.extraction.worker.PageContent.Word;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;

/** Finds tables whose cells are divided by drawn lines. */
final class RuledTables {
  private static final float NEAR = 3;
  private static final int MOST_RULES = 2_000;

  private RuledTables() {}

  /** A table and where it is. */
  record Table(float x0, float y0, float x1, float y1, String text) {
    boolean contains(Word word) {
      float middle = word.y() - word.size() / 3;
      return word.middle() >= x0 - NEAR
          && word.middle() <= x1 + NEAR
          && middle >= y0 - NEAR
          && middle <= y1 + NEAR;
    }
  }

  static List<Table> find(PageContent page) {
    var tables = new ArrayList<Table>();
    if (page.rules().size() < 5 || page.rules().size() > MOST_RULES) {
      return tables;
    }
    for (var group : groups(page.rules())) {
      float[] xs = places(group, false);
      float[] ys = places(group, true);
      if (xs.length >= 3 && ys.length >= 3) {
        var table = table(xs, ys, page.words());
        if (table != null) {
          tables.add(table);
        }
      }
    }
    return tables;
  }

  /** Rules that touch each other, directly or through others. */
  private static List<List<Rule>> groups(List<Rule> rules) {
    int[] group = new int[rules.size()];
    Arrays.setAll(group, at -> at);
    for (int a = 0; a < group.length; a++) {
      for (int b = a + 1; b < group.length; b++) {
        if (touch(rules.get(a), rules.get(b))) {
          group[root(group, a)] = root(group, b);
        }
      }
    }
    var byRoot = new LinkedHashMap<Integer, List<Rule>>();
    for (int at = 0; at < group.length; at++) {
      byRoot.computeIfAbsent(root(group, at), _ -> new ArrayList<>()).add(rules.get(at));
    }
    return List.copyOf(byRoot.values());
  }

  private static int root(int[] group, int at) {
    while (group[at] != at) {
      group[at] = group[group[at]];
      at = group[at];
    }
    return at;
  }

  private static boolean touch(Rule a, Rule b) {
    return a.x0() <= b.x1() + NEAR
        && b.x0() <= a.x1() + NEAR
        && a.y0() <= b.y1() + NEAR
        && b.y0() <= a.y1() + NEAR;
  }

  /** The distinct positions of the rules of one direction. */
  private static float[] places(List<Rule> rules, boolean horizontal) {
    var sorted =
        rules.stream()
            .filter(rule -> rule.horizontal() == horizontal)
            .map(rule -> horizontal ? rule.y0() : rule.x0())
            .sorted()
            .toList();
    var places = new ArrayList<Float>();
    for (float place : sorted) {
      if (places.isEmpty() || place - places.getLast() > NEAR) {
        places.add(place);
      }
    }
    float[] array = new float[places.size()];
    for (int at = 0; at < array.length; at++) {
      array[at] = places.get(at);
    }
    return array;
  }

  private static Table table(float[] xs, float[] ys, List<Word> words) {
    int columns = xs.length - 1;
    int rows = ys.length - 1;
    var area = new Table(xs[0], ys[0], xs[columns], ys[rows], "");
    var byCell = new HashMap<Integer, List<Word>>();
    for (var word : words) {
      if (area.contains(word)) {
        int cell = slot(ys, word.y() - word.size() / 3) * columns + slot(xs, word.middle());
        byCell.computeIfAbsent(cell, _ -> new ArrayList<>()).add(word);
      }
    }
    var cells = new ArrayList<List<String>>();
    for (int row = 0; row < rows; row++) {
      var line = new ArrayList<String>();
      for (int column = 0; column < columns; column++) {
        line.add(PageLines.text(byCell.getOrDefault(row * columns + column, List.of())));
      }
      cells.add(line);
    }
    var filled =
        cells.stream().filter(row -> row.stream().anyMatch(cell -> !cell.isEmpty())).toList();
    long busy =
        filled.stream()
            .filter(row -> row.stream().filter(cell -> !cell.isEmpty()).count() >= 2)
            .count();
    if (filled.size() < 2 || busy < 2) {
      return null;
    }
    var text = MarkdownTable.of(filled);
    return new Table(area.x0(), area.y0(), area.x1(), area.y1(), text);
  }

  private static int slot(float[] borders, float place) {
    int slot = 0;
    while (slot < borders.length - 2 && place > borders[slot + 1]) {
      slot++;
    }
    return slot;
  }
}
