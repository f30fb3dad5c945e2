package dev.threadmill.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jboss.logmanager.ExtFormatter;
import org.jboss.logmanager.ExtLogRecord;
import org.jboss.logmanager.Level;
import org.jboss.logmanager.formatters.PatternFormatter;
import org.junit.jupiter.api.Test;

class OneLineFilterTest {
  private final OneLineFilter filter = new OneLineFilter();
  private final ExtFormatter formatter = new PatternFormatter("%p %s%e%n");

  private String logged(ExtLogRecord record) {
    assertThat(filter.isLoggable(record)).isTrue();
    return formatter.format(record);
  }

  private static ExtLogRecord record(String message, Object... parameters) {
    var record =
        new ExtLogRecord(
            Level.WARN,
            message,
            ExtLogRecord.FormatStyle.PRINTF,
            OneLineFilterTest.class.getName());
    record.setParameters(parameters);
    return record;
  }

  @Test
  void aPathWithLineBreaksStaysOnOneLine() {
    var line = logged(record("path=%s", "/v1/a\nERROR forged\r\u2028\u0000end"));

    assertThat(line).isEqualTo("WARN path=/v1/a\\nERROR forged\\r\\u2028\\u0000end\n");
  }

  @Test
  void aMessageWithoutControlCharactersIsNotTouched() {
    var record = record("100 %% of %s", "all");

    assertThat(logged(record)).isEqualTo("WARN 100 % of all\n");
    assertThat(record.getMessage()).isEqualTo("100 %% of %s");
  }

  @Test
  void theMessagesOfExceptionsAndTheirCausesStayOnOneLine() {
    Exception pattern = null;
    try {
      Pattern.compile("(\nERROR forged");
    } catch (PatternSyntaxException e) {
      pattern = e;
    }
    var failure = new IllegalStateException("a\nb", pattern);
    failure.addSuppressed(new IllegalStateException("c\nd"));
    var record = record("failed");
    record.setThrown(failure);

    var lines = logged(record).lines().filter(line -> !line.isEmpty()).toList();

    assertThat(lines)
        .allMatch(
            line ->
                line.startsWith("WARN failed")
                    || line.startsWith("\tat ")
                    || line.startsWith("\t... ")
                    || line.startsWith("Caused by: ")
                    || line.startsWith("\tSuppressed: ")
                    || line.startsWith("\t\tat ")
                    || line.startsWith("\t\t... "));
    assertThat(lines.getFirst()).contains("java.lang.IllegalStateException: a\\nb");
    assertThat(lines).anyMatch(line -> line.contains("c\\nd"));
    assertThat(lines).anyMatch(line -> line.startsWith("Caused by: java.util.regex."));
  }
}
