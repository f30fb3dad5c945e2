package dev.threadmill.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DatabaseUrlTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "postgres://u:p@db:6000/app jdbc:postgresql://db:6000/app",
        "postgresql://u:p@db/app jdbc:postgresql://db/app",
        "postgres://u:p@db jdbc:postgresql://db/u",
        "postgres://u:p@[::1]:6000/app jdbc:postgresql://[::1]:6000/app",
        "postgres://u:p@one:1,two:2/app jdbc:postgresql://one:1,two:2/app",
        "postgres://u:p@db/app?sslmode=require jdbc:postgresql://db/app?sslmode=require",
        "postgres://u:p@db/app?connect_timeout=3 jdbc:postgresql://db/app?connectTimeout=3",
        "postgres://u:p@db/app?target_session_attrs=read-write jdbc:postgresql://db/app?targetServerType=primary",
        "postgres://db/app?user=u&password=p jdbc:postgresql://db/app",
        "jdbc:postgresql://db:6000/app?user=u&password=p jdbc:postgresql://db:6000/app",
        "jdbc:postgresql://db/app?user=u&password=p&ssl=true jdbc:postgresql://db/app?ssl=true",
      })
  void everyUsualFormIsReadAsTheSameAddress(String text, String jdbcUrl) {
    DatabaseUrl url = DatabaseUrl.parse(text);

    assertThat(url).isEqualTo(new DatabaseUrl(jdbcUrl, Optional.of("u"), Optional.of("p")));
  }

  @Test
  void percentEncodingIsDecodedAndAPlusStaysAPlus() {
    DatabaseUrl url = DatabaseUrl.parse("postgres://a%40b:p%3A%2F+%25@db/my%20app");

    assertThat(url.user()).contains("a@b");
    assertThat(url.password()).contains("p:/+%");
    assertThat(url.jdbcUrl()).isEqualTo("jdbc:postgresql://db/my%20app");
  }

  @Test
  void anAddressWithoutPasswordNeedsNone() {
    assertThat(DatabaseUrl.parse("postgres://u@db/app").password()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "db/app",
        "mysql://u:hush@db/app",
        "postgres://u:hush@/app",
        "postgres://u:hush@db:port/app",
        "postgres://u:hush@db:65536/app",
        "postgres://u:hu%sh@db/app",
        "postgres://:hush@db",
        "jdbc:mysql://db/app?password=hush",
        "jdbc:postgresql://u:hush@db/app",
        "jdbc:postgresql://db:port/app?password=hush",
      })
  void anInvalidAddressIsRefusedInOneLineWithoutThePassword(String text) {
    assertThatThrownBy(() -> DatabaseUrl.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .satisfies(
            e ->
                assertThat(e.getMessage())
                    .doesNotContain("hush")
                    .doesNotContain("\n")
                    .isNotBlank());
  }

  @Test
  void aMessageAboutAnAddressHasNoPassword() {
    assertThat(DatabaseUrl.parse("postgres://u:hush@db:1/app?sslpassword=hush"))
        .hasToString("db:1/app");
  }
}
