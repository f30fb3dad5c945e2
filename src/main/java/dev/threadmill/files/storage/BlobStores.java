package dev.threadmill.files.storage;

import dev.threadmill.api.InvalidSettingException;
import dev.threadmill.db.HomeConfig;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Produces;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jboss.logging.Logger;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** Creates the blob store that the configuration names, and checks it at the start. */
@ApplicationScoped
class BlobStores {
  private static final Logger LOG = Logger.getLogger(BlobStores.class);
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(60);

  void check(@Observes StartupEvent start, BlobStore store) {
    LOG.debugf("blobs in %s", store.incoming());
  }

  @Produces
  @ApplicationScoped
  BlobStore blobStore(FilesConfig config, HomeConfig home) {
    var folder =
        config.folder().orElseGet(() -> home.home().resolve("files")).toAbsolutePath().normalize();
    try {
      return config.s3().bucket().isPresent()
          ? bucket(config.s3(), folder)
          : new FolderBlobStore(folder);
    } catch (IOException e) {
      throw new InvalidSettingException(
          "THREADMILL_FILES", folder, "cannot be written to (%s)".formatted(e.getMessage()));
    }
  }

  private static BlobStore bucket(FilesConfig.S3 config, Path folder) throws IOException {
    var bucket = config.bucket().orElseThrow();
    var store =
        new S3BlobStore(
            client(config), bucket, config.prefix().orElse(""), folder.resolve("incoming"));
    try {
      store.check();
    } catch (SdkException e) {
      store.close();
      throw new InvalidSettingException(
          "THREADMILL_FILES_S3_BUCKET", bucket, "cannot be used (%s)".formatted(e.getMessage()));
    }
    return store;
  }

  /**
   * A client for all implementations of the protocol: with the bucket in the path, and without the
   * checksums that only Amazon supports.
   */
  static S3Client client(FilesConfig.S3 config) {
    var client =
        S3Client.builder()
            .region(Region.of(config.region()))
            .httpClientBuilder(
                UrlConnectionHttpClient.builder()
                    .connectionTimeout(CONNECT_TIMEOUT)
                    .socketTimeout(READ_TIMEOUT))
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .serviceConfiguration(service -> service.chunkedEncodingEnabled(false));
    config.endpoint().ifPresent(url -> client.endpointOverride(address(url)).forcePathStyle(true));
    if (config.accessKey().isPresent() && config.secretKey().isPresent()) {
      client.credentialsProvider(
          StaticCredentialsProvider.create(
              AwsBasicCredentials.create(config.accessKey().get(), config.secretKey().get())));
    } else if (config.accessKey().isPresent() || config.secretKey().isPresent()) {
      throw new InvalidSettingException(
          config.accessKey().isPresent()
              ? "THREADMILL_FILES_S3_SECRET_KEY"
              : "THREADMILL_FILES_S3_ACCESS_KEY",
          "is missing; the two are set together");
    }
    return client.build();
  }

  private static URI address(String url) {
    try {
      var address = URI.create(url);
      if (address.getHost() != null && String.valueOf(address.getScheme()).matches("https?")) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // Reported below.
    }
    throw new InvalidSettingException(
        "THREADMILL_FILES_S3_ENDPOINT", url, "is not an address like https://minio.example.com");
  }
}
