package dev.threadmill.tools.code;

import static org.assertj.core.api.Assertions.assertThat;

import dev.threadmill.api.Json;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CodeArgumentsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"code": "print(1)"}                  | print(1)
          { "code" : "a\\"b\\\\c\\u00e9" }      | a"b\\cé
          {"python": "x", "code": "y"}          | x
          {"lines": 3, "code": "y"}             | y
          {"code": "half                        | half
          print("raw")                          | print("raw")
          {"code": "\\ud83d\\ude00"}            | 😀
          {"code": "\\ud83d"}                   | ``
          {"code": "\\u12"}                     | �
          {}                                    | ``
          """)
  void theCodeIsTakenOutOfArgumentsHoweverTheyAreDivided(String arguments, String code) {
    for (int size = 1; size <= arguments.length(); size++) {
      var reader = new CodeArguments();
      var read = new StringBuilder();
      for (int from = 0; from < arguments.length(); from += size) {
        read.append(
            reader.next(arguments.substring(from, Math.min(from + size, arguments.length()))));
      }
      assertThat(read.toString()).isEqualTo(code);
    }
  }

  @Test
  void codeWithLinesQuotesAndPairsOfSurrogatesIsReadAsItWasWritten() {
    var code = "print('a\\n')\n\tx = \"😀\" # é ☔ \u0001";
    var arguments = Json.write(Map.of("code", code));
    assertThat(new CodeArguments().next(arguments)).isEqualTo(code);
    assertThat(new CodeArguments().next(CodeArguments.toJson(code))).isEqualTo(code);
  }
}
