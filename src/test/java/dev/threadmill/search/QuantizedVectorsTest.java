package dev.threadmill.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
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

    var products = kept.products(kept.query(query), all.size());

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

  @ParameterizedTest
  @ValueSource(doubles = {0, 2})
  void theNearestVectorsAreAmongTheNearestBySigns(double offset) {
    int vectors = 20_000;
    var all = new ArrayList<float[]>();
    var kept = new QuantizedVectors(384);
    var direction = unit(384);
    var topics = new ArrayList<float[]>();
    for (int i = 0; i < 400; i++) {
      topics.add(unit(384));
    }
    for (int i = 0; i < vectors; i++) {
      var vector = near(topics.get(i % topics.size()), 1.0);
      all.add(i % 1_000 == 7 ? null : towards(direction, offset, vector));
      kept.put(i, all.get(i));
    }
    var query = towards(direction, offset, near(topics.getFirst(), 1.0));

    var every = kept.nearestBySigns(kept.query(query), vectors, vectors, null);
    var first = kept.nearestBySigns(kept.query(query), vectors, 800, null);
    var even = kept.nearestBySigns(kept.query(query), vectors, 800, slot -> slot % 2 == 0);

    assertThat(every).hasSize(vectors).isSorted();
    assertThat(Arrays.stream(first)).noneMatch(slot -> all.get(slot) == null);
    assertThat(first.length).isBetween(800, 840);
    assertThat(even.length).isBetween(800, 840);
    assertThat(Arrays.stream(even)).allMatch(slot -> slot % 2 == 0);
    var nearest =
        IntStream.range(0, vectors)
            .filter(i -> all.get(i) != null)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -product(all.get(i), query)))
            .limit(40)
            .toList();
    assertThat(Arrays.stream(first).boxed().toList()).containsAll(nearest);
  }

  /** A unit vector between two. */
  private static float[] towards(float[] direction, double weight, float[] vector) {
    var other = vector.clone();
    double sum = 0;
    for (int i = 0; i < other.length; i++) {
      other[i] += (float) (weight * direction[i]);
      sum += other[i] * other[i];
    }
    for (int i = 0; i < other.length; i++) {
      other[i] /= (float) Math.sqrt(sum);
    }
    return other;
  }

  /** A unit vector in a random direction from another one. */
  private float[] near(float[] vector, double distance) {
    var other = unit(vector.length);
    double sum = 0;
    for (int i = 0; i < other.length; i++) {
      other[i] = (float) (vector[i] + distance * other[i]);
      sum += other[i] * other[i];
    }
    for (int i = 0; i < other.length; i++) {
      other[i] /= (float) Math.sqrt(sum);
    }
    return other;
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
