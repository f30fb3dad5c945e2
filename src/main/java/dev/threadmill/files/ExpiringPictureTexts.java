package dev.threadmill.files;

import dev.threadmill.files.extraction.PictureTexts;
import jakarta.enterprise.context.ApplicationScoped;

/** Deletes texts of pictures when their time is over, as files are. */
@ApplicationScoped
class ExpiringPictureTexts implements ExpiringContent {
  private final PictureTexts texts;

  ExpiringPictureTexts(PictureTexts texts) {
    this.texts = texts;
  }

  @Override
  public int deleteExpired(int limit) {
    return texts.deleteExpired(limit);
  }
}
