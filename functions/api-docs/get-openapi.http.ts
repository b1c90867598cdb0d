import { http, type Handler } from '../http';
import { openapiText } from './openapi-document';

/** GET openapi.json (no key): the API's description; the same text as docs/api/openapi.json. */
export function getOpenapi(): Handler {
  let text: string | undefined;
  return http(async () => ({
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: (text ??= openapiText()),
  }));
}
