package dev.threadmill.usage;

import dev.threadmill.models.Money;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Rows of usage as CSV (RFC 4180), with a line of headers. */
final class UsageCsv {
  private static final List<String> NUMBERS =
      List.of(
          "num_model_requests",
          "input_tokens",
          "input_cached_tokens",
          "output_tokens",
          "reasoning_tokens",
          "cost",
          "known_cost",
          "unpriced_requests",
          "lost_tokens",
          "lost_cost");

  private UsageCsv() {}

  /** The text of all rows. */
  static String of(ReadUsage.Rows rows, List<Dimension> groups) {
    var text = new StringBuilder("start_time,end_time,");
    groups.forEach(group -> text.append(group.field()).append(','));
    text.append(String.join(",", NUMBERS)).append("\r\n");
    for (var row : rows.rows()) {
      text.append(
              values(row, rows.width(), groups).stream()
                  .map(UsageCsv::quoted)
                  .collect(Collectors.joining(",")))
          .append("\r\n");
    }
    return text.toString();
  }

  private static List<String> values(UsageRow row, BucketWidth width, List<Dimension> groups) {
    var values = new ArrayList<String>();
    values.add(row.at().toString());
    values.add(row.at().plus(width.duration()).toString());
    groups.forEach(group -> values.add(harmless(row.group().get(group))));
    values.add(Long.toString(row.calls()));
    values.add(Long.toString(row.inputTokens()));
    values.add(Long.toString(row.cachedTokens()));
    values.add(Long.toString(row.outputTokens()));
    values.add(Long.toString(row.reasoningTokens()));
    values.add(dollars(row.wholeCost()));
    values.add(dollars(row.cost()));
    values.add(Long.toString(row.unpricedCalls()));
    values.add(Long.toString(row.lostTokens()));
    values.add(dollars(row.lostCost()));
    return values;
  }

  private static String dollars(Money money) {
    return money == null ? "" : money.dollars().toPlainString();
  }

  /** Spreadsheets read a text that begins so as a formula, and clients choose users and models. */
  private static String harmless(String text) {
    if (text == null) {
      return "";
    }
    return !text.isEmpty() && "=+-@\t\r".indexOf(text.charAt(0)) >= 0 ? "'" + text : text;
  }

  private static String quoted(String value) {
    return value.chars().anyMatch(c -> c == '"' || c == ',' || c == '\n' || c == '\r')
        ? '"' + value.replace("\"", "\"\"") + '"'
        : value;
  }
}
