package dev.threadmill.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.ProjectId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretBoxTest {
  private static final String KEY = "0123456789abcdef0123456789abcdef";
  private static final String OTHER_KEY = "fedcba9876543210fedcba9876543210";
  private static final ProjectId PROJECT = new ProjectId("proj_one");

  @TempDir Path home;

  @Test
  void whatWasSealedOpensForTheSameProjectOnly() throws Exception {
    var box = box(KEY);
    var sealed = box.seal(PROJECT, "s3cret €");

    assertThat(box.open(PROJECT, sealed)).isEqualTo("s3cret €");
    assertThat(sealed.box()).doesNotContain("s3cret");
    assertThat(box.seal(PROJECT, "s3cret €")).isNotEqualTo(sealed);
    assertThatThrownBy(() -> box.open(new ProjectId("proj_two"), sealed))
        .isInstanceOf(SecretBox.UndecryptableException.class);
  }

  @Test
  void aTextThatIsSealedRepeatablyHasOneFormForItsProject() throws Exception {
    var box = box(KEY);
    var sealed = box.sealRepeatably(PROJECT, "summary €");

    assertThat(box(KEY).sealRepeatably(PROJECT, "summary €")).isEqualTo(sealed);
    assertThat(box.open(PROJECT, sealed)).isEqualTo("summary €");
    assertThat(box.sealRepeatably(PROJECT, "summary")).isNotEqualTo(sealed);
    assertThat(box.sealRepeatably(new ProjectId("proj_two"), "summary €")).isNotEqualTo(sealed);
    assertThat(box(OTHER_KEY).sealRepeatably(PROJECT, "summary €")).isNotEqualTo(sealed);
  }

  @Test
  void aKeyIsChangedByPuttingTheNewOneFirst() throws Exception {
    var old = box(KEY).seal(PROJECT, "s3cret");
    var both = box(OTHER_KEY, KEY);

    assertThat(both.open(PROJECT, old)).isEqualTo("s3cret");
    assertThat(box(OTHER_KEY).open(PROJECT, both.seal(PROJECT, "new"))).isEqualTo("new");
    assertThatThrownBy(() -> box(OTHER_KEY).open(PROJECT, old))
        .hasMessageContaining("THREADMILL_SECRET_KEY");
  }

  @Test
  void withoutASettingAKeyIsMadeThatOnlyItsOwnerReads() throws Exception {
    var sealed = box().seal(PROJECT, "s3cret");

    assertThat(box().open(PROJECT, sealed)).isEqualTo("s3cret");
    assertThat(Files.getPosixFilePermissions(home.resolve("secret.key")))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void withAnOutsideDatabaseTheKeyHasToBeSet() {
    var box = new SecretBox(settings(Optional.of("jdbc:postgresql://db/threadmill")));

    assertThatThrownBy(() -> box.seal(PROJECT, "s3cret"))
        .isInstanceOf(ApiException.class)
        .hasMessageContaining("THREADMILL_SECRET_KEY");
  }

  @Test
  void aKeyThatIsTooShortStopsTheStart() {
    assertThatThrownBy(() -> box("short"))
        .hasMessageContaining("THREADMILL_SECRET_KEY")
        .hasMessageNotContaining("short\"");
  }

  @Test
  void theSecretItselfNeverGetsIntoJsonOrText() {
    var plain = new SecretText.Plain("s3cret");
    var sealed = new SecretText.Sealed("v1.x.y");

    assertThat(Json.write(plain)).isEqualTo("\"***\"");
    assertThat(plain + " " + sealed).isEqualTo("*** ***");
    assertThat(Json.read(Json.write(sealed), SecretText.class)).isEqualTo(sealed);
    assertThat(Json.read("\"***\"", SecretText.class)).isEqualTo(new SecretText.Masked());
    assertThat(Json.read("\"s3cret\"", SecretText.class)).isEqualTo(plain);
  }

  private SecretBox box(String... keys) {
    return new SecretBox(settings(Optional.empty(), keys));
  }

  private SecretConfig settings(Optional<String> databaseUrl, String... keys) {
    return new SecretConfig() {
      @Override
      public Optional<List<String>> key() {
        return keys.length == 0 ? Optional.empty() : Optional.of(List.of(keys));
      }

      @Override
      public Optional<String> home() {
        return Optional.of(home.toString());
      }

      @Override
      public Optional<String> databaseUrl() {
        return databaseUrl;
      }
    };
  }
}
