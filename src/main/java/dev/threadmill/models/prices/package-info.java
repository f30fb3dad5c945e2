/** The prices of models that the server comes with. The models file overrides them. */
package dev.threadmill.models.prices;
