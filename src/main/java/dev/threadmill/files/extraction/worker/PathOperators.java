package dev.threadmill.files.extraction.worker;

import dev.threadmill.files.extraction.worker.PageContent.Rule;
import java.awt.geom.Point2D;
import java.util.ArrayList;
import java.util.List;
import org.apache.pdfbox.contentstream.PDFStreamEngine;
import org.apache.pdfbox.contentstream.operator.Operator;
import org.apache.pdfbox.contentstream.operator.OperatorProcessor;
import org.apache.pdfbox.cos.COSBase;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.cos.COSNumber;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.graphics.form.PDFormXObject;

/** Collects the straight lines and thin rectangles of a page, and the area of its pictures. */
final class PathOperators {
  private static final int MOST_RULES = 20_000;
  private static final float THIN = 2.5f;
  private static final float SHORT = 6;

  private final PDFStreamEngine engine;
  private final List<Rule> path = new ArrayList<>();
  private final List<Rule> rules = new ArrayList<>();
  private Point2D.Float current;
  private Point2D.Float start;
  private float left;
  private float top;
  private double pictureArea;

  PathOperators(PDFStreamEngine engine) {
    this.engine = engine;
    for (var name :
        List.of(
            "m", "l", "c", "v", "y", "h", "re", "S", "s", "f", "F", "f*", "B", "B*", "b", "b*",
            "n")) {
      engine.addOperator(new PathOperator(name));
    }
    engine.addOperator(new DrawObject());
  }

  void start(PDPage page) {
    path.clear();
    rules.clear();
    current = null;
    pictureArea = 0;
    left = page.getCropBox().getLowerLeftX();
    top = page.getCropBox().getUpperRightY();
  }

  List<Rule> rules() {
    return List.copyOf(rules);
  }

  /** The area of all pictures in square points. */
  double pictureArea() {
    return pictureArea;
  }

  private Point2D.Float point(List<COSBase> operands, int at) {
    if (operands.size() < at + 2
        || !(operands.get(at) instanceof COSNumber x)
        || !(operands.get(at + 1) instanceof COSNumber y)) {
      return null;
    }
    return place(x.floatValue(), y.floatValue());
  }

  private Point2D.Float place(float x, float y) {
    var point = engine.getGraphicsState().getCurrentTransformationMatrix().transformPoint(x, y);
    return new Point2D.Float(point.x - left, top - point.y);
  }

  private void line(Point2D.Float from, Point2D.Float to) {
    if (from != null && to != null && path.size() < MOST_RULES) {
      path.add(new Rule(from.x, from.y, to.x, to.y));
    }
  }

  private void rectangle(List<COSBase> operands) {
    if (operands.size() < 4
        || !(operands.get(0) instanceof COSNumber x)
        || !(operands.get(1) instanceof COSNumber y)
        || !(operands.get(2) instanceof COSNumber w)
        || !(operands.get(3) instanceof COSNumber h)) {
      return;
    }
    var a = place(x.floatValue(), y.floatValue());
    var b = place(x.floatValue() + w.floatValue(), y.floatValue() + h.floatValue());
    float height = Math.abs(a.y - b.y);
    float width = Math.abs(a.x - b.x);
    if (height <= THIN) {
      line(new Point2D.Float(a.x, (a.y + b.y) / 2), new Point2D.Float(b.x, (a.y + b.y) / 2));
    } else if (width <= THIN) {
      line(new Point2D.Float((a.x + b.x) / 2, a.y), new Point2D.Float((a.x + b.x) / 2, b.y));
    } else {
      line(a, new Point2D.Float(b.x, a.y));
      line(new Point2D.Float(b.x, a.y), b);
      line(b, new Point2D.Float(a.x, b.y));
      line(new Point2D.Float(a.x, b.y), a);
    }
  }

  private void paint() {
    for (var rule : path) {
      float dx = Math.abs(rule.x1() - rule.x0());
      float dy = Math.abs(rule.y1() - rule.y0());
      if (rules.size() < MOST_RULES && Math.min(dx, dy) < 1 && Math.max(dx, dy) >= SHORT) {
        rules.add(
            new Rule(
                Math.min(rule.x0(), rule.x1()),
                Math.min(rule.y0(), rule.y1()),
                Math.max(rule.x0(), rule.x1()),
                Math.max(rule.y0(), rule.y1())));
      }
    }
    path.clear();
    current = null;
  }

  /** An operator that builds or paints a path. */
  private final class PathOperator extends OperatorProcessor {
    private final String name;

    PathOperator(String name) {
      super(engine);
      this.name = name;
    }

    @Override
    public String getName() {
      return name;
    }

    @Override
    public void process(Operator operator, List<COSBase> operands) {
      switch (name) {
        case "m" -> start = current = point(operands, 0);
        case "l" -> {
          var to = point(operands, 0);
          line(current, to);
          current = to;
        }
        case "c" -> current = point(operands, 4);
        case "v", "y" -> current = point(operands, 2);
        case "h" -> {
          line(current, start);
          current = start;
        }
        case "re" -> rectangle(operands);
        case "n" -> path.clear();
        case "s", "b", "b*" -> {
          line(current, start);
          paint();
        }
        default -> paint();
      }
    }
  }

  /** Draws forms, whose content is read too, and pictures. */
  private final class DrawObject extends OperatorProcessor {
    private static final int DEEPEST = 20;

    DrawObject() {
      super(engine);
    }

    @Override
    public String getName() {
      return "Do";
    }

    @Override
    public void process(Operator operator, List<COSBase> operands) throws java.io.IOException {
      if (operands.isEmpty() || !(operands.getFirst() instanceof COSName name)) {
        return;
      }
      if (engine.getResources().isImageXObject(name)) {
        var matrix = engine.getGraphicsState().getCurrentTransformationMatrix();
        pictureArea += Math.abs(matrix.getScalingFactorX() * matrix.getScalingFactorY());
        return;
      }
      var object = engine.getResources().getXObject(name);
      if (object instanceof PDFormXObject form) {
        try {
          engine.increaseLevel();
          if (engine.getLevel() <= DEEPEST) {
            engine.showForm(form);
          }
        } finally {
          engine.decreaseLevel();
        }
      }
    }
  }
}
