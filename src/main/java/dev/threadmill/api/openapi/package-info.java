/** Completes the OpenAPI document that the scanner makes of the resources. */
package dev.threadmill.api.openapi;
