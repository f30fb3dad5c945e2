package dev.threadmill.projects;

import dev.threadmill.api.Bounds;
import dev.threadmill.api.Field;
import dev.threadmill.api.Metadata;

/** The body of {@code POST /v1/projects/{project_id}}. What is left out stays as it is. */
record ModifyProject(
    Field<String> name,
    Field<String> description,
    Field<String> assistantType,
    Field<String> region,
    Field<Boolean> strictRegion,
    Field<String> privatePath,
    Field<PrivacyOptions> privacy,
    Field<Metadata> metadata) {
  ModifyProject {
    if (name instanceof Field.Present<String>(var text)) {
      Bounds.requiredText("name", text, CreateProject.MAX_NAME);
    }
    Bounds.text("description", description.orElse(null), CreateProject.MAX_DESCRIPTION);
    Bounds.text("assistant_type", assistantType.orElse(null), CreateProject.MAX_LABEL);
    region = region.map(text -> Regions.checked("region", text));
    CreateProject.requirePath(privatePath.orElse(null));
    CreateProject.requirePrivacy(privacy.orElse(null));
  }

  /** Whether it changes what only an admin of the server decides. */
  boolean setsWhereDataMayBe() {
    return region.isPresent() || strictRegion.isPresent() || privatePath.isPresent();
  }
}
