package dev.threadmill.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizedVectorsTest {
  private final Random random = new Random(3);

  @ParameterizedTest
  @ValueSource(ints = {1, 6, 384, 1536})
  void productsAreThoseOfTheVectorsToSomeThousandths(int dimensions) {
    var all = new ArrayList<float[]>();
    var kept = new QuantizedVectors(dimensions);
    for (int i = 0; i < 600; i++) {
      all.add(i % 100 == 7 ? null : unit(dimensions));
      kept.put(i, all.get(i));
    }
    var query = unit(dimensions);

    var products = kept.dotProducts(query);

    for (int i = 0; i < all.size(); i++) {
      if (all.get(i) == null) {
        assertThat(products[i]).isNaN();
      } else if (dimensions >= 384) {
        assertThat((double) products[i]).isCloseTo(product(all.get(i), query), within(0.003));
      } else {
        assertThat((double) products[i]).isCloseTo(product(all.get(i), query), within(0.01));
      }
    }
  }

  private float[] unit(int dimensions) {
    var vector = new float[dimensions];
    double sum = 0;
    for (int i = 0; i < dimensions; i++) {
      vector[i] = (float) random.nextGaussian();
      sum += vector[i] * vector[i];
    }
    for (int i = 0; i < dimensions; i++) {
      vector[i] /= (float) Math.sqrt(sum);
    }
    return vector;
  }

  private static double product(float[] one, float[] other) {
    double sum = 0;
    for (int i = 0; i < one.length; i++) {
      sum += one[i] * other[i];
    }
    return sum;
  }
}
