import { writeFileSync } from 'node:fs';
import { openapiText } from '../functions/api-docs/openapi-document';

/*
 * Writes docs/api/openapi.json from the table of operations in contracts/openapi: `npm run build && npm run docs`, from the product's
 * folder. test/docs/openapi.test.ts fails when the two differ.
 */
writeFileSync('docs/api/openapi.json', openapiText());
