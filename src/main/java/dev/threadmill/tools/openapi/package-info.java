/** The operations of OpenAPI documents as tools. */
package dev.threadmill.tools.openapi;
